/** Giving memory back that a burst of work has left behind. */
import v8 from "node:v8";
import vm from "node:vm";
import type { Logger } from "@logtape/logtape";

/** Options of {@linkcode relieveMemory}. */
export interface MemoryReliefOptions {
  logger: Logger;
  /** How often to look. @default 1 s */
  intervalMs?: number;
  /** How much garbage, at most, is worth collecting. @default 8 MiB */
  growthBytes?: number;
}

/**
 * Looks now and then how much the heap, and what hangs on it, has grown, and has it collected. Left to itself the
 * runtime keeps what a burst took for as long as nothing else happens, and an agent has long quiet times: 100,000
 * events leave 100 MiB behind, of which 5 MiB are in use.
 *
 * @returns ends it. Where the runtime does not offer its collector, nothing is done.
 */
export function relieveMemory(options: MemoryReliefOptions): Disposable {
  const { logger, intervalMs = 1000, growthBytes = 8 * 1024 * 1024 } = options;
  // Looked for when it is needed first: finding it takes time and memory, and a start has little of both.
  let collect: (() => void) | null | undefined;
  let floorBytes = 0; // so that what the start leaves behind goes, too
  let lastBytes = heldBytes();
  const timer = setInterval(() => {
    const before = heldBytes();
    const isQuiet = Math.abs(before - lastBytes) < QUIET_BYTES;
    lastBytes = before;
    floorBytes = Math.min(floorBytes, before);
    // Collecting takes tens of milliseconds: better after a burst than in it, unless it goes on and on.
    if (before - floorBytes < growthBytes * (isQuiet ? 1 : BUSY_FACTOR)) return;
    collect ??= collector() ?? null;
    if (collect === null) {
      logger.debug("memory.no_collector");
      return clearInterval(timer);
    }
    const startMs = performance.now();
    collect();
    floorBytes = lastBytes = heldBytes();
    const freedMiB = Math.round((before - floorBytes) / 2 ** 20);
    logger.debug("memory.collected", { freedMiB, tookMs: Math.round(performance.now() - startMs) });
  }, intervalMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The heap of an agent that does nothing changes by less than this between two looks. */
const QUIET_BYTES = 1024 * 1024;

/** How much more garbage there must be to be collected in the middle of work. */
const BUSY_FACTOR = 4;

/** What the heap has taken from the system, and what its objects hold outside it. */
function heldBytes(): number {
  const { heapTotal, external } = Deno.memoryUsage();
  return heapTotal + external;
}

/** The runtime's, where it was started with it; else only a context that is made after the flag was set knows it. */
function collector(): (() => void) | undefined {
  const { gc } = globalThis as { gc?: unknown };
  if (typeof gc === "function") return () => void gc();
  try {
    v8.setFlagsFromString("--expose_gc");
    const collect: unknown = vm.runInNewContext("gc");
    return typeof collect === "function" ? () => void collect() : undefined;
  } catch {
    return undefined;
  }
}
