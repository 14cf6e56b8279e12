/** How much of the memory programs can no longer get. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { bytesText, percentText } from "../host/figure_text.ts";
import type { Check, Finding } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { rateFigure, thresholdOptions, type Thresholds } from "./rating.ts";

const TARGET = "memory";

const options = () => ({
  ...thresholdOptions({ warn: 85, critical: 90, unit: "percent", max: 100 }),
  swap: about(
    z.prefault(z.strictObject(thresholdOptions({ warn: 50, critical: 80, unit: "percent", max: 100 })), {}),
    "Thresholds of swap usage; a host without swap has none.",
  ),
});

/** Used is what is not available: caches that can be given up do not count, shared memory does. */
export const MEM_CHECK = defineCheck({
  plugin: "mem",
  summary: "how much of the memory and of the swap is used",
  dimensions: [
    {
      dimension: "memory_usage",
      target: TARGET,
      figure: "memory usage",
      source: "`/proc/meminfo`, or the runtime",
      defaults: "warning ≥ 85 %, critical ≥ 90 %",
    },
    {
      dimension: "swap_usage",
      target: TARGET,
      figure: "swap usage",
      source: "`/proc/meminfo`, or the runtime",
      defaults: "warning ≥ 50 %, critical ≥ 80 %",
    },
  ],
  options,
  pace: { for: "1m" },
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ fact: "memory" }],
  make: (settings, { host }): Check[] => [{
    plugin: "mem",
    target: TARGET,
    async gather() {
      const { totalBytes, availableBytes, swapTotalBytes, swapFreeBytes } = await host.memory();
      if (totalBytes <= 0) throw new Error("cannot rate memory: the system gives its size as 0");
      const memory = usage("memory", totalBytes, availableBytes, settings);
      return swapTotalBytes > 0
        ? [memory, usage("swap", swapTotalBytes, swapFreeBytes, settings.swap)]
        : [memory];
    },
  }],
});

function usage(kind: string, totalBytes: number, freeBytes: number, thresholds: Thresholds): Finding {
  const usedBytes = Math.max(0, totalBytes - freeBytes);
  return rateFigure({
    check: `mem::${kind}_usage`,
    target: TARGET,
    subject: `${kind} usage`,
    value: 100 * usedBytes / totalBytes,
    show: percentText,
    showThreshold: (value) => `${value} %`,
    detail: `${bytesText(usedBytes)} of ${bytesText(totalBytes)} used`,
  }, thresholds);
}
