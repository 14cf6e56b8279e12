import { type Clock, systemClock } from "../../lib/clock.ts";

/** How often it looks at the time by itself, and how much it counts at most between two looks. */
const TICK_MS = 10;
const MAX_STEP_MS = 50;

/**
 * Counts only the time in which this process had its turns. On a machine that is busy with other things a process may
 * stand still for seconds; what the agent concludes from "2 s without a sign" must not come from that.
 */
export class RunningClock implements Clock, Disposable {
  #nowMs = 0;
  #seenMs = performance.now();
  readonly #ticker = setInterval(() => this.monotonicMs(), TICK_MS);

  monotonicMs(): number {
    const seenMs = performance.now();
    this.#nowMs += Math.min(seenMs - this.#seenMs, MAX_STEP_MS);
    this.#seenMs = seenMs;
    return this.#nowMs;
  }

  wallMs(): number {
    return Date.now();
  }

  /** Hidden: beside a clock that leaves time out, it would look as if the machine had slept. */
  osUptimeSec(): undefined {
    return undefined;
  }

  setTimeout: Clock["setTimeout"] = systemClock.setTimeout;

  clearTimeout: Clock["clearTimeout"] = systemClock.clearTimeout;

  [Symbol.dispose](): void {
    clearInterval(this.#ticker);
  }
}
