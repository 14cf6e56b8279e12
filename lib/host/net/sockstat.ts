/** `/proc/net/sockstat` and `sockstat6`: how many sockets there are. */
import { countOf, fieldsOf, wordsOf } from "../kernel_text.ts";

/** By protocol (`TCP`, `UDP6`, `sockets`), then by name (`inuse`, `tw`, `mem`). Never throws. */
export function parseSockstat(text: string): Map<string, ReadonlyMap<string, number>> {
  const protocols = new Map<string, ReadonlyMap<string, number>>();
  for (const [protocol, rest] of fieldsOf(text)) {
    const words = wordsOf(rest);
    const counts = new Map<string, number>();
    for (let at = 0; at + 1 < words.length; at += 2) {
      const count = countOf(words[at + 1]);
      if (count !== undefined) counts.set(words[at] ?? "", count);
    }
    if (counts.size > 0) protocols.set(protocol, counts);
  }
  return protocols;
}
