/** `/proc/interrupts` and `/proc/softirqs`. */
import { countOf, linesOf, wordsOf } from "./kernel_text.ts";

/** One source of interrupts. */
export interface InterruptLine {
  /** A number or a name: `24`, `NMI`. */
  readonly irq: string;
  /** Since boot, for each processor that the table has, in its order. */
  readonly counts: readonly number[];
  readonly total: number;
  /** The controller and the devices behind it, or what the name stands for; may be empty. */
  readonly label: string;
}

/** The whole table. */
export interface InterruptTable {
  /** The processors by number, in the order of the columns. */
  readonly cpus: readonly number[];
  readonly lines: readonly InterruptLine[];
}

/** Never throws. Works for `/proc/softirqs` too, which has no labels. */
export function parseInterrupts(text: string): InterruptTable {
  const [head = "", ...rest] = linesOf(text);
  const cpus = wordsOf(head).flatMap((word) => {
    const number = countOf(/^CPU(\d{1,6})$/.exec(word)?.[1]);
    return number === undefined ? [] : [number];
  });
  const lines = rest.flatMap((line): InterruptLine[] => {
    const [, irq, columns] = /^\s*([A-Za-z0-9_-]{1,32}):(.*)$/.exec(line) ?? [];
    if (irq === undefined || columns === undefined) return [];
    const words = wordsOf(columns);
    const counts: number[] = [];
    // Some lines (`ERR`) have one count, however many processors there are.
    for (const word of words.slice(0, cpus.length)) {
      const count = countOf(word);
      if (count === undefined) break;
      counts.push(count);
    }
    if (counts.length === 0) return [];
    const total = counts.reduce((sum, count) => sum + count, 0);
    return [{ irq, counts, total, label: words.slice(counts.length).join(" ") }];
  });
  return { cpus, lines };
}
