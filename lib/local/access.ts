/** Who may ask what: the guards before any route. */
import { createHash, timingSafeEqual } from "node:crypto";
import { HttpError } from "./http_error.ts";
import { isLoopback, type ListenAddress } from "./listen_address.ts";

/** What a route asks of its caller. `open`: nothing; `figures`: a token where others can connect; `guarded`: all. */
export type Access = "open" | "figures" | "guarded";

/** The guards of one listener. */
export class Gate {
  readonly #address: ListenAddress;
  readonly #token: Uint8Array | undefined;

  /** @param token what callers over TCP must show; a unix socket has its file mode. */
  constructor(address: ListenAddress, token: string | undefined) {
    this.#address = address;
    this.#token = token === undefined ? undefined : digest(token);
  }

  /** @throws HttpError unless this request may go on. */
  check({ headers }: Request, access: Access): void {
    if (this.#address.transport === "tcp") {
      if (this.#address.loopback) this.#checkHost(headers.get("host"));
      if (access === "guarded" || (access === "figures" && !this.#address.loopback)) {
        this.#checkToken(headers.get("authorization"));
      }
    }
    // Programs do not send it, browsers do: a page must not be able to raise alerts on its reader's host.
    if (access === "guarded" && headers.has("origin")) {
      throw new HttpError(403, "requests from web pages are refused; leave the Origin header out");
    }
  }

  /** A name that was made to point here (DNS rebinding) gives itself away by standing in the Host header. */
  #checkHost(host: string | null): void {
    if (host === null) return; // HTTP/1.0: no browser speaks it
    const [, hostname = ""] = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(host) ?? [];
    if (isLoopback(hostname.toLowerCase().replaceAll(/[[\]]/g, ""))) return;
    throw new HttpError(403, "the Host header names another host than this one; use 127.0.0.1 or localhost");
  }

  #checkToken(authorization: string | null): void {
    const [, shown] = /^Bearer +(\S.*)$/i.exec(authorization ?? "") ?? [];
    // Digests have one length, so that the comparison's time tells nothing.
    const right = this.#token !== undefined && shown !== undefined &&
      timingSafeEqual(digest(shown.trim()), this.#token);
    if (right) return;
    const why = shown === undefined ? "a token is needed" : "the token is not the right one";
    throw new HttpError(401, `${why}; send Authorization: Bearer with the one in local.token_file`, {
      headers: { "www-authenticate": 'Bearer realm="pawl"' },
    });
  }
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
