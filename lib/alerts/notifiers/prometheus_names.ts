/** Names as Prometheus and its relatives take them: letters, digits and `_`, and no digit first. Pure. */
import { createHash } from "node:crypto";

/**
 * `table` with names that Prometheus takes. A name that fits stays as it is. In one that does not, each character in
 * the way becomes `_`; where that name is taken, or `reserved`, it also gets a mark made of its original. So two names
 * do not become one, and what a name becomes does not hang on any order.
 */
export function withPrometheusNames(
  table: Readonly<Record<string, string>>,
  reserved: readonly string[] = [],
): Record<string, string> {
  const names = Object.keys(table);
  const wanted = new Map<string, number>(reserved.map((name) => [name, Infinity]));
  for (const name of names.map(plain)) wanted.set(name, (wanted.get(name) ?? 0) + 1);
  return Object.fromEntries(names.map((name) => {
    const count = wanted.get(plain(name)) ?? 0;
    const keeps = count === 1 || (name === plain(name) && count !== Infinity);
    return [keeps ? plain(name) : marked(name, wanted), table[name] ?? ""];
  }));
}

function plain(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/gu, "_").replace(/^(?=\d|$)/, "_");
}

/** The plain name and as much of a hash as tells it from all that are wanted. */
function marked(name: string, wanted: ReadonlyMap<string, number>): string {
  const hash = createHash("md5").update(name).digest("hex");
  const candidates = [8, 16, 24, 32].map((digits) => `${plain(name)}_${hash.slice(0, digits)}`);
  return candidates.find((candidate) => !wanted.has(candidate)) ?? `${plain(name)}_${hash}`;
}
