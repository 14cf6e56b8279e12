/** Processor usage, as the difference between two readings. */
import { type Clock, sleep } from "../clock.ts";
import type { CpuTimes, HostFacts } from "./host_facts.ts";

/** Busy time in percent, 0 to 100, or undefined when the counters did not advance between the readings. */
export function usagePercent(earlier: CpuTimes, later: CpuTimes): number | undefined {
  const totalMs = later.totalMs - earlier.totalMs;
  // A processor that was taken away or added makes the sums incomparable.
  if (totalMs <= 0 || later.processors !== earlier.processors) return undefined;
  const busyMs = later.busyMs - earlier.busyMs;
  return Math.min(100, Math.max(0, 100 * busyMs / totalMs));
}

/** Options of {@linkcode CpuSampler}. */
export interface CpuSamplerOptions {
  host: HostFacts;
  clock: Clock;
  /**
   * How far apart two readings are that the sampler has to make itself.
   * @default 200
   */
  shortIntervalMs?: number;
}

/** Measures usage since its own last sample; for the first one it makes a short interval. One call at a time. */
export class CpuSampler {
  readonly #host: HostFacts;
  readonly #clock: Clock;
  readonly #shortIntervalMs: number;
  #last: CpuTimes | undefined;

  constructor({ host, clock, shortIntervalMs = 200 }: CpuSamplerOptions) {
    this.#host = host;
    this.#clock = clock;
    this.#shortIntervalMs = shortIntervalMs;
  }

  /**
   * @returns usage in percent since the last sample.
   * @throws Error when the counters stand still, {@linkcode FactUnavailableError} when there are none.
   */
  async sample(signal: AbortSignal): Promise<{ percent: number; processors: number }> {
    let earlier = this.#last ?? await this.#host.cpuTimes();
    // The counters tick in steps, and start anew when a processor comes or goes: a few tries, never a guess.
    for (let attempt = 0; attempt < 4; attempt++) {
      if (attempt > 0 || this.#last === undefined) await sleep(this.#clock, this.#shortIntervalMs, signal);
      const later = await this.#host.cpuTimes();
      this.#last = later;
      const percent = usagePercent(earlier, later);
      if (percent !== undefined) return { percent, processors: later.processors };
      if (later.totalMs < earlier.totalMs || later.processors !== earlier.processors) earlier = later;
    }
    throw new Error("cannot measure processor usage: the system's counters stand still");
  }
}
