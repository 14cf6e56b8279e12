/** How often something may happen within a span of time. */
import type { Clock } from "../clock.ts";

const HOUR_MS = 3_600_000;

/** Options of {@linkcode Quota}. */
export interface QuotaOptions {
  clock: Clock;
  /** How often. @default Infinity */
  max?: number | undefined;
  /** Within which span before now, in milliseconds. @default one hour */
  windowMs?: number;
}

/** Counts by monotonic time. A restart of the agent forgets. */
export class Quota {
  readonly #clock: Clock;
  readonly #windowMs: number;
  #max: number;
  /** When each of those that count happened, the oldest first. */
  #times: number[] = [];

  constructor({ clock, max = Infinity, windowMs = HOUR_MS }: QuotaOptions) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#max = max;
  }

  get max(): number {
    return this.#max;
  }

  /** Another bound; what happened so far still counts. */
  configure(max: number = Infinity): void {
    this.#max = max;
  }

  /** Whether it may happen once more. */
  get hasRoom(): boolean {
    const since = this.#clock.monotonicMs() - this.#windowMs;
    const firstThatCounts = this.#times.findIndex((time) => time > since);
    if (firstThatCounts !== 0) this.#times = firstThatCounts === -1 ? [] : this.#times.slice(firstThatCounts);
    return this.#times.length < this.#max;
  }

  /** What was counted last did not happen after all. */
  giveBack(): void {
    this.#times.pop();
  }

  /** It happens. @returns whether it may: where it may not, nothing is counted. */
  take(): boolean {
    if (!this.hasRoom) return false;
    // Unbounded, nothing has to be remembered.
    if (this.#max !== Infinity) this.#times.push(this.#clock.monotonicMs());
    return true;
  }
}
