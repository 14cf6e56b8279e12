/** The server's address, from what people write to the endpoint that is dialled. */
import { ConfigError } from "./config_error.ts";

/** Where a server takes agents' connections. */
const ENDPOINT_PATH = "/api/v1/agent/ws";

const schemes: Readonly<Record<string, "ws:" | "wss:">> = {
  http: "ws:",
  ws: "ws:",
  https: "wss:",
  wss: "wss:",
};

const howToWrite = "write host[:port], or http, https, ws or wss://host[:port]";

/** What {@linkcode readServerAddress} returns. `problem` quotes nothing that could be a credential. */
export type AddressReading = { url: URL } | { problem: string };

/**
 * Reads `host[:port]` or an absolute http, https, ws or wss URL that has nothing but a host and a port; one trailing
 * `/` is accepted. Without a scheme a loopback host is dialled as `ws`, any other as `wss`.
 */
export function readServerAddress(text: string): AddressReading {
  if (text === "") return { problem: `it is empty; ${howToWrite}` };
  // deno-lint-ignore no-control-regex
  if (/[\s\u0000-\u001f\u007f]/.test(text)) {
    return { problem: "it contains white space or a control character; remove it" };
  }
  const [, scheme, rest = ""] = /^(?:([^/?#@]*):\/\/)?(.*)$/s.exec(text) ?? [];
  const protocol = scheme === undefined ? undefined : schemes[scheme.toLowerCase()];
  if (scheme !== undefined && protocol === undefined) {
    return { problem: `its scheme ${JSON.stringify(scheme)} is not known; ${howToWrite}` };
  }
  const [, authority = "", path = "", query, fragment] =
    /^([^/\\?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(rest) ?? [];
  if (authority === "") return { problem: `its host is empty; ${howToWrite}` };
  if (authority.includes("@")) {
    return { problem: "it has user info (the part before @); leave it out and use server.token" };
  }
  if (path !== "" && path !== "/") {
    return { problem: "it has a path (the part from / on); leave it out" };
  }
  if (query !== undefined) return { problem: "it has a query (the part from ? on); leave it out" };
  if (fragment !== undefined) return { problem: "it has a fragment (the part from # on); leave it out" };
  return readAuthority(authority, protocol);
}

/**
 * The `ws` or `wss` URL of the endpoint at the address `text`.
 *
 * @throws ConfigError naming the offending part.
 */
export function parseServerAddress(text: string): URL {
  const reading = readServerAddress(text);
  if ("problem" in reading) throw new ConfigError(`cannot use the server address: ${reading.problem}`);
  return reading.url;
}

/** Whether `url` points at this machine: `localhost`, 127.0.0.0/8 or ::1. */
export function isLoopback(url: URL): boolean {
  return url.hostname === "localhost" || url.hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(url.hostname);
}

function readAuthority(authority: string, protocol: "ws:" | "wss:" | undefined): AddressReading {
  const [, host = "", port] = /^(\[[^\]]*\]|[^:[\]]*)(?::([^:]*))?$/.exec(authority) ?? [authority];
  if (host === "") {
    if (/^:\d*$/.test(authority)) return { problem: `its host is empty; ${howToWrite}` };
    return {
      problem: `its host ${JSON.stringify(authority)} is not valid; ` +
        "write an IPv6 address in brackets, like [::1]:8080",
    };
  }
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535)) {
    return { problem: `its port ${JSON.stringify(port)} is not a number from 1 to 65535` };
  }
  // The scheme is settled after parsing: only a parsed host tells whether it is the loopback.
  const url = URL.parse(`http://${host}`);
  if (url === null || url.hostname === "") {
    return { problem: `its host ${JSON.stringify(host)} is not valid; ${howToWrite}` };
  }
  const scheme = protocol ?? (isLoopback(url) ? "ws:" : "wss:");
  return {
    url: new URL(`${scheme}//${url.hostname}${port === undefined ? "" : `:${port}`}${ENDPOINT_PATH}`),
  };
}
