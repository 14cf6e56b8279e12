/** What leaves a tool: made safe to show, without secrets, of a bounded size. */
import { Buffer } from "node:buffer";
import { isSecretName, maskSecrets } from "../host/mask_secrets.ts";

/** Everything that a terminal or a reader could be misled with, but for line breaks and tabs. */
const UNPRINTABLE =
  // deno-lint-ignore no-control-regex -- these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A lone half of a pair, which no UTF-8 text can hold. */
const LONE = /\p{Surrogate}/gu;

/** Foreign text made inert: what cannot be seen is written as `\u001b`; line breaks and tabs stay. */
export function cleanText(text: string): string {
  return text.replaceAll("\r\n", "\n")
    .replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replace(LONE, "\ufffd");
}

/** A text as it is shown: inert, masked, and at most `maxBytes` of UTF-8 long, with a line that says what was cut. */
export function finishText(raw: string, maxBytes: number): { text: string; truncated: boolean } {
  // Far more than is kept, for masking makes it shorter; the rest need not be looked at.
  const start = raw.slice(0, 8 * maxBytes);
  const whole = maskSecrets(cleanText(start));
  const unseenBytes = Buffer.byteLength(raw.slice(start.length));
  if (unseenBytes === 0 && whole.length * 3 <= maxBytes) return { text: whole, truncated: false };
  const totalBytes = Buffer.byteLength(whole) + unseenBytes;
  if (totalBytes <= maxBytes) return { text: whole, truncated: false };
  const { read } = new TextEncoder().encodeInto(whole, new Uint8Array(maxBytes));
  return {
    text: `${whole.slice(0, read)}\n[cut: the first ${maxBytes} of ${totalBytes} bytes]`,
    truncated: true,
  };
}

/** How deep data may be nested; what is deeper is no figure any more. */
const MAX_DEPTH = 12;

/** Data as plain JSON: texts inert and masked, nothing that JSON has no form for. */
export function finishData(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case "string":
      return maskSecrets(cleanText(value));
    case "number":
      return Number.isFinite(value) ? value : null;
    case "boolean":
      return value;
    case "bigint":
      return Number(value);
    case "object":
      break;
    default:
      return null;
  }
  if (value === null || depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) return value.map((item) => finishData(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).filter(([, item]) => item !== undefined).map(([key, item]) => [
      cleanText(key),
      typeof item === "string" && item !== "" && isSecretName(key) ? "***" : finishData(item, depth + 1),
    ]),
  );
}
