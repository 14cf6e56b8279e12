/** The host as the kernel's files show it, wherever they are mounted. */
import { type Clock, systemClock } from "../clock.ts";
import {
  type CpuTimes,
  FactUnavailableError,
  type FileSystemFacts,
  type HostFacts,
  type InterfaceAddress,
  type KernelTextOptions,
  type LoadAverages,
  type MemoryFacts,
} from "./host_facts.ts";
import { KernelFiles } from "./kernel_files.ts";
import { countOf } from "./kernel_text.ts";
import { parseLoadavg } from "./loadavg.ts";
import { memoryFacts, parseMeminfo } from "./meminfo.ts";
import { busyTicks, parseProcStat, TICK_MS, totalTicks } from "./proc_stat.ts";
import { parseUptime } from "./uptime.ts";

/** Options of {@linkcode ProcfsFacts}. */
export interface ProcfsFactsOptions {
  /**
   * Where `/proc` is, absolute.
   * @default "/proc"
   */
  procfs?: string;
  /**
   * Where `/sys` is, absolute.
   * @default "/sys"
   */
  sysfs?: string;
  /** Gives what is not a file: names, addresses, file systems; and the figures whose files cannot be read. */
  fallback: HostFacts;
  /** @default systemClock */
  clock?: Clock;
  /**
   * How long one of the kernel's files may take.
   * @default 5000
   */
  deadlineMs?: number;
}

/**
 * {@linkcode HostFacts} over a mount of `/proc` and one of `/sys`. Where they are mounts of a host's, seen from a
 * container, `/proc/net/…` is the network of the host's first process, and `/proc/mounts` the container's own.
 * Holds nothing: there is nothing to close.
 */
export class ProcfsFacts implements HostFacts {
  readonly #files: KernelFiles;
  readonly #fallback: HostFacts;

  constructor(options: ProcfsFactsOptions) {
    const { procfs = "/proc", sysfs = "/sys", fallback, clock = systemClock, deadlineMs = 5000 } = options;
    this.#files = new KernelFiles({ procfs, sysfs, clock, deadlineMs });
    this.#fallback = fallback;
  }

  hostname(): string {
    return this.#fallback.hostname();
  }

  ip(): string {
    return this.#fallback.ip();
  }

  async interfaces(): Promise<InterfaceAddress[]> {
    return await this.#fallback.interfaces();
  }

  async fileSystem(path: string): Promise<FileSystemFacts> {
    return await this.#fallback.fileSystem(path);
  }

  async uptimeSec(): Promise<number> {
    return await this.#figure("/proc/uptime", parseUptime, () => this.#fallback.uptimeSec());
  }

  async cpuTimes(): Promise<CpuTimes> {
    return await this.#figure("/proc/stat", (text) => {
      const { total, cpus } = parseProcStat(text);
      if (total === undefined || cpus.size === 0) return undefined;
      return {
        busyMs: TICK_MS * busyTicks(total),
        totalMs: TICK_MS * totalTicks(total),
        processors: cpus.size,
      };
    }, () => this.#fallback.cpuTimes());
  }

  async memory(): Promise<MemoryFacts> {
    return await this.#figure("/proc/meminfo", async (text) => {
      const meminfo = parseMeminfo(text);
      if (meminfo.has("MemAvailable")) return memoryFacts(meminfo);
      const minFree = await this.text("/proc/sys/vm/min_free_kbytes").catch(() => "");
      return memoryFacts(meminfo, 1024 * (countOf(minFree.trim()) ?? 0));
    }, () => this.#fallback.memory());
  }

  async loadAverages(): Promise<LoadAverages> {
    const parse = (text: string) => parseLoadavg(text)?.averages;
    return await this.#figure("/proc/loadavg", parse, () => this.#fallback.loadAverages());
  }

  async text(path: string, options?: KernelTextOptions): Promise<string> {
    return await this.#files.text(path, options);
  }

  async list(path: string): Promise<string[]> {
    return await this.#files.list(path);
  }

  async link(path: string): Promise<string> {
    return await this.#files.link(path);
  }

  /** A file that must not be read, or that is not there, leaves the figure to the fallback; one that hangs does not. */
  async #figure<T>(
    path: string,
    parse: (text: string) => T | undefined | Promise<T | undefined>,
    fallback: () => Promise<T>,
  ): Promise<T> {
    let text: string;
    try {
      text = await this.text(path);
    } catch (error) {
      if (error instanceof FactUnavailableError || error instanceof Deno.errors.NotFound) {
        return await fallback();
      }
      throw error;
    }
    const figure = await parse(text);
    if (figure === undefined) throw new Error(`cannot read ${path}: its text is not what a kernel writes`);
    return figure;
  }
}
