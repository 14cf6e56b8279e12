/** Limits of the kernel, processes that nobody waits for, time, and what the machine says of itself. */
import { type Conclusion, type Rule, severityOf } from "../conclusion.ts";
import { quoted, subjectText } from "../evidence.ts";
import { LIMITS } from "../limits.ts";
import { present } from "./wording.ts";

/** Zombies, and whose they are. */
export const zombies: Rule = (evidence) => {
  const total = evidence.largest("zombies");
  const severity = severityOf(total?.value, LIMITS.zombies);
  if (total === undefined || severity === undefined) return [];
  const parents = evidence.all("zombies.of_parent");
  const [parent] = parents;
  return [{
    severity,
    resource: "processes",
    text: `processes have ended that nobody waits for (zombies: ${total.text})` +
      (parent ? `; most are children of ${subjectText(parent.subject)} (${parent.text})` : ""),
    evidence: present(total, ...parents.slice(0, 3)),
    decidedBy: ["zombie::count"],
    next: [
      parent
        ? `A zombie takes only its number. The fault is in pid ${parent.subject.pid}: restarting that parent clears them.`
        : "A zombie takes only its number; the fault is in its parent.",
    ],
  }];
};

/** The system's file handles. */
export const fileHandles: Rule = (evidence) => {
  const used = evidence.largest("fd.used");
  const severity = severityOf(used?.value, LIMITS["fd.used"]);
  if (used === undefined || severity === undefined) return [];
  const holder = evidence.largest("process.fds");
  return [{
    severity,
    resource: "files",
    text: `the system's file handles are used to ${used.text}` +
      (holder ? `; ${subjectText(holder.subject)} holds the most (${holder.text})` : ""),
    evidence: present(used, holder),
    decidedBy: ["filefd::filefd_usage"],
    next: [
      "See what it has open (open_files): a program that does not close its files or sockets has a fault.",
    ],
  }];
};

/** Processes that are about to run out of file descriptors. */
export const descriptorsOfProcess: Rule = (evidence) =>
  evidence.all("process.fds_used").slice(0, 3).flatMap((used): Conclusion[] => {
    const severity = severityOf(used.value, LIMITS["process.fds_used"]);
    if (severity === undefined) return [];
    const held = evidence.largest("process.fds", { pid: used.subject.pid ?? -1 });
    return [{
      severity,
      resource: "files",
      text: `${subjectText(used.subject)} uses ${used.text} of the file descriptors it may have` +
        (held ? ` (${held.text} open)` : ""),
      evidence: present(used, held),
      decidedBy: ["procfd::fd_usage"],
      next: [
        `See what it has open: open_files with pid ${used.subject.pid}; then close the leak or raise LimitNOFILE.`,
      ],
    }];
  });

/** Pressure that the kernel counts, where no other rule speaks of it. */
export const processorPressure: Rule = (evidence) => {
  const some = evidence.largest("psi.cpu.some");
  const severity = severityOf(some?.value, LIMITS["psi.some"]);
  if (some === undefined || severity === undefined) return [];
  const top = evidence.largest("process.cpu");
  return [{
    severity,
    resource: "cpu",
    text: `tasks wait for a processor ${some.text} of the time` +
      (top && top.value > 0 ? `; ${subjectText(top.subject)} takes the most (${top.text} of one)` : ""),
    evidence: present(some, top),
    decidedBy: ["psi::cpu_some"],
    next: [],
  }];
};

/** A clock that is off. */
export const clockOffset: Rule = (evidence) => {
  const offset = evidence.all("clock.offset").sort((a, b) => Math.abs(b.value) - Math.abs(a.value))[0];
  const severity = severityOf(offset && Math.abs(offset.value), LIMITS["clock.offset"]);
  if (offset === undefined || severity === undefined) return [];
  return [{
    severity,
    resource: "time",
    text: `the clock is off by ${offset.text}` +
      (offset.subject.name === undefined ? "" : ` against ${quoted(offset.subject.name)}`),
    evidence: [offset],
    decidedBy: ["ntp::offset"],
    next: ["See whether the time service runs and reaches its servers."],
  }];
};

/** A machine that runs hot. */
export const heat: Rule = (evidence) => {
  const hottest = evidence.largest("thermal");
  const severity = severityOf(hottest?.value, LIMITS.thermal);
  if (hottest === undefined || severity === undefined) return [];
  return [{
    severity,
    resource: "kernel",
    text: `${subjectText(hottest.subject)} is at ${hottest.text}: the processors may slow themselves down`,
    evidence: [hottest],
    next: ["See fans, dust and the room."],
  }];
};

/** Units, containers and the like that are not as they should be. */
export const failedServices: Rule = (evidence) =>
  evidence.all("service.failed").slice(0, 5).map((failed): Conclusion => ({
    severity: "Warning",
    resource: "services",
    text: `${subjectText(failed.subject)} is not as it should be (${failed.text})`,
    evidence: [failed],
    decidedBy: [`systemd::state ${failed.subject.name}`, `docker::container_running ${failed.subject.name}`],
    next: ["Read its log for why it ended, before starting it again."],
  }));

/** All rules of this file. */
export const KERNEL_RULES: readonly Rule[] = [
  zombies,
  fileHandles,
  descriptorsOfProcess,
  processorPressure,
  clockOffset,
  heat,
  failedServices,
];
