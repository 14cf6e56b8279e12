/** Plays about the host's resources: how much of each is used, who waits for it, and what goes wrong with it. */
import type { EvidenceSet } from "../evidence.ts";
import { LIMITS } from "../limits.ts";
import type { Play, Question } from "./play.ts";

const TOP = 5;

const CPU: readonly Question[] = [
  { tool: "cpu_overview", why: "How busy are the processors, and with what?" },
  { tool: "load", why: "How much work is ready for each processor?" },
  { tool: "top_cpu_processes", args: { count: TOP }, why: "Who takes the processors?" },
];
const MEMORY: readonly Question[] = [
  { tool: "mem_overview", why: "How much memory can still be had, and is swap in use?" },
  { tool: "vmstat_overview", why: "Do pages go out to swap and come back?" },
  { tool: "top_mem_processes", args: { count: TOP }, why: "Who holds the memory?" },
];
const OOM: Question = { tool: "oom_history", why: "Did the kernel end processes for lack of memory?" };
const PSI: Question = { tool: "psi_check", why: "What do tasks wait for?" };
/** Of one resource alone: the verdict about it is not to be about another. */
function pressureOf(resource: "cpu" | "memory" | "io"): Question {
  return { tool: "psi_check", args: { resource }, why: "Do tasks wait for it?" };
}

const IO: readonly Question[] = [
  { tool: "disk_io_latency", why: "Is a device at its limit, or slow?" },
  { tool: "io_top", args: { count: TOP }, why: "Who reads and writes?" },
];
const SPACE: Question = { tool: "disk_overview", why: "Is a file system full, or out of inodes?" };
/** Who does not close what the other side has ended. */
export const CLOSE_WAIT_OWNERS: Question = {
  tool: "close_wait_owners",
  why: "Which program does not close connections that are over?",
};
const ZOMBIES: Question = { tool: "zombies", why: "Are there processes that nobody waits for?" };
const FILE_HANDLES: readonly Question[] = [
  { tool: "filefd_usage", why: "How many file handles are left?" },
  { tool: "filefd_top_procs", args: { count: TOP }, why: "Who has the most files open?" },
];

/** Looks closer at the process that stands out. */
function closer(evidence: EvidenceSet, figure: string): Question[] {
  const pid = evidence.largest(figure)?.subject.pid;
  return pid === undefined ? [] : [
    { tool: "process_detail", args: { pid }, why: `What is process ${pid}?` },
  ];
}

/** Whose open files lie on a full file system: those who write, and those who have the most open. */
function holders(evidence: EvidenceSet): Question[] {
  const full = evidence.all("fs.used").some(({ value }) => value >= LIMITS["fs.used"].warning);
  if (!full) return [];
  const candidates = [
    ...evidence.all("process.write").filter(({ value }) => value > 0),
    ...evidence.all("process.fds"),
  ];
  const pids = [...new Set(candidates.map(({ subject }) => subject.pid).filter((pid) => pid !== undefined))];
  return pids.slice(0, 3).map((pid) => ({
    tool: "open_files",
    args: { pid },
    why: `Does process ${pid} hold files on the full file system?`,
  }));
}

/** See the file's head. */
export const RESOURCE_PLAYS: readonly Play[] = [
  {
    plugins: ["cpu", "load"],
    ask: () => [...CPU, pressureOf("cpu"), {
      tool: "process_list",
      args: { count: TOP },
      why: "Which processes wait for a device?",
    }],
    follow: (evidence) => closer(evidence, "process.cpu"),
  },
  {
    plugins: ["mem"],
    ask: () => [...MEMORY, pressureOf("memory"), OOM],
    follow: (evidence) => closer(evidence, "process.memory"),
  },
  {
    plugins: ["psi"],
    ask: () => [PSI, ...CPU, ...MEMORY, ...IO],
    follow: (evidence) => closer(evidence, "process.cpu"),
  },
  {
    plugins: ["disk"],
    takesTarget: (target) => target.startsWith("/"),
    ask: ({ target, wholeHost }) => [
      { ...SPACE, ...(!wholeHost && target.startsWith("/") && { args: { path: target } }) },
      { tool: "mount_info", why: "Is a file system mounted read-only?" },
      ...IO,
      { tool: "filefd_top_procs", args: { count: TOP }, why: "Who has the most files open?" },
    ],
    follow: holders,
  },
  {
    plugins: ["diskio"],
    ask:
      () => [...IO, { tool: "cpu_overview", why: "Do the processors wait for a device?" }, pressureOf("io")],
    follow: (evidence) => closer(evidence, "process.write"),
  },
  {
    plugins: ["filefd", "procfd"],
    ask: () => FILE_HANDLES,
    follow: (evidence) => closer(evidence, "process.fds_used"),
  },
  {
    plugins: ["zombie", "procnum"],
    ask: () => [ZOMBIES, { tool: "process_list", args: { count: TOP }, why: "Which processes run?" }],
    follow: (evidence) => closer(evidence, "zombies.of_parent"),
  },
  {
    plugins: ["mount"],
    ask: () => [{ tool: "mount_info", why: "What is mounted, and how?" }, SPACE],
  },
  {
    plugins: ["sysctl"],
    ask: () => [{ tool: "sysctl_snapshot", why: "How is the kernel tuned?" }],
  },
  {
    plugins: ["uptime"],
    ask: () => [
      { tool: "uptime_info", why: "When did the host start?" },
      { tool: "kernel_log", why: "What did the kernel say?" },
    ],
  },
];

/** Utilization, saturation and errors of every resource. */
export const SYSTEM_PLAY: Play = {
  plugins: ["system"],
  ask: () => [
    ...CPU,
    ...MEMORY,
    OOM,
    PSI,
    SPACE,
    ...IO,
    { tool: "network_interfaces", why: "Does an interface lose packets?" },
    { tool: "tcp_state_distribution", why: "Do connections pile up?" },
    { tool: "network_listen_ports", why: "Does a listener not accept its connections?" },
    { tool: "tcp_retrans_rate", why: "Does TCP have to send again?" },
    { tool: "softnet_stat", why: "Does the kernel drop packets for lack of processor time?" },
    { tool: "conntrack_stat", why: "How full is the table of connections?" },
    ...FILE_HANDLES,
    ZOMBIES,
    { tool: "thermal_zone", why: "Does the machine run hot?" },
    { tool: "kernel_log", why: "What did the kernel say?" },
    { tool: "service_list_failed", why: "Has a service failed?" },
  ],
  follow: (evidence) => [...holders(evidence), ...sockets(evidence)],
};

/** Whose sockets pile up, and a second look at queues that had something in them. */
function sockets(evidence: EvidenceSet): Question[] {
  const pile = (evidence.largest("tcp.close_wait")?.value ?? 0) >= LIMITS["tcp.close_wait"].warning;
  const queue = evidence.largest("listen.queue") !== undefined;
  return [
    ...(pile ? [CLOSE_WAIT_OWNERS] : []),
    ...(queue ? [{ tool: "listen_overflow", why: "Are connections lost to a queue that is full?" }] : []),
  ];
}
