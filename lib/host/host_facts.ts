/** What the agent knows of its host, whatever the source. */

/** Ticks of all processors together since boot, in milliseconds. Only differences say something. */
export interface CpuTimes {
  /** Not idle. */
  readonly busyMs: number;
  /** Busy and idle. */
  readonly totalMs: number;
  /** How many logical processors there are. */
  readonly processors: number;
}

/** Memory, in bytes. `availableBytes` is what programs can still get without swapping. */
export interface MemoryFacts {
  /** All there is. */
  readonly totalBytes: number;
  /** What programs can still get. */
  readonly availableBytes: number;
  /** All swap; 0 when there is none. */
  readonly swapTotalBytes: number;
  /** Swap that is not in use. */
  readonly swapFreeBytes: number;
}

/** The load averages over 1, 5 and 15 minutes. */
export type LoadAverages = readonly [number, number, number];

/** One file system, in bytes and inodes. `availableBytes` is what an unprivileged process can still get. */
export interface FileSystemFacts {
  /** All there is. */
  readonly totalBytes: number;
  /** Not in use, reserved blocks included. */
  readonly freeBytes: number;
  /** What an unprivileged process can still get. */
  readonly availableBytes: number;
  /** All inodes; 0 where the file system does not count them. */
  readonly inodes: number;
  /** Inodes not in use. */
  readonly inodesFree: number;
}

/** One address of one network interface. */
export interface InterfaceAddress {
  /** The interface's. */
  readonly name: string;
  /** The address's. */
  readonly family: "IPv4" | "IPv6";
  /** As it is written, without a zone. */
  readonly address: string;
  /** As an address of the same family. */
  readonly netmask: string;
  /** Six bytes in hex with colons; zeros where there is none. */
  readonly mac: string;
}

/** Options of {@linkcode HostFacts.text}. */
export interface KernelTextOptions {
  /**
   * The most that is read; what is longer is cut there.
   * @default 4194304
   */
  maxBytes?: number;
}

/** A source lacks a fact. The message says which, why, and what would unlock it. */
export class FactUnavailableError extends Error {
  override readonly name = "FactUnavailableError";
}

/**
 * The adapter to the host. Implementations: `procfs.ts` (the kernel's files), `runtime.ts` (the runtime's own calls),
 * `fixture.ts` (recorded figures).
 * Every method may be called at any time, also while an earlier call is under way.
 * All reject with {@linkcode FactUnavailableError} where the source lacks the fact; none guesses. All that can hang
 * end with a `TimeoutError` at the source's deadline, and have one call under way at most per path: a second caller
 * waits for the first's.
 */
export interface HostFacts {
  /** The host's name. */
  hostname(): string;
  /** The first non-loopback IPv4 address, else IPv6, else the loopback's. */
  ip(): string;
  /** Every address of every interface. */
  interfaces(): Promise<InterfaceAddress[]>;
  /** Since the host started, in seconds. */
  uptimeSec(): Promise<number>;
  /** What the processors did since boot. */
  cpuTimes(): Promise<CpuTimes>;
  /** Memory and swap. */
  memory(): Promise<MemoryFacts>;
  /** The load averages. */
  loadAverages(): Promise<LoadAverages>;
  /**
   * The file system that `path` lies on.
   * @throws Error `timed out` when the answer takes longer than the source's deadline (a hung mount).
   */
  fileSystem(path: string): Promise<FileSystemFacts>;
  /**
   * The text of one of the kernel's files, named by its usual path (`/proc/net/dev`, `/sys/class/net/eth0/operstate`)
   * wherever the source keeps it. NUL bytes are kept.
   * @throws Deno.errors.NotFound where the kernel has no such file (a module that is not loaded, a process that ended).
   */
  text(path: string, options?: KernelTextOptions): Promise<string>;
  /** The names in one of the kernel's folders, sorted. @throws Deno.errors.NotFound as {@linkcode text} does. */
  list(path: string): Promise<string[]>;
  /** Where one of the kernel's links points (`/proc/1/exe`). @throws Deno.errors.NotFound as {@linkcode text} does. */
  link(path: string): Promise<string>;
}
