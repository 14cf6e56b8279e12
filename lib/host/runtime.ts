/** The host as the runtime's own calls show it: works in a scoped process, and needs no `/proc`. */
import { cpus } from "node:os";
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
import { FileSystems, type StatFileSystem, statFileSystem } from "./file_systems.ts";
import { KernelFiles, PROCFS_HINT } from "./kernel_files.ts";
import { primaryIp } from "./primary_ip.ts";

/** The calls that {@linkcode RuntimeFacts} is made of; each may throw what the runtime throws. */
export interface RuntimeCalls {
  readonly os: typeof Deno.build.os;
  hostname(): string;
  networkInterfaces(): Deno.NetworkInterfaceInfo[];
  cpus(): ReturnType<typeof cpus>;
  systemMemoryInfo(): Deno.SystemMemoryInfo;
  loadavg(): number[];
  osUptime(): number;
  statfs: StatFileSystem;
}

/** Options of {@linkcode RuntimeFacts}. */
export interface RuntimeFactsOptions {
  /** @default systemClock */
  clock?: Clock;
  /**
   * How long a file system may take to answer.
   * @default 5000
   */
  fileSystemDeadlineMs?: number;
  /**
   * By mount point, a file on the same file system to ask in its place where the sandbox does not let the mount
   * point itself be read. (In a container `/etc/hostname` may be mounted from another file system than `/`.)
   * @default { "/": "/etc/hostname" }
   */
  probeFiles?: Readonly<Record<string, string>>;
  /**
   * Calls to make in place of the runtime's.
   * @default {}
   */
  calls?: Partial<RuntimeCalls>;
}

const runtimeCalls: RuntimeCalls = {
  os: Deno.build.os,
  hostname: () => Deno.hostname(),
  networkInterfaces: () => Deno.networkInterfaces(),
  cpus,
  systemMemoryInfo: () => Deno.systemMemoryInfo(),
  loadavg: () => Deno.loadavg(),
  osUptime: () => Deno.osUptime(),
  statfs: statFileSystem,
};

/** {@linkcode HostFacts} over the runtime's own calls. Holds nothing: there is nothing to close. */
export class RuntimeFacts implements HostFacts {
  readonly #calls: RuntimeCalls;
  readonly #fileSystems: FileSystems;
  readonly #pressure: KernelFiles;

  constructor(options: RuntimeFactsOptions = {}) {
    const {
      clock = systemClock,
      fileSystemDeadlineMs = 5000,
      probeFiles = { "/": "/etc/hostname" },
      calls = {},
    } = options;
    this.#calls = { ...runtimeCalls, ...calls };
    const { statfs } = this.#calls;
    this.#fileSystems = new FileSystems({ clock, deadlineMs: fileSystemDeadlineMs, probeFiles, statfs });
    this.#pressure = new KernelFiles({ procfs: "/proc", sysfs: "/sys", clock, deadlineMs: 5000 });
  }

  hostname(): string {
    return granted("the host's name", "--allow-sys=hostname", () => this.#calls.hostname());
  }

  ip(): string {
    return primaryIp(this.#interfaces("the host's address"));
  }

  // deno-lint-ignore require-await -- a refusal is to reject, not to throw
  async interfaces(): Promise<InterfaceAddress[]> {
    return this.#interfaces("network interfaces").map(({ name, family, address, netmask, mac }) => (
      { name, family, address, netmask, mac }
    ));
  }

  // deno-lint-ignore require-await -- a refusal is to reject, not to throw
  async uptimeSec(): Promise<number> {
    return granted("the host's uptime", "--allow-sys=osUptime", () => this.#calls.osUptime());
  }

  // deno-lint-ignore require-await -- a refusal is to reject, not to throw
  async cpuTimes(): Promise<CpuTimes> {
    const cores = granted("processor times", "--allow-sys=cpus", () => this.#calls.cpus());
    if (cores.length === 0) {
      throw new FactUnavailableError("cannot read processor times: the system lists no processor");
    }
    let busyMs = 0;
    let idleMs = 0;
    for (const { times: { user, nice, sys, irq, idle } } of cores) {
      busyMs += user + nice + sys + irq;
      idleMs += idle;
    }
    return { busyMs, totalMs: busyMs + idleMs, processors: cores.length };
  }

  // deno-lint-ignore require-await -- a refusal is to reject, not to throw
  async memory(): Promise<MemoryFacts> {
    const info = granted("memory", "--allow-sys=systemMemoryInfo", () => this.#calls.systemMemoryInfo());
    return {
      totalBytes: info.total,
      availableBytes: info.available,
      swapTotalBytes: info.swapTotal,
      swapFreeBytes: info.swapFree,
    };
  }

  // deno-lint-ignore require-await -- a refusal is to reject, not to throw
  async loadAverages(): Promise<LoadAverages> {
    if (this.#calls.os === "windows") {
      throw new FactUnavailableError("cannot read load averages: Windows keeps none");
    }
    const averages = granted("load averages", "--allow-sys=loadavg", () => this.#calls.loadavg());
    const [one, five, fifteen] = averages;
    if (one === undefined || five === undefined || fifteen === undefined) {
      throw new FactUnavailableError("cannot read load averages: the system gave none");
    }
    return [one, five, fifteen];
  }

  async fileSystem(path: string): Promise<FileSystemFacts> {
    return await this.#fileSystems.ask(path);
  }

  async text(path: string, options?: KernelTextOptions): Promise<string> {
    if (!isPressure(path)) throw closed(path);
    return await this.#pressure.text(path, options);
  }

  async list(path: string): Promise<string[]> {
    if (!isPressure(path)) throw closed(path);
    return await this.#pressure.list(path);
  }

  // deno-lint-ignore require-await -- a refusal is to reject, not to throw
  async link(path: string): Promise<string> {
    throw closed(path);
  }

  #interfaces(fact: string): Deno.NetworkInterfaceInfo[] {
    return granted(fact, "--allow-sys=networkInterfaces", () => this.#calls.networkInterfaces());
  }
}

/** The only files of the kernel that the runtime lets a process read that may not read everything. */
function isPressure(path: string): boolean {
  return /^\/proc\/pressure(?:\/[a-z]+)?$/.test(path);
}

function closed(path: string): FactUnavailableError {
  return new FactUnavailableError(
    `cannot read ${path}: the sandbox does not open the kernel's files; ${PROCFS_HINT}`,
  );
}

/** Makes a call; a permission it lacks becomes the typed error that says what would unlock it. */
function granted<T>(fact: string, unlock: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) {
      throw new Error(`cannot read ${fact}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
    throw new FactUnavailableError(`cannot read ${fact}: not permitted; allow it with ${unlock}`, { cause });
  }
}
