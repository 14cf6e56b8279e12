/** How busy the processors are, and how much waits for them. */
import { table } from "../config/fields.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

/** All processors are one target. */
export const TARGET = "cpu";

const options = () => ({
  ...thresholdOptions({ warn: 80, critical: 90, unit: "percent", max: 100 }),
  load: table(
    thresholdOptions({ warn: 3, critical: 5, unit: "load per processor" }),
    "Thresholds of the 5-minute load average, divided among the processors.",
  ),
});

/** The options of `[[check.cpu]]`, read. */
export type CpuSettings = SettingsOf<typeof options>;

/** Processor usage since the last gather, and load. */
export const CPU_CHECK = defineCheck({
  plugin: "cpu",
  summary: "how busy the processors are, and how much waits for them",
  dimensions: [
    {
      dimension: "cpu_usage",
      target: TARGET,
      figure: "processor usage",
      source: "`/proc/stat`, or the runtime",
      defaults: "warning ≥ 80 %, critical ≥ 90 %",
    },
    {
      dimension: "load_average",
      target: TARGET,
      figure: "5-minute load per processor",
      source: "`/proc/loadavg`, or the runtime",
      defaults: "warning ≥ 3, critical ≥ 5",
    },
  ],
  options,
  pace: { for: "2m" },
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ fact: "cpuTimes" }, { fact: "loadAverages" }],
  make: (settings, seams): Check[] => [
    lazyCheck({ plugin: "cpu", target: TARGET }, async () => {
      const { CpuLook } = await import("./cpu_look.ts");
      return new CpuLook(settings, seams);
    }),
  ],
});
