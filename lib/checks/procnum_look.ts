/** One host's looks at how many processes of a kind run. */
import { basename } from "node:path";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import type { ProcessStat } from "../host/process/process_stat.ts";
import { readProcesses, readProcessStats } from "../host/process/process_table.ts";
import { vanished } from "../host/process/vanished.ts";
import { matchesText } from "../host/text_glob.ts";
import type { Finding } from "./check.ts";
import type { ProcnumSettings } from "./procnum.ts";
import { rateState } from "./rating.ts";

/** The kernel keeps so many bytes of a process's name. */
const NAME_BYTES = 15;

/** Counts those that fit. */
export class ProcnumLook {
  readonly #target: string;
  readonly #settings: ProcnumSettings;
  readonly #host: HostFacts;
  readonly #programs: ProgramNames;

  constructor(target: string, settings: ProcnumSettings, host: HostFacts) {
    this.#target = target;
    this.#settings = settings;
    this.#host = host;
    this.#programs = new ProgramNames(host);
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    const processes = await matching(this.#host, this.#settings.match, this.#programs, signal);
    return [rated(this.#settings, this.#target, processes)];
  }
}

/** A process that counts. */
interface Running {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
}

async function matching(
  host: HostFacts,
  by: ProcnumSettings["match"],
  programs: ProgramNames,
  signal: AbortSignal,
): Promise<Running[]> {
  const { name, cmdline, pidfile } = by;
  if (cmdline !== undefined) {
    const all = await readProcesses(host, { signal });
    return running(all).filter((process) => process.args.length > 0 && matchesText(process.cmdline, cmdline));
  }
  const wanted = pidfile === undefined ? undefined : await readPidfile(pidfile);
  const all = running(await readProcessStats(host, signal));
  if (name === undefined) return all.filter(({ pid }) => pid === wanted);
  const kernelName = firstBytes(name);
  const fitting: Running[] = [];
  for (const process of all) {
    const fits = process.name === kernelName || await programs.of(process) === name;
    if (fits) fitting.push(process);
  }
  programs.keep(all);
  return fitting;
}

function running<P extends Running>(processes: readonly P[]): P[] {
  return processes.filter(({ state }) => !["Z", "X", "x"].includes(state));
}

/** What the kernel keeps of a name: its first bytes. */
function firstBytes(name: string): string {
  const bytes = new TextEncoder().encode(name).subarray(0, NAME_BYTES);
  return new TextDecoder().decode(bytes);
}

/** The programs that processes run, each asked for once: a process that runs another one has another name, too. */
class ProgramNames {
  readonly #host: HostFacts;
  readonly #known = new Map<string, string | undefined>();

  constructor(host: HostFacts) {
    this.#host = host;
  }

  async of(process: ProcessStat): Promise<string | undefined> {
    const key = identity(process);
    if (this.#known.has(key)) return this.#known.get(key);
    const name = await programName(this.#host, process.pid);
    this.#known.set(key, name);
    return name;
  }

  /** Forgets all others. */
  keep(processes: readonly ProcessStat[]): void {
    if (this.#known.size <= processes.length) return; // as many as there are, at most
    const alive = new Set(processes.map(identity));
    for (const key of this.#known.keys()) if (!alive.has(key)) this.#known.delete(key);
  }
}

function identity({ pid, startTicks, name }: ProcessStat): string {
  return `${pid} ${startTicks} ${name}`;
}

/** Undefined for a thread of the kernel, for a process that ended, and for one that must not be looked into. */
async function programName(host: HostFacts, pid: number): Promise<string | undefined> {
  try {
    const path = await vanished(() => host.link(`/proc/${pid}/exe`));
    return path === undefined ? undefined : basename(path.replace(/ \(deleted\)$/, ""));
  } catch (error) {
    if (error instanceof FactUnavailableError) return undefined; // its name has to do
    throw error;
  }
}

/** @returns undefined where there is no such file, or no id in it: then nothing runs by it. */
async function readPidfile(path: string): Promise<number | undefined> {
  let text: string;
  try {
    using file = await Deno.open(path);
    const start = new Uint8Array(32);
    const readBytes = await file.read(start);
    text = new TextDecoder().decode(start.subarray(0, readBytes ?? 0));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    if (cause instanceof Deno.errors.NotCapable) {
      const message = `cannot read ${path}: not permitted; allow it with --allow-read=${path}`;
      throw new FactUnavailableError(message, { cause });
    }
    throw new Error(`cannot read ${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  const [, pid] = /^\s*(\d{1,10})\s*(?:\n|$)/.exec(text) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

function rated(settings: ProcnumSettings, target: string, processes: readonly Running[]): Finding {
  const { warn_lt, critical_lt, warn_gt, critical_gt } = settings;
  const count = processes.length;
  const below = (limit: number | undefined) => limit !== undefined && count < limit;
  const above = (limit: number | undefined) => limit !== undefined && count > limit;
  const critical = below(critical_lt) || above(critical_gt);
  const expected = [
    warn_lt !== undefined && `warning < ${warn_lt}`,
    critical_lt > 0 && `critical < ${critical_lt}`,
    warn_gt !== undefined && `warning > ${warn_gt}`,
    critical_gt !== undefined && `critical > ${critical_gt}`,
  ].filter(Boolean).join(", ") || "none";
  const pids = processes.slice(0, 10).map(({ pid }) => pid).join(", ") + (count > 10 ? ", …" : "");
  return {
    ...rateState({
      check: "procnum::process_count",
      target,
      ok: !critical && !below(warn_lt) && !above(warn_gt),
      severity: critical ? "Critical" : "Warning",
      description: `${count} ${count === 1 ? "process runs" : "processes run"} as ${target}`,
      current: String(count),
      expected,
      ...(count > 0 && { detail: `pid ${pids}` }),
    }),
    value: count,
  };
}
