/** One look at how many files are open. */
import { percentText } from "../host/figure_text.ts";
import { parseFileNr } from "../host/file_nr.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { Finding } from "./check.ts";
import { FILE, TARGET } from "./filefd.ts";
import { rateFigure, type Thresholds } from "./rating.ts";

/** What the kernel's file-nr says. */
export async function look(thresholds: Thresholds, host: HostFacts): Promise<Finding[]> {
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
  }, thresholds)];
}
