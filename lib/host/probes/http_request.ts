/** HTTP/1.1 requests, written as bytes. */
import { VERSION } from "../../version.ts";

/** What is asked. */
export interface HttpRequest {
  readonly url: URL;
  /** In upper case. */
  readonly method: string;
  /** They win over the probe's own. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** What a header's name may be made of. */
export const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What a header's value may be made of. */
// deno-lint-ignore no-control-regex
export const HEADER_VALUE = /^[^\u0000-\u0008\u000a-\u001f\u007f]*$/;

/** @throws TypeError for a header that would break out of its line; its value is not told. */
export function encodeRequest({ url, method, headers, body }: HttpRequest): Uint8Array {
  const content = new TextEncoder().encode(body ?? "");
  const fields = new Map<string, [string, string]>([
    ["host", ["Host", url.host]],
    ["user-agent", ["User-Agent", `pawl/${VERSION}`]],
    ["accept", ["Accept", "*/*"]],
    ["accept-encoding", ["Accept-Encoding", "identity"]],
  ]);
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value)) {
      throw new TypeError(
        `cannot send the header ${JSON.stringify(name)}: it is malformed; check it for line breaks`,
      );
    }
    fields.set(name.toLowerCase(), [name, value]);
  }
  // How the talk is framed is the probe's own matter.
  fields.delete("transfer-encoding");
  fields.delete("content-length");
  fields.set("connection", ["Connection", "close"]);
  if (body !== undefined) fields.set("content-length", ["Content-Length", String(content.length)]);
  const lines = [...fields.values()].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = new TextEncoder().encode(`${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines}\r\n`);
  const bytes = new Uint8Array(head.length + content.length);
  bytes.set(head);
  bytes.set(content, head.length);
  return bytes;
}
