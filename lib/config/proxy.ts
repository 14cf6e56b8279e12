/** The proxy's address, from what people write to what the client is given. */
import { ConfigError } from "./config_error.ts";

/** An HTTP proxy. The password is a secret. */
export interface ProxyConfig {
  /** `http://host:port`, without user info. */
  readonly url: URL;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** What {@linkcode readProxy} returns. `problem` quotes nothing that could be a credential. */
export type ProxyReading = { proxy: ProxyConfig } | { problem: string };

const howToWrite = "write http://host:port or http://user:password@host:port";

/** Reads `http://[user[:password]@]host:port`; user info is percent-encoded there, as in any URL. */
export function readProxy(text: string): ProxyReading {
  if (!/^http:\/\//i.test(text)) return { problem: `it is no http URL; ${howToWrite}` };
  const url = URL.parse(text);
  if (url === null || url.hostname === "") return { problem: `it is no valid URL; ${howToWrite}` };
  if (!/:\d+\/?$/.test(text)) return { problem: `it has no port, or something behind it; ${howToWrite}` };
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return { problem: `it has a path, a query or a fragment; ${howToWrite}` };
  }
  const [username, password] = [decoded(url.username), decoded(url.password)];
  if (username === undefined || password === undefined) {
    return { problem: "its user info is not percent-encoded text; write %25 for %" };
  }
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(username + password) || username.includes(":")) {
    return { problem: "its user info has a control character, or a colon in the user's name" };
  }
  if (username === "" && password !== "") return { problem: `its user info names no user; ${howToWrite}` };
  url.username = url.password = "";
  const hasUser = username !== "";
  return {
    proxy: { url, username: hasUser ? username : undefined, password: hasUser ? password : undefined },
  };
}

/**
 * What a proxy can be put before: it is asked for a tunnel, and only TLS goes through one.
 *
 * @param setting what names the proxy in the error.
 * @throws ConfigError for a server that is reached without TLS.
 */
export function checkProxied(urls: readonly URL[], setting: string): void {
  const plain = urls.find(({ protocol }) => protocol !== "wss:");
  if (plain === undefined) return;
  throw new ConfigError(
    `${setting}: a proxy is used for wss alone, and ${plain.host} would be dialled as ws; ` +
      "use wss there, or leave the proxy out",
  );
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
