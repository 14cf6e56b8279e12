/** The host as somebody recorded it: for tests, and for replaying what a host looked like. */
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
import { insidePath, kernelPath } from "./kernel_path.ts";

/** A recorded host. A fact left out is unavailable. */
export interface RecordedFacts {
  hostname?: string;
  ip?: string;
  /** The readings that successive calls give, in order; the last one stays. */
  cpuTimes?: readonly CpuTimes[];
  memory?: MemoryFacts;
  loadAverages?: LoadAverages;
  interfaces?: readonly InterfaceAddress[];
  uptimeSec?: number;
  /** By path. */
  fileSystems?: Readonly<Record<string, FileSystemFacts>>;
  /** The kernel's files by their usual path. Where any is recorded, those that are not do not exist. */
  files?: Readonly<Record<string, string>>;
  /** The kernel's links by their usual path, and where they point. They are not followed. */
  links?: Readonly<Record<string, string>>;
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

  // deno-lint-ignore require-await -- what is missing is to reject, not to throw
  async interfaces(): Promise<InterfaceAddress[]> {
    return [...this.facts.interfaces ?? missing("network interfaces")];
  }

  // deno-lint-ignore require-await -- what is missing is to reject, not to throw
  async uptimeSec(): Promise<number> {
    return this.facts.uptimeSec ?? missing("the host's uptime");
  }

  // deno-lint-ignore require-await -- what is missing is to reject, not to throw
  async text(path: string, { maxBytes = 4 * 1024 ** 2 }: KernelTextOptions = {}): Promise<string> {
    insidePath(path);
    const text = (this.facts.files ?? missing(path))[path];
    if (text === undefined) {
      throw new Deno.errors.NotFound(`cannot read ${path}: the kernel has no such file`);
    }
    if (text.length <= maxBytes / 3) return text; // no character has more than three bytes per code unit
    return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, maxBytes), { stream: true });
  }

  // deno-lint-ignore require-await -- what is missing is to reject, not to throw
  async list(path: string): Promise<string[]> {
    insidePath(path);
    if (this.facts.files === undefined && this.facts.links === undefined) missing(path);
    const names = new Set<string>();
    for (const known of [...Object.keys(this.facts.files ?? {}), ...Object.keys(this.facts.links ?? {})]) {
      if (known.startsWith(`${path}/`)) names.add(known.slice(path.length + 1).split("/", 1)[0] ?? "");
    }
    if (names.size > 0) return [...names].sort();
    throw new Deno.errors.NotFound(`cannot read ${path}: the kernel has no such folder`);
  }

  // deno-lint-ignore require-await -- what is missing is to reject, not to throw
  async link(path: string): Promise<string> {
    kernelPath(path);
    if (this.facts.files === undefined && this.facts.links === undefined) missing(path);
    const target = this.facts.links?.[path];
    if (target === undefined) {
      throw new Deno.errors.NotFound(`cannot read ${path}: the kernel has no such link`);
    }
    return target;
  }
}

function missing(fact: string): never {
  throw new FactUnavailableError(`cannot read ${fact}: it was not recorded; add it to the recording`);
}
