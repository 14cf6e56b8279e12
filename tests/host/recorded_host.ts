import { FixtureFacts, type RecordedFacts } from "../../lib/host/fixture.ts";
import type { FileSystemFacts } from "../../lib/host/host_facts.ts";

export const GIB = 1024 ** 3;

/** A file system of 100 GiB of which 5 GiB are kept for the superuser. */
export function fileSystem(usedBytes: number): FileSystemFacts {
  const totalBytes = 100 * GIB;
  const freeBytes = totalBytes - usedBytes;
  return {
    totalBytes,
    freeBytes,
    availableBytes: Math.max(0, freeBytes - 5 * GIB),
    inodes: 1000,
    inodesFree: 900,
  };
}

/** Processor readings whose differences are these percentages, 1000 ms apart. */
export function cpuReadings(...percents: number[]) {
  let busyMs = 50_000;
  let totalMs = 200_000;
  return [0, ...percents].map((percent) => {
    busyMs += 40 * percent;
    totalMs += 4000; // a second of four processors
    return { busyMs, totalMs, processors: 4 };
  });
}

/** A host where all is well, with what a test wants otherwise. */
export function recordedHost(facts: RecordedFacts = {}): FixtureFacts {
  return new FixtureFacts({
    hostname: "web-1",
    ip: "192.0.2.7",
    cpuTimes: cpuReadings(12.5),
    memory: { totalBytes: 16 * GIB, availableBytes: 12 * GIB, swapTotalBytes: 0, swapFreeBytes: 0 },
    loadAverages: [0.5, 1, 2],
    fileSystems: { "/": fileSystem(38 * GIB) },
    ...facts,
  });
}
