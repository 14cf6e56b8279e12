/** Files of `name value` lines: `memory.stat`, `numastat`, `memory.events`. */
import { countOf, linesOf, wordsOf } from "./kernel_text.ts";

/** Never throws. Lines that are no such pair are skipped; the first of a name stays. */
export function parseCounters(text: string): Map<string, number> {
  const counters = new Map<string, number>();
  for (const line of linesOf(text)) {
    const [name, word, ...rest] = wordsOf(line);
    const count = countOf(word);
    if (name === undefined || count === undefined || rest.length > 0 || counters.has(name)) continue;
    counters.set(name, count);
  }
  return counters;
}
