/** The host as the runtime's own calls show it: works in a scoped process, and needs no `/proc`. */
import { statfs } from "node:fs/promises";
import { cpus } from "node:os";
import { type Clock, systemClock } from "../clock.ts";
import {
  type CpuTimes,
  FactUnavailableError,
  type FileSystemFacts,
  type HostFacts,
  type LoadAverages,
  type MemoryFacts,
} from "./host_facts.ts";
import { primaryIp } from "./primary_ip.ts";

/** What `statfs` answers, in blocks and inodes. `frsize`, where there is one, is the unit of the block counts. */
export interface RawFileSystem {
  readonly bsize: number;
  readonly frsize?: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/** The calls that {@linkcode RuntimeFacts} is made of; each may throw what the runtime throws. */
export interface RuntimeCalls {
  readonly os: typeof Deno.build.os;
  hostname(): string;
  networkInterfaces(): Deno.NetworkInterfaceInfo[];
  cpus(): ReturnType<typeof cpus>;
  systemMemoryInfo(): Deno.SystemMemoryInfo;
  loadavg(): number[];
  statfs(path: string): Promise<RawFileSystem>;
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
  statfs: (path) => statfs(path),
};

/** {@linkcode HostFacts} over the runtime's own calls. Holds nothing: there is nothing to close. */
export class RuntimeFacts implements HostFacts {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #probeFiles: Readonly<Record<string, string>>;
  readonly #calls: RuntimeCalls;
  /** A call on a hung mount never comes back and cannot be cancelled: one per path, never a heap of them. */
  readonly #underWay = new Map<string, Promise<FileSystemFacts>>();

  constructor(options: RuntimeFactsOptions = {}) {
    const {
      clock = systemClock,
      fileSystemDeadlineMs = 5000,
      probeFiles = { "/": "/etc/hostname" },
      calls = {},
    } = options;
    this.#clock = clock;
    this.#deadlineMs = fileSystemDeadlineMs;
    this.#probeFiles = probeFiles;
    this.#calls = { ...runtimeCalls, ...calls };
  }

  hostname(): string {
    return granted("the host's name", "--allow-sys=hostname", () => this.#calls.hostname());
  }

  ip(): string {
    const interfaces = granted(
      "the host's address",
      "--allow-sys=networkInterfaces",
      () => this.#calls.networkInterfaces(),
    );
    return primaryIp(interfaces);
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
    let call = this.#underWay.get(path);
    if (call === undefined) {
      call = this.#askFileSystem(path).finally(() => this.#underWay.delete(path));
      // A call that fails after everybody stopped waiting for it is no unhandled rejection.
      call.catch(() => {});
      this.#underWay.set(path, call);
    }
    return await this.#withinDeadline(call, path);
  }

  async #askFileSystem(path: string): Promise<FileSystemFacts> {
    try {
      return inBytes(await this.#calls.statfs(path));
    } catch (error) {
      const probeFile = this.#probeFiles[path];
      if (!(error instanceof Deno.errors.NotCapable)) throw unreadable(path, error);
      if (probeFile === undefined) throw fileSystemRefused(path, path, error);
      try {
        return inBytes(await this.#calls.statfs(probeFile));
      } catch (probeError) {
        if (probeError instanceof Deno.errors.NotCapable) {
          throw fileSystemRefused(path, probeFile, probeError);
        }
        // The probe file merely is not there: what would help is the grant for the mount point.
        throw fileSystemRefused(path, path, error);
      }
    }
  }

  #withinDeadline(call: Promise<FileSystemFacts>, path: string): Promise<FileSystemFacts> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimeout(() => {
        reject(
          new DOMException(
            `cannot ask the file system of ${path}: timed out after ${this.#deadlineMs} ms; the mount may hang`,
            "TimeoutError",
          ),
        );
      }, this.#deadlineMs);
      call.then(resolve, reject).finally(() => this.#clock.clearTimeout(timer));
    });
  }
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

function fileSystemRefused(path: string, readable: string, cause: unknown): FactUnavailableError {
  const message = `cannot ask the file system of ${path}: not permitted; ` +
    `allow it with --allow-sys=statfs --allow-read=${readable}`;
  return new FactUnavailableError(message, { cause });
}

function unreadable(path: string, cause: unknown): Error {
  return new Error(
    `cannot ask the file system of ${path}: ${cause instanceof Error ? cause.message : cause}`,
    { cause },
  );
}

function inBytes(raw: RawFileSystem): FileSystemFacts {
  const blockBytes = raw.frsize || raw.bsize;
  return {
    totalBytes: raw.blocks * blockBytes,
    freeBytes: raw.bfree * blockBytes,
    availableBytes: raw.bavail * blockBytes,
    inodes: raw.files,
    inodesFree: raw.ffree,
  };
}
