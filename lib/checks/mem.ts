/** How much of the memory programs can no longer get. */
import { table } from "../config/fields.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

/** Memory and swap are one target. */
export const TARGET = "memory";

const options = () => ({
  ...thresholdOptions({ warn: 85, critical: 90, unit: "percent", max: 100 }),
  swap: table(
    thresholdOptions({ warn: 50, critical: 80, unit: "percent", max: 100 }),
    "Thresholds of swap usage; a host without swap has none.",
  ),
});

/** The options of `[[check.mem]]`, read. */
export type MemSettings = SettingsOf<typeof options>;

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
  make: (settings, { host }): Check[] => [
    lazyCheck({ plugin: "mem", target: TARGET }, async () => {
      const { look } = await import("./mem_look.ts");
      return { gather: () => look(settings, host) };
    }),
  ],
});
