/** `/proc/pressure/*`, and `*.pressure` of a cgroup: how much of the time tasks waited for a resource. */
import { countOf, decimalOf, linesOf, wordsOf } from "./kernel_text.ts";

/** Shares of the time in percent, and the time since boot in microseconds. */
export interface PressureLine {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalUs: number;
}

/** `some`: at least one task waited. `full`: all that were not idle did; some kernels do not tell it of processors. */
export interface Pressure {
  readonly some?: PressureLine;
  readonly full?: PressureLine;
}

/** Never throws. */
export function parsePressure(text: string): Pressure {
  const lines: { some?: PressureLine; full?: PressureLine } = {};
  for (const line of linesOf(text)) {
    const [kind, ...figures] = wordsOf(line);
    if (kind !== "some" && kind !== "full") continue;
    const byName = new Map(figures.map((figure) => figure.split("=", 2) as [string, string | undefined]));
    const [avg10, avg60, avg300] = ["avg10", "avg60", "avg300"].map((name) => decimalOf(byName.get(name)));
    const totalUs = countOf(byName.get("total"));
    if (avg10 === undefined || avg60 === undefined || avg300 === undefined || totalUs === undefined) continue;
    lines[kind] ??= { avg10, avg60, avg300, totalUs };
  }
  return lines;
}
