/** How many files the whole system may still open. */
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

/** The limit is the whole system's. */
export const TARGET = "system";

/** What the kernel tells of it. */
export const FILE = "/proc/sys/fs/file-nr";

/** Open files of the system against `fs.file-max`. */
export const FILEFD_CHECK = defineCheck({
  plugin: "filefd",
  summary: "how many of the files that the whole system may open are open",
  dimensions: [{
    dimension: "filefd_usage",
    target: TARGET,
    figure: "open files of the system",
    source: `\`${FILE}\``,
    defaults: "warning ≥ 80 %, critical ≥ 90 %",
  }],
  options: () => thresholdOptions({ warn: 80, critical: 90, unit: "percent", max: 100 }),
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ kernel: FILE }],
  make: (thresholds, { host }): Check[] => [
    lazyCheck({ plugin: "filefd", target: TARGET }, async () => {
      const { look } = await import("./filefd_look.ts");
      return { gather: () => look(thresholds, host) };
    }),
  ],
});
