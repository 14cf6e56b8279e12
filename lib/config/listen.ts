/** `local.listen`, from what people write to what is listened on. */
import { isLoopback } from "./address.ts";

/** Where the agent's own HTTP listens. */
export type ListenConfig =
  /** The unix socket `pawl.sock` in the state folder. */
  | { readonly kind: "default" }
  /** A unix socket; the path is absolute. */
  | { readonly kind: "unix"; readonly path: string }
  /** The host is without brackets; port 0 picks a free one. */
  | { readonly kind: "tcp"; readonly hostname: string; readonly port: number }
  /** Nowhere. */
  | { readonly kind: "none" };

/** What {@linkcode readListen} returns. */
export type ListenReading = { listen: ListenConfig } | { problem: string };

const howToWrite = 'write an absolute path, 127.0.0.1:PORT, [::1]:PORT or "none"';

/** What the kernel takes: 108 bytes with the closing zero on Linux, 104 elsewhere. */
const MAX_PATH_BYTES = Deno.build.os === "linux" ? 107 : 103;

/** Reads the absolute path of a unix socket, `host:port`, or `none`. `localhost` means 127.0.0.1. */
export function readListen(text: string): ListenReading {
  if (text === "none") return { listen: { kind: "none" } };
  if (text.startsWith("/")) return readPath(text);
  const [, host = "", digits = ""] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text) ?? [];
  const url = host === "" ? null : URL.parse(`http://${host}`);
  if (url === null) return { problem: `it is neither a path nor host:port; ${howToWrite}` };
  const port = Number(digits);
  if (port > 65_535) return { problem: `its port ${port} is not a number from 0 to 65535` };
  const hostname = url.hostname === "localhost" ? "127.0.0.1" : url.hostname.replaceAll(/[[\]]/g, "");
  return { listen: { kind: "tcp", hostname, port } };
}

/** Whether others than the programs of this host could connect there. */
export function isReachable(listen: ListenConfig): boolean {
  if (listen.kind !== "tcp") return false;
  const { hostname } = listen;
  return !isLoopback(new URL(`http://${hostname.includes(":") ? `[${hostname}]` : hostname}`));
}

function readPath(path: string): ListenReading {
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(path)) return { problem: "it contains a control character; remove it" };
  if (path.endsWith("/")) return { problem: `it names a folder; ${howToWrite}` };
  const bytes = new TextEncoder().encode(path).length;
  if (bytes <= MAX_PATH_BYTES) return { listen: { kind: "unix", path } };
  return {
    problem: `its path has ${bytes} bytes, and a unix socket's may have ${MAX_PATH_BYTES}; use a shorter one`,
  };
}
