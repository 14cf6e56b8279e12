/** Processes that have ended and that nobody has asked about. */
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

/** All processes are one target. */
export const TARGET = "processes";

/** Zombies that were there at the gather before, too. */
export const ZOMBIE_CHECK = defineCheck({
  plugin: "zombie",
  summary: "processes that have ended and that their parents leave lying about",
  dimensions: [{
    dimension: "count",
    target: TARGET,
    figure: "zombie processes that stay",
    source: "`/proc/<pid>/stat`",
    defaults: "warning ≥ 1, critical ≥ 20",
  }],
  options: () => thresholdOptions({ warn: 1, critical: 20, unit: "processes" }),
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ kernel: "/proc" }],
  make: (thresholds, seams): Check[] => [
    lazyCheck({ plugin: "zombie", target: TARGET }, async () => {
      const { ZombieLook } = await import("./zombie_look.ts");
      return new ZombieLook(thresholds, seams);
    }),
  ],
});
