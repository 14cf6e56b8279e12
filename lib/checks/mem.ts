/** How much of the memory programs can no longer get. */
import { bytesText } from "../host/figure_text.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { Check, Dimension } from "./check.ts";
import { checkThresholds, rate } from "./thresholds.ts";

/** What the check measures, and its defaults. */
export const MEMORY_USAGE: Dimension = {
  plugin: "mem",
  check: "mem::memory_usage",
  target: "memory",
  figure: "memory usage",
  unit: "%",
  warnGe: 85,
  criticalGe: 90,
};

/** Options of {@linkcode memCheck}. Thresholds in percent, 0 = off. */
export interface MemCheckOptions {
  host: HostFacts;
  /** @default 85 */
  warnGe?: number;
  /** @default 90 */
  criticalGe?: number;
}

/** Used is what is not available: caches that can be given up do not count. @throws RangeError for a threshold below 0. */
export function memCheck(options: MemCheckOptions): Check {
  const { host, warnGe = MEMORY_USAGE.warnGe, criticalGe = MEMORY_USAGE.criticalGe } = options;
  const thresholds = checkThresholds("mem", { warnGe, criticalGe });
  return {
    plugin: "mem",
    target: MEMORY_USAGE.target,
    async gather() {
      const { totalBytes, availableBytes } = await host.memory();
      if (totalBytes <= 0) throw new Error("cannot rate memory: the system gives its size as 0");
      const usedBytes = Math.max(0, totalBytes - availableBytes);
      const value = 100 * usedBytes / totalBytes;
      const detail = `${bytesText(usedBytes)} of ${bytesText(totalBytes)} used`;
      return [rate({ dimension: MEMORY_USAGE, target: MEMORY_USAGE.target, value, detail }, thresholds)];
    },
  };
}
