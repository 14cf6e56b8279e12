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

/** A source lacks a fact. The message says which, why, and what would unlock it. */
export class FactUnavailableError extends Error {
  override readonly name = "FactUnavailableError";
}

/**
 * The adapter to the host. Implementations: `runtime.ts` (the runtime's own calls), `fixture.ts` (recorded figures).
 * Every method may be called at any time, also while an earlier call is under way.
 * All reject with {@linkcode FactUnavailableError} where the source lacks the fact; none guesses.
 */
export interface HostFacts {
  /** The host's name. */
  hostname(): string;
  /** The first non-loopback IPv4 address, else IPv6, else the loopback's. */
  ip(): string;
  /** What the processors did since boot. */
  cpuTimes(): Promise<CpuTimes>;
  /** Memory and swap. */
  memory(): Promise<MemoryFacts>;
  /** The load averages. */
  loadAverages(): Promise<LoadAverages>;
  /**
   * The file system that `path` lies on. At most one call per path is under way: a second one waits for the first.
   * @throws Error `timed out` when the answer takes longer than the source's deadline (a hung mount).
   */
  fileSystem(path: string): Promise<FileSystemFacts>;
}
