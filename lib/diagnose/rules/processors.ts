/** Who keeps the processors busy, and what they wait for. */
import { type Conclusion, type Rule, severityOf } from "../conclusion.ts";
import { type Evidence, subjectText } from "../evidence.ts";
import { LIMITS } from "../limits.ts";
import { listed, textOf } from "./wording.ts";

/** The processors are busy: which process takes the most of them. */
export const busyProcessors: Rule = (evidence) => {
  const usage = evidence.largest("cpu.usage");
  const top = evidence.all("process.cpu").filter(({ value }) => value > 0).slice(0, 3);
  const [first] = top;
  if (usage === undefined && first === undefined) return [];
  const severity = severityOf(usage?.value, LIMITS["cpu.usage"]);
  const taker = first === undefined
    ? ""
    : `${subjectText(first.subject)} takes the most, ${first.text} of one processor`;
  return [{
    severity: severity ?? "Info",
    resource: "cpu",
    text: [usage && `the processors are busy ${textOf(usage)} of the time`, taker].filter(Boolean).join("; "),
    evidence: [usage, ...top].filter((one) => one !== undefined),
    decidedBy: ["cpu::cpu_usage"],
    next: severity === undefined || first === undefined ? [] : [
      `Look at what pid ${first.subject.pid} is doing: process_detail and proc_threads with that pid show it.`,
      "Where it must not take that much: lower its priority, or give its unit a CPU quota, before ending it.",
    ],
  }];
};

/** The load is high while the processors are not: processes wait for a device, not for a processor. */
export const loadWithoutProcessors: Rule = (evidence) => {
  const load = evidence.largest("load.per_core");
  const usage = evidence.largest("cpu.usage");
  const waiting = evidence.all("process.blocked");
  const severity = severityOf(load?.value, LIMITS["load.per_core"]);
  const blocked = evidence.largest("processes.blocked");
  const many = severityOf(blocked?.value, LIMITS["processes.blocked"]);
  if (severity === undefined && many === undefined) return [];
  const busy = severityOf(usage?.value, LIMITS["cpu.usage"]) !== undefined;
  if (busy && many === undefined) return [loadOfWork(severity ?? "Info", load)];
  const who = waiting.length > 0
    ? `processes that cannot be interrupted: ${listed(waiting)}`
    : blocked !== undefined
    ? `${blocked.text} processes wait for a device`
    : "no process was seen waiting for a device";
  return [{
    severity: severity ?? many ?? "Warning",
    resource: "cpu",
    text: `${load ? `the load per processor is ${load.text} while ` : ""}` +
      `${usage ? `the processors are busy ${usage.text}: ` : "the processors are not the cause: "}${who}`,
    evidence: [load, usage, blocked, ...waiting.slice(0, 5)].filter((one) => one !== undefined),
    decidedBy: ["cpu::load_average"],
    next: [
      "See which file system or device those processes wait for (open_files, disk_io_latency); a dead network " +
      "mount is the usual cause.",
    ],
  }];
};

function loadOfWork(severity: Conclusion["severity"], load: Evidence | undefined): Conclusion {
  return {
    severity,
    resource: "cpu",
    text: `more work is ready than the processors can do: the load per processor is ${load?.text}`,
    evidence: load === undefined ? [] : [load],
    decidedBy: ["cpu::load_average"],
    next: [],
  };
}

/** The hypervisor gives the processors to others. */
export const stolenTime: Rule = (evidence) => {
  const steal = evidence.largest("cpu.steal");
  const severity = severityOf(steal?.value, LIMITS["cpu.steal"]);
  if (steal === undefined || severity === undefined) return [];
  return [{
    severity,
    resource: "cpu",
    text: `the hypervisor withholds ${steal.text} of the processors' time`,
    evidence: [steal],
    next: ["Nothing on this host helps: move it, or ask for more of the physical processors."],
  }];
};

/** All rules of this file. */
export const PROCESSOR_RULES: readonly Rule[] = [busyProcessors, loadWithoutProcessors, stolenTime];
