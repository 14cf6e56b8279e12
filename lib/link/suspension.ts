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
  /** As of the last look. Kept between watches, so that sleep which fell between two is noticed by the second. */
  #lastLeadSec: number | undefined;

  constructor({ clock, thresholdSec = 5, intervalMs = 2000 }: SuspensionDetectorOptions) {
    this.#clock = clock;
    this.#thresholdSec = thresholdSec;
    this.#intervalMs = intervalMs;
  }

  /**
   * Looks until stopped, and calls back with the seconds slept each time the machine has slept. One watch at a time.
   * @returns stops it; idempotent.
   */
  watch(onWake: (sleptSec: number) => void): () => void {
    this.#lastLeadSec ??= this.#leadSec();
    if (this.#lastLeadSec === undefined) return () => {};
    let stopped = false;
    const look = () => {
      const lastSec: number = this.#lastLeadSec ?? 0;
      const nowSec = this.#leadSec() ?? lastSec;
      if (nowSec - lastSec > this.#thresholdSec) {
        this.#lastLeadSec = nowSec;
        onWake(Math.round(nowSec - lastSec));
      }
      if (!stopped) timer = this.#clock.setTimeout(look, this.#intervalMs);
    };
    let timer = this.#clock.setTimeout(look, this.#intervalMs);
    return () => {
      stopped = true;
      this.#clock.clearTimeout(timer);
    };
  }

  /** How far the system's uptime is ahead of the monotonic clock, whose start is arbitrary. */
  #leadSec(): number | undefined {
    const uptimeSec = this.#clock.osUptimeSec();
    return uptimeSec === undefined ? undefined : uptimeSec - this.#clock.monotonicMs() / 1000;
  }
}
