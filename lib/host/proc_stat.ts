/** `/proc/stat`: what the processors did since boot. */
import { countOf, linesOf, wordsOf } from "./kernel_text.ts";

/** The kernel counts processor time in these: 10 ms on every platform that is left. */
export const TICK_MS = 10;

/** One line of processor times, in ticks of {@linkcode TICK_MS}. What an old kernel does not count is 0. */
export interface CpuTicks {
  readonly user: number;
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
  readonly iowait: number;
  readonly irq: number;
  readonly softirq: number;
  /** Taken by other guests of the same machine. */
  readonly steal: number;
  /** Part of `user`. */
  readonly guest: number;
  /** Part of `nice`. */
  readonly guestNice: number;
}

/** What `/proc/stat` tells; what is missing in it is left out. */
export interface ProcStat {
  /** All processors together. */
  readonly total?: CpuTicks;
  /** By number; a processor that is offline has none. */
  readonly cpus: ReadonlyMap<number, CpuTicks>;
  readonly contextSwitches?: number;
  readonly interrupts?: number;
  /** When the system booted, in seconds since 1970. */
  readonly bootSec?: number;
  /** Processes and threads started since boot. */
  readonly forks?: number;
  readonly running?: number;
  /** Waiting for the disk, or for something else that cannot be interrupted. */
  readonly blocked?: number;
}

/** Never throws. */
export function parseProcStat(text: string): ProcStat {
  const cpus = new Map<number, CpuTicks>();
  const figures = new Map<string, number>();
  let total: CpuTicks | undefined;
  for (const line of linesOf(text)) {
    const [key = "", ...rest] = wordsOf(line);
    const [, number] = /^cpu(\d{1,6})?$/.exec(key) ?? [];
    if (key === "cpu") total ??= ticksOf(rest);
    else if (number !== undefined) {
      const ticks = ticksOf(rest);
      if (ticks !== undefined) cpus.set(Number(number), ticks);
    } else {
      const figure = countOf(rest[0]);
      if (figure !== undefined && !figures.has(key)) figures.set(key, figure);
    }
  }
  return {
    cpus,
    ...(total && { total }),
    ...given("contextSwitches", figures.get("ctxt")),
    ...given("interrupts", figures.get("intr")),
    ...given("bootSec", figures.get("btime")),
    ...given("forks", figures.get("processes")),
    ...given("running", figures.get("procs_running")),
    ...given("blocked", figures.get("procs_blocked")),
  };
}

/** Time that was not idle; waiting for a disk is idling. */
export function busyTicks(ticks: CpuTicks): number {
  return ticks.user + ticks.nice + ticks.system + ticks.irq + ticks.softirq + ticks.steal;
}

/** All time: busy, idle, and waiting for a disk. */
export function totalTicks(ticks: CpuTicks): number {
  return busyTicks(ticks) + ticks.idle + ticks.iowait;
}

function ticksOf(words: readonly string[]): CpuTicks | undefined {
  const counts = words.map(countOf);
  const [user, nice, system, idle] = counts;
  // The first four have been there for ever: without them it is no line of times.
  if (user === undefined || nice === undefined || system === undefined || idle === undefined) {
    return undefined;
  }
  const [iowait = 0, irq = 0, softirq = 0, steal = 0, guest = 0, guestNice = 0] = counts.slice(4);
  return { user, nice, system, idle, iowait, irq, softirq, steal, guest, guestNice };
}

function given<Key extends string>(key: Key, value: number | undefined): { [K in Key]?: number } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: number };
}
