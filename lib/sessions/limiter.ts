/** How many sessions may run at once. */

/** Hands out slots. The release function gives the slot back; calling it again does nothing. */
export interface ConcurrencyLimiter {
  /** How many slots are taken. */
  readonly active: number;
  /** How many there are. */
  readonly limit: number;
  /** A slot's release function, or undefined when all are taken. */
  tryAcquire(): (() => void) | undefined;
}

/** Options of {@linkcode SessionLimiter}. */
export interface SessionLimiterOptions {
  /**
   * How many sessions at once.
   * @default 3
   */
  limit?: number;
}

/** A fixed number of slots, counted in memory. */
export class SessionLimiter implements ConcurrencyLimiter {
  /** How many slots there are. */
  readonly limit: number;
  #active = 0;

  /**
   * Starts with all slots free.
   *
   * @throws RangeError if `limit` is not a whole number of at least 1.
   */
  constructor({ limit = 3 }: SessionLimiterOptions = {}) {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(
        `cannot limit sessions: limit must be a whole number of at least 1, it is ${limit}`,
      );
    }
    this.limit = limit;
  }

  /** How many slots are taken. */
  get active(): number {
    return this.#active;
  }

  /** See {@linkcode ConcurrencyLimiter.tryAcquire}. */
  tryAcquire(): (() => void) | undefined {
    if (this.#active >= this.limit) return undefined;
    this.#active++;
    let held = true;
    return () => {
      if (held) this.#active--;
      held = false;
    };
  }
}
