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

  /** `cpuPct` is usage since the previous call, so the first one has none. */
  async read(): Promise<LoadFigures> {
    const cpuPct = await this.#attempt("cpuPct", async () => {
      const earlier = this.#last;
      const later = this.#last = await this.#host.cpuTimes();
      return earlier && usagePercent(earlier, later);
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
