import type { ConnectionEnd } from "./connection_end.ts";

const SECOND_MS = 1000;

/** How long to wait before the next try; all in milliseconds. */
export interface BackoffOptions {
  /** The ordinary ladder's first step. @default 1 s */
  firstMs?: number;
  /** The ordinary ladder's last step. @default 300 s */
  maxMs?: number;
  /** The first step after a 401, and the least such a wait may be. @default 60 s */
  unauthorizedFirstMs?: number;
  /** The last step after a 401. @default 1800 s */
  unauthorizedMaxMs?: number;
  /** The longest wait that a server may ask for. @default 1 h */
  maxAskedMs?: number;
  /** How far a wait is spread, as a share of it. @default 0.25 */
  spread?: number;
}

/** Where the two ladders stand: the unspread wait that the next failure of each kind will cause. */
export interface BackoffState {
  readonly ordinaryMs: number;
  readonly unauthorizedMs: number;
}

/** What {@linkcode Backoff.next} decides. `delayMs` undefined: do not try again. */
export interface BackoffDecision {
  readonly delayMs: number | undefined;
  readonly state: BackoffState;
}

/**
 * The waits between connections: capped exponential backoff on two separate ladders (ordinary failures, 401), each
 * wait spread uniformly so that a fleet does not come back at once. Pure: it holds no state, no clock, no chance of
 * its own; one instance may serve any number of loops.
 *
 * A wait is spread by ± `spread`, but never below what the server asked for, nor below the least wait after a 401:
 * there the spread goes upward from that floor, so that the crowd does not gather on it.
 */
export class Backoff {
  readonly #options: Required<BackoffOptions>;

  constructor({
    firstMs = 1 * SECOND_MS,
    maxMs = 300 * SECOND_MS,
    unauthorizedFirstMs = 60 * SECOND_MS,
    unauthorizedMaxMs = 1800 * SECOND_MS,
    maxAskedMs = 3600 * SECOND_MS,
    spread = 0.25,
  }: BackoffOptions = {}) {
    this.#options = { firstMs, maxMs, unauthorizedFirstMs, unauthorizedMaxMs, maxAskedMs, spread };
  }

  /** Both ladders at their start: before the first connection, and again on every registration. */
  initial(): BackoffState {
    return { ordinaryMs: this.#options.firstMs, unauthorizedMs: this.#options.unauthorizedFirstMs };
  }

  /**
   * @param end what ended the connection
   * @param state where the ladders stood
   * @param random gives uniform numbers in [0, 1)
   */
  next(end: ConnectionEnd, state: BackoffState, random: () => number): BackoffDecision {
    const { firstMs, maxMs, unauthorizedFirstMs, unauthorizedMaxMs } = this.#options;
    switch (end.kind) {
      case "stopped":
        return { delayMs: undefined, state };
      case "suspended":
      case "replaced":
        return { delayMs: 0, state };
      case "disconnected": {
        const askedMs = Math.max(firstMs, this.#asked(end.retryAfterSec));
        return { delayMs: this.#spread(askedMs, askedMs, random), state: { ...state, ordinaryMs: firstMs } };
      }
      case "unauthorized":
        return {
          delayMs: this.#spread(state.unauthorizedMs, unauthorizedFirstMs, random),
          state: { ...state, unauthorizedMs: Math.min(state.unauthorizedMs * 2, unauthorizedMaxMs) },
        };
      case "lost":
      case "not_registered":
      case "dial_failed": {
        const askedMs = end.kind === "dial_failed" ? this.#asked(end.retryAfterSec ?? 0) : 0;
        return {
          delayMs: this.#spread(Math.max(state.ordinaryMs, askedMs), askedMs, random),
          state: { ...state, ordinaryMs: Math.min(state.ordinaryMs * 2, maxMs) },
        };
      }
    }
  }

  #asked(seconds: number): number {
    return Math.min(Math.max(0, seconds) * SECOND_MS, this.#options.maxAskedMs);
  }

  #spread(delayMs: number, floorMs: number, random: () => number): number {
    const lowest = Math.max(delayMs * (1 - this.#options.spread), floorMs);
    const highest = delayMs * (1 + this.#options.spread);
    return lowest + (highest - lowest) * random();
  }
}
