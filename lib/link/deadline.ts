import type { Clock, TimerId } from "../clock.ts";

/** Options of {@linkcode Deadline}. */
export interface DeadlineOptions {
  clock: Clock;
  delayMs: number;
  /** Called once, when `delayMs` have passed since the last {@linkcode Deadline.extend}. */
  onPassed: () => void;
}

/** A deadline that is extended often: extending costs one clock reading, not a timer. */
export class Deadline implements Disposable {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #onPassed: () => void;
  #dueMs: number;
  #timer: TimerId | undefined;

  /** Starts at once. */
  constructor({ clock, delayMs, onPassed }: DeadlineOptions) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#onPassed = onPassed;
    this.#dueMs = clock.monotonicMs() + delayMs;
    this.#arm(delayMs);
  }

  /** Puts the deadline `delayMs` from now. Without effect once it has passed or been disposed of. */
  extend(): void {
    this.#dueMs = this.#clock.monotonicMs() + this.#delayMs;
  }

  [Symbol.dispose](): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      const leftMs = this.#dueMs - this.#clock.monotonicMs();
      if (leftMs > 0) this.#arm(leftMs);
      else this.#onPassed();
    }, delayMs);
  }
}
