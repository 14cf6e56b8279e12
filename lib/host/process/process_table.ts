/** The processes of the host. */
import { FactUnavailableError, type HostFacts } from "../host_facts.ts";
import { parseProcessStat, type ProcessStat } from "./process_stat.ts";
import { parseProcessStatus } from "./process_status.ts";
import { vanished } from "./vanished.ts";

/** What is worth knowing of a process first. */
export interface ProcessFacts {
  readonly pid: number;
  readonly ppid: number;
  /** The first 15 bytes of the program's name, as the process has it. */
  readonly name: string;
  /** One letter: `R`, `S`, `D`, `Z`, `T`, `t`, `I`. */
  readonly state: string;
  /** The real user; undefined where the system hides it. */
  readonly uid: number | undefined;
  readonly threads: number;
  /** Memory in RAM, in bytes; 0 for a thread of the kernel and for a zombie. */
  readonly rssBytes: number;
  /** Processor time since it started, in ticks of 10 ms. */
  readonly cpuTicks: number;
  /** When it started, in ticks since boot. With the pid it names one process for good. */
  readonly startTicks: number;
  /** The arguments, apart from each other; empty for a thread of the kernel and a zombie. Secrets are in it. */
  readonly args: readonly string[];
  /** The same with blanks in between. Secrets are in it: mask them before it leaves the host. */
  readonly cmdline: string;
}

/** Options of {@linkcode readProcesses}. */
export interface ReadProcessesOptions {
  /**
   * Whether to read command lines, which costs most.
   * @default true
   */
  cmdline?: boolean;
  /** Ends it between two groups of processes. */
  signal?: AbortSignal;
}

/** A long command line says no more in full. */
const CMDLINE_BYTES = 8192;

/** So many are read side by side: one that does not answer must not hold up all the others one by one. */
const GROUP = 64;

/** The ids of all processes that can be seen, lowest first. */
export async function listPids(host: HostFacts): Promise<number[]> {
  const pids: number[] = [];
  for (const name of await host.list("/proc")) if (/^\d{1,10}$/.test(name)) pids.push(Number(name));
  return pids.sort((a, b) => a - b);
}

/** The `stat` of a process, the cheapest look at one; undefined where it has ended. */
export async function readProcessStat(host: HostFacts, pid: number): Promise<ProcessStat | undefined> {
  const text = await vanished(() => host.text(`/proc/${pid}/stat`));
  return text === undefined ? undefined : parseProcessStat(text);
}

/** One process; undefined where it has ended. */
export async function readProcess(
  host: HostFacts,
  pid: number,
  { cmdline = true }: Pick<ReadProcessesOptions, "cmdline"> = {},
): Promise<ProcessFacts | undefined> {
  const stat = await readProcessStat(host, pid);
  if (stat === undefined) return undefined;
  const status = parseProcessStatus(await unlessRefused(() => host.text(`/proc/${pid}/status`)));
  const args = cmdline && stat.state !== "Z" ? argsOf(await commandLine(host, pid)) : [];
  return {
    pid,
    ppid: stat.ppid,
    name: stat.name,
    state: stat.state,
    uid: status.uid,
    threads: stat.threads,
    rssBytes: status.rssBytes ?? 0,
    cpuTicks: stat.userTicks + stat.systemTicks,
    startTicks: stat.startTicks,
    args,
    cmdline: args.join(" "),
  };
}

/** All processes, lowest id first. @throws FactUnavailableError where the host's processes cannot be seen at all. */
export async function readProcesses(
  host: HostFacts,
  { cmdline = true, signal }: ReadProcessesOptions = {},
): Promise<ProcessFacts[]> {
  const read = (pid: number) => readProcess(host, pid, { cmdline });
  return await inGroups(await listPids(host), read, signal);
}

/** The `stat` of all processes, lowest id first. */
export async function readProcessStats(host: HostFacts, signal?: AbortSignal): Promise<ProcessStat[]> {
  return await inGroups(await listPids(host), (pid) => readProcessStat(host, pid), signal);
}

async function inGroups<T>(
  pids: readonly number[],
  read: (pid: number) => Promise<T | undefined>,
  signal: AbortSignal | undefined,
): Promise<T[]> {
  const all: T[] = [];
  for (let start = 0; start < pids.length; start += GROUP) {
    signal?.throwIfAborted();
    const group = await Promise.all(pids.slice(start, start + GROUP).map(read));
    for (const one of group) if (one !== undefined) all.push(one);
  }
  return all;
}

/** Its own memory holds the command line: a process that waits there, or is another user's, does not give it. */
async function commandLine(host: HostFacts, pid: number): Promise<string> {
  try {
    return await unlessRefused(() => host.text(`/proc/${pid}/cmdline`, { maxBytes: CMDLINE_BYTES }));
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") return "";
    throw error;
  }
}

async function unlessRefused(read: () => Promise<string>): Promise<string> {
  try {
    return await vanished(read) ?? "";
  } catch (error) {
    if (error instanceof FactUnavailableError) return "";
    throw error;
  }
}

function argsOf(cmdline: string): string[] {
  const args = cmdline.split("\0");
  while (args.at(-1) === "") args.pop();
  return args;
}
