/** The two figures that a heartbeat carries. */
import { getLogger, type Logger } from "@logtape/logtape";
import { usagePercent } from "./cpu_usage.ts";
import { type CpuTimes, FactUnavailableError, type HostFacts } from "./host_facts.ts";

/** In percent, 0 to 100, one decimal. A figure that cannot be had is missing. */
export interface LoadFigures {
  cpuPct?: number;
  memPct?: number;
}

/** Options of {@linkcode LoadSampler}. */
export interface LoadSamplerOptions {
  host: HostFacts;
  /** @default getLogger(["pawl", "host"]) */
  logger?: Logger;
}

/** The system counts in ticks of 10 ms: over less than a second, the share of busy ones says nothing. */
const MIN_ELAPSED_MS = 1000;

/** Time between two readings, by the processors' own account. */
function elapsedMs(earlier: CpuTimes, later: CpuTimes): number {
  return (later.totalMs - earlier.totalMs) / later.processors;
}

/** Reads the figures for heartbeats. One call at a time; never throws. */
export class LoadSampler {
  readonly #host: HostFacts;
  readonly #logger: Logger;
  readonly #reported = new Set<string>();
  #last: CpuTimes | undefined;

  constructor({ host, logger = getLogger(["pawl", "host"]) }: LoadSamplerOptions) {
    this.#host = host;
    this.#logger = logger;
  }

  /** `cpuPct` is usage since a call at least a second ago; without one there is no such figure. */
  async read(): Promise<LoadFigures> {
    const cpuPct = await this.#attempt("cpuPct", async () => {
      const earlier = this.#last;
      const later = await this.#host.cpuTimes();
      if (earlier === undefined) this.#last = later;
      if (earlier === undefined || elapsedMs(earlier, later) < MIN_ELAPSED_MS) return undefined;
      this.#last = later;
      return usagePercent(earlier, later);
    });
    const memPct = await this.#attempt("memPct", async () => {
      const { totalBytes, availableBytes } = await this.#host.memory();
      return totalBytes > 0 ? 100 * (totalBytes - availableBytes) / totalBytes : undefined;
    });
    return { ...(cpuPct !== undefined && { cpuPct }), ...(memPct !== undefined && { memPct }) };
  }

  async #attempt(figure: string, read: () => Promise<number | undefined>): Promise<number | undefined> {
    try {
      const percent = await read();
      this.#reported.delete(figure);
      return percent === undefined ? undefined : Math.round(10 * percent) / 10;
    } catch (error) {
      // Each heartbeat would say the same: once per outage is enough. The checks report a refused fact themselves.
      if (!this.#reported.has(figure)) {
        this.#reported.add(figure);
        if (error instanceof FactUnavailableError) {
          this.#logger.debug("host.figure_unavailable", { figure, error });
        } else this.#logger.warning("host.figure_failed", { figure, error });
      }
      return undefined;
    }
  }
}
