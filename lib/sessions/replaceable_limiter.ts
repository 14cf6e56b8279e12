/** A limit on sessions that may be changed while some run. */
import type { ConcurrencyLimiter } from "./limiter.ts";

/** Asks the limiter it was given last; slots that an earlier one gave out count until they are given back. */
export class ReplaceableLimiter implements ConcurrencyLimiter {
  #current: ConcurrencyLimiter;
  /** Slots that limiters before the current one gave out. */
  #earlier = 0;

  constructor(first: ConcurrencyLimiter) {
    this.#current = first;
  }

  get active(): number {
    return this.#current.active + this.#earlier;
  }

  get limit(): number {
    return this.#current.limit;
  }

  tryAcquire(): (() => void) | undefined {
    const giver = this.#current;
    if (this.active >= giver.limit) return undefined;
    const release = giver.tryAcquire();
    if (release === undefined) return undefined;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (giver !== this.#current) this.#earlier--;
      release();
    };
  }

  /** From now on `next` decides. It must not have given out slots of its own. */
  replace(next: ConcurrencyLimiter): void {
    if (next === this.#current) return;
    this.#earlier += this.#current.active;
    this.#current = next;
  }
}
