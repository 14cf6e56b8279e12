/** Who holds the memory, and what the lack of it does. */
import { type Rule, severityOf } from "../conclusion.ts";
import { subjectText } from "../evidence.ts";
import { LIMITS } from "../limits.ts";
import { present, withFigure } from "./wording.ts";

/** Memory, and who holds the most of it. */
export const heldMemory: Rule = (evidence) => {
  const used = evidence.largest("memory.used");
  const available = evidence.largest("memory.available");
  const top = evidence.all("process.memory").slice(0, 3);
  const [first] = top;
  if (used === undefined && first === undefined) return [];
  const pressure = evidence.largest("psi.memory.some");
  const presses = severityOf(pressure?.value, LIMITS["psi.some"]);
  const severity = severityOf(used?.value, LIMITS["memory.used"]) ?? presses;
  const share = first && evidence.largest("process.memory_share", { pid: first.subject.pid ?? -1 });
  const holder = first === undefined
    ? ""
    : `${subjectText(first.subject)} holds the most, ${first.text}${share ? ` (${share.text} of all)` : ""}`;
  return [{
    severity: severity ?? "Info",
    resource: "memory",
    text: [
      used && `memory is used to ${used.text}${available ? `, ${available.text} can still be had` : ""}`,
      presses && pressure && `tasks wait for memory ${pressure.text} of the time`,
      holder,
    ].filter(Boolean).join("; "),
    evidence: present(used, available, share, presses && pressure, ...top),
    // That somebody waits for memory is bad whatever the usage.
    decidedBy: presses === undefined ? ["mem::memory_usage"] : [],
    explains: ["mem::memory_usage", "psi::memory_some", "psi::memory_full"],
    next: severity === undefined || first === undefined ? [] : [
      `See whether pid ${first.subject.pid} is meant to hold that much: process_detail and cgroup_usage show its limits.`,
      "Where it grows without end: restart its service at a quiet time, and give its unit a memory limit.",
    ],
  }];
};

/** Pages go out to swap and come back: everything is slow. */
export const swapTraffic: Rule = (evidence) => {
  const used = evidence.largest("swap.used");
  const traffic = evidence.largest("swap.traffic");
  const moving = severityOf(traffic?.value, LIMITS["swap.traffic"]);
  const full = severityOf(used?.value, LIMITS["swap.used"]);
  if (moving === undefined && full === undefined) return [];
  const holders = evidence.all("process.swap").slice(0, 3);
  return [{
    severity: moving ?? full ?? "Warning",
    resource: "memory",
    text: [
      moving && traffic && `the host thrashes: pages swapped at ${traffic.text}`,
      used && `swap is used to ${used.text}`,
      holders[0] && `most of it by ${withFigure(holders[0])}`,
    ].filter(Boolean).join("; "),
    evidence: present(moving && traffic, used, ...holders),
    decidedBy: ["mem::swap_usage"],
    next: ["Free memory before swap: see who holds the most of it (top_mem_processes)."],
  }];
};

/** The kernel ended processes because there was no memory left. What is long ago is worth knowing, no more. */
export const outOfMemory: Rule = (evidence) => {
  const kills = evidence.largest("oom.kills");
  const victims = evidence.all("oom.victim").reverse(); // the latest first
  const [latest] = victims;
  if (latest === undefined && !(kills !== undefined && kills.value > 0)) return [];
  const recent = latest !== undefined && latest.value < RECENT_SEC;
  return [{
    severity: recent ? "Warning" : "Info",
    resource: "memory",
    text: "the kernel has ended processes for lack of memory" +
      (latest ? `: the latest was ${subjectText(latest.subject)}, ${latest.text} ago` : "") +
      (kills ? `; since it started: ${kills.text}` : ""),
    evidence: present(kills, ...victims.slice(0, 5)),
    next: [
      "See what was ended, when, and in which group: oom_history; then raise the limit or lower the demand.",
    ],
  }];
};

/** One day. */
const RECENT_SEC = 86_400;

/** All rules of this file. */
export const MEMORY_RULES: readonly Rule[] = [heldMemory, swapTraffic, outOfMemory];
