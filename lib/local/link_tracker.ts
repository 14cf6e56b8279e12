/** Remembers what the connection told of itself, for those who ask later. */
import type { Clock } from "../clock.ts";
import type { ConnectionState, LinkStatus } from "./agent_status.ts";

/** What happens to the connection; a `ConnectionEvent` of the link fits. */
export type LinkStep =
  | { readonly type: "connecting"; readonly hub: string }
  | { readonly type: "registered"; readonly hub: string; readonly capabilities: readonly string[] }
  | { readonly type: "heartbeat" }
  | {
    readonly type: "ended";
    readonly hub: string;
    readonly end: { readonly kind: string; readonly reason?: string };
  }
  | { readonly type: "waiting"; readonly delayMs: number };

/** Options of {@linkcode LinkTracker}. */
export interface LinkTrackerOptions {
  /** The hub, until the first step names it. */
  hub: string;
  clock: Clock;
}

/** Give it every step, in order; ask it at any time. */
export class LinkTracker {
  readonly #clock: Clock;
  readonly #ended: Record<string, number> = {};
  #hub: string;
  #state: ConnectionState = "connecting";
  #sinceMs: number;
  #capabilities: readonly string[] = [];
  #lastError: string | undefined;
  #nextTryMs: number | undefined;

  constructor({ hub, clock }: LinkTrackerOptions) {
    this.#hub = hub;
    this.#clock = clock;
    this.#sinceMs = clock.wallMs();
  }

  /** Takes note of one step. Never throws. */
  note(step: LinkStep): void {
    switch (step.type) {
      case "connecting":
        this.#hub = step.hub;
        return this.#enter("connecting");
      case "registered":
        this.#hub = step.hub;
        this.#enter("connected");
        this.#capabilities = step.capabilities;
        return;
      case "ended": {
        const { kind, reason } = step.end;
        this.#ended[kind] = (this.#ended[kind] ?? 0) + 1;
        if (kind === "stopped") return this.#enter("stopped");
        if (kind === "replaced") return this.#enter("connecting"); // its successor says what it is, at once
        this.#lastError = reason ? `${kind}: ${reason}` : kind;
        return this.#enter("connecting");
      }
      case "waiting":
        this.#enter("waiting");
        this.#nextTryMs = this.#clock.wallMs() + step.delayMs;
        return;
      case "heartbeat":
        return;
    }
  }

  /** A snapshot. */
  get status(): LinkStatus {
    return {
      state: this.#state,
      hub: this.#hub,
      since: seconds(this.#sinceMs),
      capabilities: [...this.#capabilities],
      ...(this.#lastError !== undefined && { last_error: this.#lastError }),
      ...(this.#nextTryMs !== undefined && { next_try: seconds(this.#nextTryMs) }),
      ended: { ...this.#ended },
    };
  }

  /** Why the agent is not connected and acked, in one line; undefined when it is. */
  get unreadyReason(): string | undefined {
    if (this.#state === "connected") return undefined;
    if (this.#state === "stopped") return "the agent is stopping";
    const why = this.#lastError === undefined ? "" : `; before: ${this.#lastError}`;
    return `not connected to ${this.#hub}, ${this.#state}${why}`;
  }

  #enter(state: ConnectionState): void {
    if (state !== this.#state) this.#sinceMs = this.#clock.wallMs();
    this.#state = state;
    this.#capabilities = [];
    this.#nextTryMs = undefined;
  }
}

function seconds(timeMs: number): number {
  return Math.floor(timeMs / 1000);
}
