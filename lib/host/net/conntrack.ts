/** `/proc/net/stat/*`: counters with a line for each processor, of connection tracking and of the neighbour tables. */
import { wordsOf } from "../kernel_text.ts";

/** What `/proc/net/stat/nf_conntrack`, `arp_cache` and `ndisc_cache` tell. */
export interface CacheStatistics {
  /** In the table now; missing where the text does not tell. */
  readonly entries?: number;
  /** The other columns, of all processors together, by name. */
  readonly totals: ReadonlyMap<string, number>;
}

/** Never throws; a line with too few columns is skipped. */
export function parseCacheStatistics(text: string): CacheStatistics {
  const [header = "", ...lines] = text.split("\n");
  const names = wordsOf(header);
  const totals = new Map<string, number>();
  let entries: number | undefined;
  for (const line of lines) {
    const words = wordsOf(line);
    if (words.length !== names.length || !words.every((word) => /^[0-9a-f]{1,16}$/i.test(word))) continue;
    for (const [index, name] of names.entries()) {
      const count = parseInt(words[index] ?? "", 16);
      // Every processor's line repeats how many entries there are.
      if (name === "entries") entries = count;
      else totals.set(name, (totals.get(name) ?? 0) + count);
    }
  }
  return { totals, ...(entries !== undefined && { entries }) };
}
