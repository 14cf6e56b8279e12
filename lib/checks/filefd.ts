/** How many files the whole system may still open. */
import { parseFileNr } from "../host/file_nr.ts";
import { percentText } from "../host/figure_text.ts";
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { rateFigure, thresholdOptions } from "./rating.ts";

const TARGET = "system";
const FILE = "/proc/sys/fs/file-nr";

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
  make: (settings, { host }): Check[] => [{
    plugin: "filefd",
    target: TARGET,
    async gather() {
      const figures = parseFileNr(await host.text(FILE));
      if (figures === undefined || figures.max <= 0) {
        throw new Error(`cannot rate open files: ${FILE} is not what a kernel writes`);
      }
      const open = Math.max(0, figures.allocated - figures.free);
      return [rateFigure({
        check: "filefd::filefd_usage",
        target: TARGET,
        subject: "open files of the system",
        value: 100 * open / figures.max,
        show: percentText,
        showThreshold: (value) => `${value} %`,
        detail: `${open} of ${figures.max} open`,
      }, settings)];
    },
  }],
});
