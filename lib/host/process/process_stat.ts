/** `/proc/<pid>/stat`. */
import { cleanLine } from "../foreign_text.ts";
import { countOf } from "../kernel_text.ts";

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
  const state = text[close + 2] ?? "";
  if (pid === undefined || text[close + 1] !== " " || !/^[A-Za-z]$/.test(state)) return undefined;
  readFields(text, close + 3);
  const ppid = figure(4);
  const threads = figure(20);
  const startTicks = figure(22);
  if (ppid === undefined || threads === undefined || startTicks === undefined) return undefined;
  const processor = figure(39);
  const blockedTicks = figure(42);
  const nice = fields[19] ?? NaN;
  return {
    pid,
    name: seemly(text.slice(open + 1, close)),
    state,
    ppid,
    minorFaults: figure(10) ?? 0,
    majorFaults: figure(12) ?? 0,
    userTicks: figure(14) ?? 0,
    systemTicks: figure(15) ?? 0,
    nice: Math.abs(nice) < 1000 ? nice : 0,
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

/**
 * The fields of the text that was read last, numbered as in proc(5). Every process is read several times a minute: room
 * of its own for each would be most of what an agent throws away.
 */
const fields = new Float64Array(64);

/** From the blank before the fourth field on. What is no whole number is NaN. */
function readFields(text: string, start: number): void {
  fields.fill(NaN);
  let at = start;
  for (let field = 4; field < fields.length && at < text.length; field++) {
    at++; // the blank
    const isNegative = text.charCodeAt(at) === MINUS;
    if (isNegative) at++;
    const first = at;
    let value = 0;
    let code = text.charCodeAt(at);
    for (; code >= ZERO && code <= NINE; code = text.charCodeAt(++at)) value = 10 * value + code - ZERO;
    const isNumber = at > first && (code === BLANK || code === LINE_FEED || at === text.length);
    fields[field] = isNumber ? (isNegative ? -value : value) : NaN;
    while (at < text.length && text.charCodeAt(at) !== BLANK) at++;
  }
}

const BLANK = 32;
const LINE_FEED = 10;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;

/** A count; undefined where the text has none there. */
function figure(field: number): number | undefined {
  const value = fields[field] ?? NaN;
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}
