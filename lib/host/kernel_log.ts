/** The kernel's log, as `/dev/kmsg` gives it record by record. Nothing here throws or gives NaN. */
import { countOf } from "./kernel_text.ts";

/** From the worst down, as the kernel numbers them. */
export const LOG_LEVELS = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] as const;

/** How bad a record is. */
export type LogLevel = typeof LOG_LEVELS[number];

/** One record. */
export interface KernelRecord {
  readonly level: LogLevel;
  /** Grows by one from record to record. */
  readonly sequence: number;
  /** Since boot, without the time that the machine was suspended. */
  readonly atSec: number;
  /** One line. */
  readonly text: string;
}

/** One record: `6,339,5140900,-;text`, and lines about the device, which are left out. Undefined where it is none. */
export function parseKernelRecord(raw: string): KernelRecord | undefined {
  const [, priority, sequence, micros, text] =
    /^(\d{1,6}),(\d{1,20}),(\d{1,20}),[^;\n]{0,200};([^\n]*)/.exec(raw) ??
      [];
  const code = countOf(priority);
  const level = code === undefined ? undefined : LOG_LEVELS[code % 8]; // the rest is who wrote it
  const number = countOf(sequence);
  const atMicros = countOf(micros);
  if (level === undefined || number === undefined || atMicros === undefined || text === undefined) {
    return undefined;
  }
  return { level, sequence: number, atSec: atMicros / 1e6, text: unescaped(text) };
}

/** The kernel writes what is not printable, and the backslash itself, as `\x1b`, byte by byte. */
function unescaped(text: string): string {
  if (!text.includes("\\x")) return text;
  return text.replace(/(?:\\x[0-9a-f]{2})+/g, (run) => {
    const bytes = run.split("\\x").slice(1).map((hex) => parseInt(hex, 16));
    return new TextDecoder().decode(Uint8Array.from(bytes));
  });
}

/** A process that the kernel killed because memory ran out. */
export interface OomKill {
  readonly atSec: number;
  readonly pid: number;
  readonly name: string;
  /** What it held of memory that is not of files. */
  readonly anonBytes?: number;
  /** The control group whose limit was reached; missing where the whole host had run out. */
  readonly cgroup?: string;
  /** The whole host had run out, or a control group reached its limit. */
  readonly scope: "host" | "cgroup";
}

const KILLED = /\bKilled process (\d{1,10})(?:, UID \d{1,10},)? \((.{0,64}?)\)(?=,? total-vm| total-vm|$|,)/;
const CONSTRAINT =
  /^oom-kill:constraint=(\w{1,64}).{0,600}?(?:,oom_memcg=([^,]{1,400}))?,task_memcg=.{0,400},pid=(\d{1,10})/;

/** What the records tell of kills for want of memory, oldest first. */
export function findOomKills(records: readonly KernelRecord[]): OomKill[] {
  const kills: OomKill[] = [];
  /** The line before a kill says whose limit it was; by process. */
  const groups = new Map<number, string | undefined>();
  for (const { text, atSec } of records) {
    const [, constraint, group, task] = CONSTRAINT.exec(text) ?? [];
    const taskPid = countOf(task);
    if (taskPid !== undefined) groups.set(taskPid, constraint === "CONSTRAINT_MEMCG" ? group : undefined);
    const [, word, name] = KILLED.exec(text) ?? [];
    const pid = countOf(word);
    if (pid === undefined || name === undefined) continue;
    const anonKilobytes = countOf(/\banon-rss:(\d{1,15})kB/.exec(text)?.[1]);
    const cgroup = groups.get(pid);
    const inGroup = cgroup !== undefined || /^Memory cgroup out of memory/.test(text);
    kills.push({
      atSec,
      pid,
      name,
      scope: inGroup ? "cgroup" : "host",
      ...(anonKilobytes !== undefined && { anonBytes: 1024 * anonKilobytes }),
      ...(cgroup !== undefined && { cgroup }),
    });
    groups.delete(pid);
  }
  return kills;
}
