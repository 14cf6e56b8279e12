/** Why a dial failed. Both errors are thrown by `dial` in `websocket_client.ts`, which tells them apart from bugs. */

/** The server answered the upgrade with HTTP 401: it does not accept this agent's token. */
export class AuthenticationError extends Error {
  override readonly name = "AuthenticationError";
}

/** Options of {@linkcode DialError}. */
export interface DialErrorOptions {
  /** The HTTP status that answered the upgrade, when one did. */
  status?: number | undefined;
  /** The server's `Retry-After`, in seconds, when it answered 429 or 503 and named one. */
  retryAfterSec?: number | undefined;
  cause?: unknown;
}

/** Every other failure to open the connection. The message names the real cause and what to do about it. */
export class DialError extends Error {
  override readonly name = "DialError";
  readonly status: number | undefined;
  readonly retryAfterSec: number | undefined;

  constructor(message: string, { status, retryAfterSec, cause }: DialErrorOptions = {}) {
    super(message, { cause });
    this.status = status;
    this.retryAfterSec = retryAfterSec;
  }
}

/** The status in the native socket's `Invalid status code: N`. */
export function statusOf(socketError: string): number | undefined {
  const match = /Invalid status code: (\d{3})/.exec(socketError);
  return match ? Number(match[1]) : undefined;
}
