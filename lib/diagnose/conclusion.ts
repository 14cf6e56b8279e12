/** What follows from the figures. */
import type { Finding } from "../checks/check.ts";
import type { Evidence, EvidenceSet, Resource } from "./evidence.ts";

/** How bad it is. `Info` is worth knowing, and no fault. */
export type Severity = Exclude<Finding["status"], "Ok">;

/** The worst first. */
export const SEVERITIES: readonly Severity[] = ["Critical", "Warning", "Info"];

/** One thing that follows from the figures. */
export interface Conclusion {
  readonly severity: Severity;
  readonly resource: Resource;
  /** One clause: what is wrong, and who is at it. Plain text; foreign words in it are quoted. */
  readonly text: string;
  /** The figures in it, and those that it rests on. */
  readonly evidence: readonly Evidence[];
  /**
   * The checks' findings that speak of the very same figure, as `<check>` or `<check> <target>`. Where there is one, its
   * status takes the place of `severity`: thresholds are the configuration's.
   */
  readonly decidedBy?: readonly string[];
  /** Findings that this tells the reason of, written likewise: one that is worse than `severity` takes its place. */
  readonly explains?: readonly string[];
  /** What to do, the safest first. Plain text. */
  readonly next: readonly string[];
}

/** Concludes from the figures of a run. Pure. */
export type Rule = (evidence: EvidenceSet) => Conclusion[];

/** From where on a figure is bad, where no check is there to say so. */
export interface Limit {
  readonly warning: number;
  readonly critical: number;
}

/** How bad a figure is; undefined when it is not. */
export function severityOf(value: number | undefined, { warning, critical }: Limit): Severity | undefined {
  if (value === undefined || !(value >= warning)) return undefined;
  return value >= critical ? "Critical" : "Warning";
}
