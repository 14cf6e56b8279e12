/** Calls that may never come back: one under way at most per key, and nobody waits for it longer than a deadline. */
import type { Clock } from "../clock.ts";

/** Options of {@linkcode SingleFlight}. */
export interface SingleFlightOptions {
  clock: Clock;
  /** How long a caller waits. */
  deadlineMs: number;
}

/** A call that nobody can cancel. */
export interface Flight<T> {
  /** Callers with equal keys share one call. */
  key: string;
  /** Makes the call. */
  call: () => Promise<T>;
  /** What the error says before `timed out`: `cannot read /proc/stat`. */
  failure: string;
  /** What the error says at its end. */
  hint: string;
}

/** Holds a timer only while a caller waits; a call that hangs holds neither the loop nor the process. */
export class SingleFlight<T> {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #underWay = new Map<string, Promise<T>>();

  constructor({ clock, deadlineMs }: SingleFlightOptions) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
  }

  /** Joins the call under way for this key, or makes it. @throws DOMException `TimeoutError` at the deadline. */
  ask({ key, call, failure, hint }: Flight<T>): Promise<T> {
    let flight = this.#underWay.get(key);
    if (flight === undefined) {
      flight = call().finally(() => this.#underWay.delete(key));
      // A call that fails after everybody stopped waiting for it is no unhandled rejection.
      flight.catch(() => {});
      this.#underWay.set(key, flight);
    }
    return this.#withinDeadline(flight, `${failure}: timed out after ${this.#deadlineMs} ms; ${hint}`);
  }

  #withinDeadline(flight: Promise<T>, message: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimeout(
        () => reject(new DOMException(message, "TimeoutError")),
        this.#deadlineMs,
      );
      flight.then(resolve, reject).finally(() => this.#clock.clearTimeout(timer));
    });
  }
}
