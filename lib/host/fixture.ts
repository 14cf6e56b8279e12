/** The host as somebody recorded it: for tests, and for replaying what a host looked like. */
import {
  type CpuTimes,
  FactUnavailableError,
  type FileSystemFacts,
  type HostFacts,
  type LoadAverages,
  type MemoryFacts,
} from "./host_facts.ts";

/** A recorded host. A fact left out is unavailable. */
export interface RecordedFacts {
  hostname?: string;
  ip?: string;
  /** The readings that successive calls give, in order; the last one stays. */
  cpuTimes?: readonly CpuTimes[];
  memory?: MemoryFacts;
  loadAverages?: LoadAverages;
  /** By path. */
  fileSystems?: Readonly<Record<string, FileSystemFacts>>;
}

/** {@linkcode HostFacts} over recorded figures. `facts` may be exchanged at any time. */
export class FixtureFacts implements HostFacts {
  facts: RecordedFacts;
  #cpuReadings = 0;

  constructor(facts: RecordedFacts = {}) {
    this.facts = facts;
  }

  hostname(): string {
    return this.facts.hostname ?? missing("the host's name");
  }

  ip(): string {
    return this.facts.ip ?? missing("the host's address");
  }

  // deno-lint-ignore require-await -- what is missing is to reject, not to throw
  async cpuTimes(): Promise<CpuTimes> {
    const readings = this.facts.cpuTimes ?? [];
    return readings[Math.min(this.#cpuReadings++, readings.length - 1)] ?? missing("processor times");
  }

  // deno-lint-ignore require-await -- what is missing is to reject, not to throw
  async memory(): Promise<MemoryFacts> {
    return this.facts.memory ?? missing("memory");
  }

  // deno-lint-ignore require-await -- what is missing is to reject, not to throw
  async loadAverages(): Promise<LoadAverages> {
    return this.facts.loadAverages ?? missing("load averages");
  }

  // deno-lint-ignore require-await -- what is missing is to reject, not to throw
  async fileSystem(path: string): Promise<FileSystemFacts> {
    return this.facts.fileSystems?.[path] ?? missing(`the file system of ${path}`);
  }
}

function missing(fact: string): never {
  throw new FactUnavailableError(`cannot read ${fact}: it was not recorded; add it to the recording`);
}
