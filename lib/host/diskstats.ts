/** `/proc/diskstats`. */
import { countOf, linesOf, wordsOf } from "./kernel_text.ts";

/** What the kernel calls a sector here, whatever the device's own. */
export const SECTOR_BYTES = 512;

/** One device's counters since boot. What a kernel does not count is left out. */
export interface DiskStats {
  readonly device: string;
  readonly major: number;
  readonly minor: number;
  readonly reads: number;
  readonly readsMerged: number;
  readonly sectorsRead: number;
  /** All reads' waiting and serving together. */
  readonly readMs: number;
  readonly writes: number;
  readonly writesMerged: number;
  readonly sectorsWritten: number;
  readonly writeMs: number;
  /** Not a counter: under way now. */
  readonly inFlight: number;
  /** Time with anything under way. */
  readonly busyMs: number;
  /** {@linkcode busyMs} times what was under way. */
  readonly weightedMs: number;
  /** Since Linux 4.18. */
  readonly discards?: number;
  readonly sectorsDiscarded?: number;
  readonly discardMs?: number;
  /** Since Linux 5.5. */
  readonly flushes?: number;
  readonly flushMs?: number;
}

/** Never throws; a line with fewer figures than any kernel since 2.6.25 writes is skipped. */
export function parseDiskstats(text: string): DiskStats[] {
  return linesOf(text).flatMap((line) => statsOf(wordsOf(line)) ?? []);
}

/** Requests that a device finished, and the time they took together: what its latency is computed from. */
export function finishedRequests(stats: DiskStats): { requests: number; waitMs: number } {
  const { reads, writes, discards = 0, readMs, writeMs, discardMs = 0 } = stats;
  return { requests: reads + writes + discards, waitMs: readMs + writeMs + discardMs };
}

function statsOf(words: readonly string[]): DiskStats | undefined {
  const device = words[2];
  const [major, minor] = words.map(countOf);
  const figures = words.slice(3).map(countOf);
  if (device === undefined || major === undefined || minor === undefined) return undefined;
  const needed = figures.slice(0, 11);
  if (needed.length < 11 || needed.includes(undefined)) return undefined;
  const [
    reads,
    readsMerged,
    sectorsRead,
    readMs,
    writes,
    writesMerged,
    sectorsWritten,
    writeMs,
    inFlight,
    busyMs,
    weightedMs,
  ] = needed as number[] & { length: 11 };
  const [discards, , sectorsDiscarded, discardMs, flushes, flushMs] = figures.slice(11);
  const known = {
    device,
    major,
    minor,
    reads,
    readsMerged,
    sectorsRead,
    readMs,
    writes,
    writesMerged,
    sectorsWritten,
    writeMs,
    inFlight,
    busyMs,
    weightedMs,
  } as DiskStats;
  return {
    ...known,
    ...(discards !== undefined && { discards }),
    ...(sectorsDiscarded !== undefined && { sectorsDiscarded }),
    ...(discardMs !== undefined && { discardMs }),
    ...(flushes !== undefined && { flushes }),
    ...(flushMs !== undefined && { flushMs }),
  };
}
