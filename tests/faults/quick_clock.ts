import { type Clock, systemClock } from "../../lib/clock.ts";

/** Runs so many times as fast as the platform's: for what looks back over a minute. */
export class QuickClock implements Clock {
  readonly #times: number;

  constructor(times: number) {
    this.#times = times;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() * this.#times;
  }

  wallMs(): number {
    return systemClock.wallMs();
  }

  osUptimeSec(): undefined {
    return undefined; // it would not fit the time that passes here
  }

  setTimeout(callback: () => void, delayMs: number): ReturnType<Clock["setTimeout"]> {
    return systemClock.setTimeout(callback, delayMs / this.#times);
  }

  clearTimeout: Clock["clearTimeout"] = systemClock.clearTimeout;
}
