/** From figures and the checks' findings to what is wrong. Pure: the same figures, the same conclusions. */
import type { Finding } from "../checks/check.ts";
import { type Conclusion, type Rule, SEVERITIES } from "./conclusion.ts";
import type { EvidenceSet } from "./evidence.ts";
import { DISK_RULES } from "./rules/disks.ts";
import { KERNEL_RULES } from "./rules/kernel.ts";
import { MEMORY_RULES } from "./rules/memory.ts";
import { NETWORK_RULES } from "./rules/network.ts";
import { PROCESSOR_RULES } from "./rules/processors.ts";
import { REACH_RULES } from "./rules/reach.ts";

const RULES: readonly Rule[] = [
  ...DISK_RULES,
  ...MEMORY_RULES,
  ...PROCESSOR_RULES,
  ...NETWORK_RULES,
  ...KERNEL_RULES,
  ...REACH_RULES,
];

/** What follows. */
export interface Correlation {
  /** The worst first. What a check is content with is `Info` at most. */
  readonly conclusions: readonly Conclusion[];
  /** The findings that are not well and that no conclusion speaks of, the worst first. */
  readonly unexplained: readonly Finding[];
}

/** Lets every rule look, and the checks' thresholds decide where there are any. */
export function correlate(evidence: EvidenceSet, findings: readonly Finding[]): Correlation {
  const explained = new Set<Finding>();
  const conclusions = RULES.flatMap((rule) => rule(evidence)).map((conclusion): Conclusion => {
    const { decidedBy = [], explains = [], severity } = conclusion;
    const deciding = findings.filter((finding) => isOneOf(finding, decidedBy));
    const told = findings.filter((finding) => isOneOf(finding, explains) || deciding.includes(finding));
    for (const finding of told) explained.add(finding);
    const [decided] = deciding.map(({ status }) => status).sort(bySeverity);
    const [worst] = told.map(({ status }) => status).concat(decided ?? severity).sort(bySeverity);
    return { ...conclusion, severity: worst === undefined || worst === "Ok" ? "Info" : worst };
  });
  return {
    conclusions: conclusions.sort((a, b) => bySeverity(a.severity, b.severity)),
    unexplained: findings.filter((finding) => finding.status !== "Ok" && !explained.has(finding))
      .sort((a, b) => bySeverity(a.status, b.status)),
  };
}

function isOneOf({ labels: { check, target } }: Finding, names: readonly string[]): boolean {
  return names.includes(check) || names.includes(`${check} ${target}`);
}

function bySeverity(a: Finding["status"], b: Finding["status"]): number {
  return rank(a) - rank(b);
}

function rank(status: Finding["status"]): number {
  return status === "Ok" ? SEVERITIES.length : SEVERITIES.indexOf(status);
}
