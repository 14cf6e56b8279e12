/** `[local] listen`: from what people write to what is listened on. */
import { ConfigError } from "../config/config_error.ts";

/** Where the local server listens. */
export type ListenAddress =
  | { readonly transport: "unix"; readonly path: string }
  | {
    readonly transport: "tcp";
    readonly hostname: string;
    readonly port: number;
    /** Whether only programs of this host can reach it. */
    readonly loopback: boolean;
  };

const howToWrite = "write an absolute path, 127.0.0.1:PORT or [::1]:PORT";

/** What the kernel takes: 108 bytes with the closing zero on Linux, 104 elsewhere. */
const MAX_PATH_BYTES = Deno.build.os === "linux" ? 107 : 103;

/**
 * Reads the absolute path of a unix socket, or `host:port`. `localhost` means 127.0.0.1.
 *
 * @throws ConfigError for anything else, and for a host that others can reach where `allowRemote` is not set.
 */
export function parseListenAddress(listen: string, allowRemote: boolean): ListenAddress {
  if (listen.startsWith("/")) {
    const bytes = new TextEncoder().encode(listen).length;
    if (bytes > MAX_PATH_BYTES) {
      throw new ConfigError(
        `cannot listen on ${listen}: its path has ${bytes} bytes, a unix socket's may have ${MAX_PATH_BYTES}; ` +
          "set local.listen to a shorter one",
      );
    }
    if (listen.includes("\0") || listen.endsWith("/")) {
      throw new ConfigError(`cannot listen on ${JSON.stringify(listen)}: it names no file; ${howToWrite}`);
    }
    return { transport: "unix", path: listen };
  }
  const [, host = "", digits = ""] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(listen) ?? [];
  const url = host === "" ? null : URL.parse(`http://${host}`);
  const port = Number(digits);
  if (url === null || port > 65_535) {
    throw new ConfigError(`cannot listen on ${JSON.stringify(listen)}: it is no address; ${howToWrite}`);
  }
  const hostname = url.hostname === "localhost" ? "127.0.0.1" : url.hostname.replaceAll(/[[\]]/g, "");
  const loopback = isLoopback(hostname);
  if (!loopback && !allowRemote) {
    throw new ConfigError(
      `cannot listen on ${listen}: others than this host could reach it; ` +
        "use 127.0.0.1, or set local.allow_remote = true if that is what you want",
    );
  }
  return { transport: "tcp", hostname, port, loopback };
}

/** Whether a host name, without brackets, is this machine for sure. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
