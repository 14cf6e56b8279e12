/** `/proc/loadavg`. */
import type { LoadAverages } from "./host_facts.ts";
import { countOf, decimalOf, wordsOf } from "./kernel_text.ts";

/** What `/proc/loadavg` tells. */
export interface Loadavg {
  /** Over 1, 5 and 15 minutes. */
  readonly averages: LoadAverages;
  /** Tasks that run or could. */
  readonly runnable?: number;
  /** All tasks: processes and their threads. */
  readonly tasks?: number;
}

/** Never throws; undefined where the text is no such file's. */
export function parseLoadavg(text: string): Loadavg | undefined {
  const [one, five, fifteen, tasks = ""] = wordsOf(text);
  const averages = [one, five, fifteen].map(decimalOf);
  if (!averages.every((average) => average !== undefined && average >= 0)) return undefined;
  const [runnable, all] = tasks.split("/").map(countOf);
  return {
    averages: averages as unknown as LoadAverages,
    ...(runnable !== undefined && { runnable }),
    ...(all !== undefined && { tasks: all }),
  };
}
