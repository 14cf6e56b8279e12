/**
 * Works on a journal until it is killed: `journal_kill_child.ts PATH FIRST SEED`. It pushes events with the numbers
 * FIRST, FIRST + 1, … of a few keys, and says on stdout `durable N` when all below N are confirmed, and `settling N,…`
 * before it settles some.
 */
import { Journal } from "../../lib/alerts/journal.ts";
import { SeededRandom } from "../fakes/seeded_random.ts";

const [path = "", first = "0", seed = "1"] = Deno.args;
const random = new SeededRandom(Number(seed));
const encoder = new TextEncoder();
const say = (line: string) => Deno.stdout.writeSync(encoder.encode(`${line}\n`));

const journal = new Journal<[key: string, number: number, pad: string]>({
  path,
  keyOf: ([key]) => key,
  isUrgent: ([, number]) => number % 17 === 0,
  maxEvents: 1_000_000,
  rushAbove: 200,
});
const leases = [];
for (let next = Number(first);;) {
  for (let count = random.int(0, 400); count >= 0; count--) {
    journal.push([`key ${random.int(0, 19)}`, next++, "x".repeat(random.int(0, 500))]);
  }
  const confirmed = next;
  if (await journal.durable()) say(`durable ${confirmed}`);
  const lease = journal.take(random.int(1, 300));
  if (lease !== undefined) leases.push(lease);
  for (const ended of leases.splice(0, random.int(0, leases.length))) {
    if (random.next() < 0.2) {
      journal.giveBack(ended);
      continue;
    }
    say(`settling ${ended.items.map(([, number]) => number).join(",")}`);
    journal.settle(ended);
  }
  if (random.next() < 0.3) await new Promise<void>((resolve) => setImmediate(resolve));
}
