/** Processes that are about to run out of files that they may open. */
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

/** All processes are one target. */
export const TARGET = "processes";

/** The process that has used most of its limit stands for all. */
export const PROCFD_CHECK = defineCheck({
  plugin: "procfd",
  summary: "how many of the files that a process may open it has open, for the worst of them",
  dimensions: [{
    dimension: "fd_usage",
    target: TARGET,
    figure: "open files of the worst process",
    source: "`/proc/<pid>/fd`, `limits`",
    defaults: "warning ≥ 80 %, critical ≥ 90 %",
  }],
  options: () =>
    thresholdOptions({ warn: 80, critical: 90, unit: "percent of the process's own limit", max: 100 }),
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ kernel: "/proc" }],
  make: (thresholds, seams): Check[] => [
    lazyCheck({ plugin: "procfd", target: TARGET }, async () => {
      const { ProcfdLook } = await import("./procfd_look.ts");
      return new ProcfdLook(thresholds, seams);
    }),
  ],
});
