/** `/proc/<pid>/stat`. */
import { cleanLine } from "../foreign_text.ts";
import { countOf, wordsOf } from "../kernel_text.ts";

/** What `stat` tells of a process or thread. Times in ticks of 10 ms. */
export interface ProcessStat {
  readonly pid: number;
  /**
   * The first 15 bytes of the program's name, as the process has it, but on one line: a process may call itself
   * anything, and its name goes into alerts and reports.
   */
  readonly name: string;
  /** `R` running, `S` sleeping, `D` waiting for the disk, `Z` zombie, `T` stopped, `t` traced, `I` idle, `X` dead. */
  readonly state: string;
  readonly ppid: number;
  readonly minorFaults: number;
  /** Pages that had to be read. */
  readonly majorFaults: number;
  readonly userTicks: number;
  readonly systemTicks: number;
  readonly nice: number;
  readonly threads: number;
  /** Since boot. */
  readonly startTicks: number;
  readonly virtualBytes: number;
  /** The processor it ran on last. */
  readonly processor?: number;
  /** Time that it waited for block devices; 0 where the kernel does not account for delays. */
  readonly blockedTicks?: number;
}

/** Never throws; undefined where the text is no such file's. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  // The name stands in parentheses, and may hold blanks and parentheses itself: the last one ends it.
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 1 || close < open) return undefined;
  const pid = countOf(text.slice(0, open).trim());
  const [state = "", ...rest] = wordsOf(text.slice(close + 1));
  const figure = (field: number): number | undefined => countOf(rest[field - 4]); // numbered as in proc(5)
  const ppid = figure(4);
  const threads = figure(20);
  const startTicks = figure(22);
  if (pid === undefined || ppid === undefined || threads === undefined || startTicks === undefined) {
    return undefined;
  }
  if (!/^[A-Za-z]$/.test(state)) return undefined;
  const processor = figure(39);
  const blockedTicks = figure(42);
  const nice = /^-?\d{1,3}$/.test(rest[15] ?? "") ? Number(rest[15]) : 0;
  return {
    pid,
    name: seemly(text.slice(open + 1, close)),
    state,
    ppid,
    minorFaults: figure(10) ?? 0,
    majorFaults: figure(12) ?? 0,
    userTicks: figure(14) ?? 0,
    systemTicks: figure(15) ?? 0,
    nice,
    threads,
    startTicks,
    virtualBytes: figure(23) ?? 0,
    ...(processor !== undefined && { processor }),
    ...(blockedTicks !== undefined && { blockedTicks }),
  };
}

/** The kernel's own threads have names of up to this many characters. */
const MAX_NAME_CHARS = 64;

function seemly(name: string): string {
  return /^[!-~][ -~]*$/.test(name) ? name : cleanLine(name, MAX_NAME_CHARS);
}
