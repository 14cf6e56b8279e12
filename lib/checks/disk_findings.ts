/** What there is to say about one file system. */
import { bytesText, percentText } from "../host/figure_text.ts";
import type { FileSystemFacts } from "../host/host_facts.ts";
import type { Finding } from "./check.ts";
import { rateFigure, rateState, type Thresholds } from "./rating.ts";

/** A file system without blocks (an automounter's root) can be neither full nor empty; many count no inodes. */
export function usageFindings(
  mountPoint: string,
  facts: FileSystemFacts,
  thresholds: Thresholds & { readonly inodes: Thresholds },
): Finding[] {
  const findings: Finding[] = [];
  // As df has it: what is reserved for the superuser counts neither as used nor as free.
  const usedBytes = Math.max(0, facts.totalBytes - facts.freeBytes);
  const usableBytes = usedBytes + Math.max(0, facts.availableBytes);
  if (usableBytes > 0) {
    findings.push(rateFigure({
      check: "disk::space_usage",
      target: mountPoint,
      subject: `disk space usage of ${mountPoint}`,
      value: 100 * usedBytes / usableBytes,
      show: percentText,
      showThreshold: (value) => `${value} %`,
      detail: `${bytesText(usedBytes)} of ${bytesText(usableBytes)} used`,
    }, thresholds));
  }
  if (facts.inodes > 0) {
    const usedInodes = Math.max(0, facts.inodes - facts.inodesFree);
    findings.push(rateFigure({
      check: "disk::inode_usage",
      target: mountPoint,
      subject: `inode usage of ${mountPoint}`,
      value: 100 * usedInodes / facts.inodes,
      show: percentText,
      showThreshold: (value) => `${value} %`,
      detail: `${usedInodes} of ${facts.inodes} inodes used`,
    }, thresholds.inodes));
  }
  return findings;
}

const HUNG = { check: "disk::hung", expected: "must answer in time" };

/** Whether it answers. */
export function answering(mountPoint: string, answers: boolean): Finding {
  return rateState({
    ...HUNG,
    target: mountPoint,
    ok: answers,
    description: `file system of ${mountPoint} ${answers ? "answers" : "does not answer"}`,
    current: answers ? "answers" : "no answer",
  });
}

/** It answers, but with an error (a stale handle, a disk that is gone): as bad as no answer. */
export function failing(mountPoint: string, error: unknown): Finding {
  const reason = error instanceof Error ? error.message : String(error);
  return rateState({ ...HUNG, target: mountPoint, ok: false, description: reason, current: "error" });
}
