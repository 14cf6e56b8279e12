import type { Clock } from "../clock.ts";

/** Options of {@linkcode SuspensionDetector}. */
export interface SuspensionDetectorOptions {
  clock: Clock;
  /** How far the system's uptime must have run ahead to count. @default 5 s */
  thresholdSec?: number;
  /** How often to look. @default 2 s */
  intervalMs?: number;
}

/**
 * Notices that the machine was suspended: the system's uptime goes on meanwhile, the monotonic clock does not. A
 * step of the wall clock moves neither. Where the sandbox hides the uptime it notices nothing.
 */
export class SuspensionDetector {
  readonly #clock: Clock;
  readonly #thresholdSec: number;
  readonly #intervalMs: number;

  constructor({ clock, thresholdSec = 5, intervalMs = 2000 }: SuspensionDetectorOptions) {
    this.#clock = clock;
    this.#thresholdSec = thresholdSec;
    this.#intervalMs = intervalMs;
  }

  /**
   * Looks until stopped, and calls back with the seconds slept each time the machine has slept.
   * @returns stops it; idempotent.
   */
  watch(onWake: (sleptSec: number) => void): () => void {
    let lead = this.#leadSec();
    if (lead === undefined) return () => {};
    const look = () => {
      const now = this.#leadSec() ?? lead as number;
      const sleptSec = now - (lead as number);
      if (sleptSec > this.#thresholdSec) {
        lead = now;
        onWake(Math.round(sleptSec));
      }
      timer = this.#clock.setTimeout(look, this.#intervalMs);
    };
    let timer = this.#clock.setTimeout(look, this.#intervalMs);
    return () => this.#clock.clearTimeout(timer);
  }

  /** How far the system's uptime is ahead of the monotonic clock, whose start is arbitrary. */
  #leadSec(): number | undefined {
    const uptimeSec = this.#clock.osUptimeSec();
    return uptimeSec === undefined ? undefined : uptimeSec - this.#clock.monotonicMs() / 1000;
  }
}
