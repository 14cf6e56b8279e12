/** From what somebody typed to the tools that were meant. */
import { distance } from "fastest-levenshtein";

/** What a suggestion is made from. */
export interface Suggestible {
  readonly name: string;
  readonly family: string;
  readonly description: string;
}

/** Words that say nothing about which tool is meant. */
const STOP_WORDS = new Set(
  "a an and are at by do for from how i in is it me my of on or show the this to what when where which who why with"
    .split(" "),
);

/** What people say, and what the tools are called after. */
const SYNONYMS: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({
  ram: ["memory"],
  mem: ["memory"],
  slow: ["latency", "load"],
  full: ["usage", "space"],
  space: ["disk"],
  inodes: ["disk"],
  oom: ["memory", "killed"],
  killed: ["oom"],
  socket: ["connections"],
  sockets: ["connections"],
  ports: ["listen", "port"],
  logs: ["log"],
  fd: ["file", "open"],
  fds: ["file", "open"],
  processor: ["cpu"],
  swap: ["memory"],
  container: ["docker"],
  containers: ["docker"],
  unit: ["service"],
  units: ["service"],
  certificate: ["cert"],
  tls: ["cert"],
}));

/** Longer texts are a mistake of whoever sent them, and comparing takes its time. */
const MAX_QUERY_CHARS = 256;

/**
 * The tools that fit `query` best, best first: names that are nearly what was typed, then those whose name, family or
 * description has the words in it. Nothing when nothing fits.
 *
 * @param limit how many at most
 */
export function suggest<Tool extends Suggestible>(
  query: string,
  tools: readonly Tool[],
  limit = 5,
): Tool[] {
  const typed = query.slice(0, MAX_QUERY_CHARS).toLowerCase().trim();
  const words = (typed.match(/[a-z0-9]+/g) ?? []).filter((word) => !STOP_WORDS.has(word));
  const joined = words.join("_");
  if (joined === "") return [];
  return tools.map((tool) => ({ tool, score: nameScore(joined, tool.name) + wordScore(words, tool) }))
    .filter(({ score }) => score >= 1)
    .sort((a, b) => b.score - a.score || a.tool.name.localeCompare(b.tool.name))
    .slice(0, limit)
    .map(({ tool }) => tool);
}

/** The name that was most likely meant by `typed`, or undefined when none is near. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const short = typed.slice(0, MAX_QUERY_CHARS).toLowerCase();
  const ranked = names.map((name) => ({ name, steps: distance(short, name) })).sort((a, b) =>
    a.steps - b.steps
  );
  const best = ranked[0];
  if (best !== undefined && best.steps <= Math.max(1, Math.floor(best.name.length / 3))) return best.name;
  // Half a name, or its words the wrong way round.
  const sorted = wordsSorted(short);
  return names.find((name) => wordsSorted(name) === sorted) ??
    (short.length >= 3 ? names.find((name) => name.includes(short)) : undefined);
}

function wordsSorted(name: string): string {
  return name.split(/[^a-z0-9]+/).sort().join("_");
}

/** Up to 6 for the very name, falling off with the distance; 0 where it is another name. */
function nameScore(joined: string, name: string): number {
  const steps = distance(joined, name);
  const tolerated = Math.max(1, Math.floor(name.length / 3));
  return steps > tolerated ? 0 : 6 - 3 * steps / tolerated;
}

function wordScore(words: readonly string[], tool: Suggestible): number {
  const inName = new Set(tool.name.split("_"));
  const inDescription = new Set(tool.description.toLowerCase().match(/[a-z0-9]+/g) ?? []);
  let score = 0;
  for (const word of words) {
    const weight = Math.max(...[word, ...(SYNONYMS.get(word) ?? [])].map((candidate, index) => {
      const own = inName.has(candidate) || near(candidate, inName)
        ? 3
        : tool.family === candidate
        ? 2
        : inDescription.has(candidate)
        ? 1.5
        : 0;
      return index === 0 ? own : 0.7 * own; // what was said itself counts for more
    }));
    score += weight;
  }
  return score;
}

/** `disks` is near `disk`, `conections` near `connections`. */
function near(word: string, names: ReadonlySet<string>): boolean {
  if (word.length < 4) return false;
  return [...names].some((name) => name.length >= 4 && distance(word, name) <= (name.length >= 8 ? 2 : 1));
}
