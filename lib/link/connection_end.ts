/** Why one connection's life was over. The backoff decides by it; the log line tells it. */
export type ConnectionEnd =
  /** The agent is being stopped. */
  | { readonly kind: "stopped" }
  /** HTTP 401: the server does not accept this agent's token. */
  | { readonly kind: "unauthorized"; readonly reason: string }
  /** It could not be dialled. `retryAfterSec` is there when the server answered 429 or 503 and named one. */
  | { readonly kind: "dial_failed"; readonly reason: string; readonly retryAfterSec?: number }
  /** It was dialled, but no `ack` with `ok: true` came. */
  | { readonly kind: "not_registered"; readonly reason: string }
  /** It was registered, then lost. */
  | { readonly kind: "lost"; readonly reason: string }
  /** The machine was suspended: whatever the socket says, the other side has long given it up. */
  | { readonly kind: "suspended"; readonly sleptSec: number }
  /** Another connection has taken its place: the agent moved, or has new credentials. */
  | { readonly kind: "replaced" }
  /** The server sent `disconnect`; `retryAfterSec` is 0 when it named no time. */
  | { readonly kind: "disconnected"; readonly reason: string; readonly retryAfterSec: number };

/** One connection's life, as the reconnect loop sees it. */
export interface ConnectionLife {
  readonly end: ConnectionEnd;
  /** Whether it had been registered: then the backoff starts anew. */
  readonly registered: boolean;
}
