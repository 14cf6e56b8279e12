/** One look at the memory. */
import { bytesText, percentText } from "../host/figure_text.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { Finding } from "./check.ts";
import { type MemSettings, TARGET } from "./mem.ts";
import { rateFigure, type Thresholds } from "./rating.ts";

/** Memory, and swap where there is any. */
export async function look(settings: MemSettings, host: HostFacts): Promise<Finding[]> {
  const { totalBytes, availableBytes, swapTotalBytes, swapFreeBytes } = await host.memory();
  if (totalBytes <= 0) throw new Error("cannot rate memory: the system gives its size as 0");
  const memory = usage("memory", totalBytes, availableBytes, settings);
  return swapTotalBytes > 0
    ? [memory, usage("swap", swapTotalBytes, swapFreeBytes, settings.swap)]
    : [memory];
}

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
