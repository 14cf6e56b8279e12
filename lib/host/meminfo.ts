/** `/proc/meminfo`. */
import type { MemoryFacts } from "./host_facts.ts";
import { fieldsOf, kilobytesOf } from "./kernel_text.ts";

/** Every line of `/proc/meminfo` that is an amount of memory, in bytes, by its usual name (`MemTotal`). */
export type Meminfo = ReadonlyMap<string, number>;

/** Never throws. Lines without a unit (`HugePages_Total`) are counts, not amounts, and left out. */
export function parseMeminfo(text: string): Meminfo {
  const amounts = new Map<string, number>();
  for (const [key, value] of fieldsOf(text)) {
    const bytes = value.includes("kB") ? kilobytesOf(value) : undefined;
    if (bytes !== undefined) amounts.set(key, bytes);
  }
  return amounts;
}

/**
 * What programs can still get without swapping: as the kernel estimates it, or, for kernels before 3.14, estimated
 * alike: free memory and file caches, less what the kernel keeps for itself and half of the caches at most.
 *
 * @param minFreeBytes `vm.min_free_kbytes`, in bytes; only old kernels need it.
 * @returns undefined where the figures for it are missing.
 */
export function availableBytes(meminfo: Meminfo, minFreeBytes = 0): number | undefined {
  const told = meminfo.get("MemAvailable");
  if (told !== undefined) return told;
  const freeBytes = meminfo.get("MemFree");
  if (freeBytes === undefined) return undefined;
  const lowMarkBytes = minFreeBytes * 5 / 4; // how the kernel sets its low watermark
  const cacheBytes = fileCacheBytes(meminfo);
  const slabBytes = meminfo.get("SReclaimable") ?? 0;
  const spare = (bytes: number) => bytes - Math.min(bytes / 2, lowMarkBytes);
  const estimate = freeBytes - lowMarkBytes + spare(cacheBytes) + spare(slabBytes);
  return Math.round(Math.min(meminfo.get("MemTotal") ?? estimate, Math.max(0, estimate)));
}

/** Pages of files. `Cached` counts shared memory too, which nobody can give up. */
function fileCacheBytes(meminfo: Meminfo): number {
  const active = meminfo.get("Active(file)");
  const inactive = meminfo.get("Inactive(file)");
  if (active !== undefined && inactive !== undefined) return active + inactive;
  return Math.max(0, (meminfo.get("Cached") ?? 0) - (meminfo.get("Shmem") ?? 0));
}

/** The figures of {@linkcode HostFacts.memory}, or undefined where a needed one is missing. */
export function memoryFacts(meminfo: Meminfo, minFreeBytes?: number): MemoryFacts | undefined {
  const totalBytes = meminfo.get("MemTotal");
  const available = availableBytes(meminfo, minFreeBytes);
  if (totalBytes === undefined || available === undefined) return undefined;
  return {
    totalBytes,
    availableBytes: Math.min(available, totalBytes),
    swapTotalBytes: meminfo.get("SwapTotal") ?? 0,
    swapFreeBytes: meminfo.get("SwapFree") ?? 0,
  };
}
