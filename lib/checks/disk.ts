/** How full a file system is, and whether it answers at all. */
import { bytesText } from "../host/figure_text.ts";
import type { FileSystemFacts, HostFacts } from "../host/host_facts.ts";
import type { Check, Dimension, Finding } from "./check.ts";
import { checkThresholds, rate } from "./thresholds.ts";

/** What the check measures, and its defaults. */
export const SPACE_USAGE: Dimension = {
  plugin: "disk",
  check: "disk::space_usage",
  target: "the mount point",
  figure: "disk space usage",
  unit: "%",
  warnGe: 90,
  criticalGe: 99,
};

/** The label `check` of a file system that does not answer. */
export const DISK_HUNG = "disk::hung";

/** Options of {@linkcode diskCheck}. Thresholds in percent, 0 = off. */
export interface DiskCheckOptions {
  host: HostFacts;
  /** @default "/" */
  mountPoint?: string;
  /** @default 90 */
  warnGe?: number;
  /** @default 99 */
  criticalGe?: number;
}

/**
 * Looks at one file system; make one check for each mount point, so that a hung one holds up no other.
 * @throws RangeError for a threshold below 0.
 */
export function diskCheck(options: DiskCheckOptions): Check {
  const { host, mountPoint = "/", warnGe = SPACE_USAGE.warnGe, criticalGe = SPACE_USAGE.criticalGe } =
    options;
  const thresholds = checkThresholds("disk", { warnGe, criticalGe });
  return {
    plugin: "disk",
    target: mountPoint,
    async gather() {
      let facts: FileSystemFacts;
      try {
        facts = await host.fileSystem(mountPoint);
      } catch (error) {
        if (!(error instanceof Error && error.name === "TimeoutError")) throw error;
        return [answering(mountPoint, false)];
      }
      const findings = [answering(mountPoint, true)];
      const { value, detail } = usage(facts);
      // A file system without blocks (an overlay of nothing, an automounter's root) can be neither full nor empty.
      if (value !== undefined) {
        findings.unshift(rate({ dimension: SPACE_USAGE, target: mountPoint, value, detail }, thresholds));
      }
      return findings;
    },
  };
}

/** As df has it: what is reserved for the superuser counts neither as used nor as free. */
function usage({ totalBytes, freeBytes, availableBytes }: FileSystemFacts) {
  const usedBytes = Math.max(0, totalBytes - freeBytes);
  const usableBytes = usedBytes + availableBytes;
  return {
    value: usableBytes > 0 ? 100 * usedBytes / usableBytes : undefined,
    detail: `${bytesText(usedBytes)} of ${bytesText(usableBytes)} used`,
  };
}

function answering(mountPoint: string, answers: boolean): Finding {
  return {
    labels: { check: DISK_HUNG, target: mountPoint },
    status: answers ? "Ok" : "Critical",
    description: `file system of ${mountPoint} ${answers ? "answers" : "does not answer"}`,
    attrs: { current_value: answers ? "answers" : "no answer", threshold_desc: "must answer in time" },
  };
}
