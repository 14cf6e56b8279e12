/**
 * Runs an engine until it is killed: `engine_kill_child.ts FOLDER SEED`; with `heal` in the place of the seed all is
 * well, and it ends by itself. One check finds states at random, one reads the lines of an endless log: line n is
 * target `n`, and the memory says how far it has read. Says `gathered` on stdout at each gather.
 */
import type { AlertEvent, EventStatus } from "../../lib/alerts/event.ts";
import { Journal } from "../../lib/alerts/journal.ts";
import type { Check, Finding } from "../../lib/checks/check.ts";
import { CheckMemories } from "../../lib/checks/check_memory.ts";
import { CheckEngine } from "../../lib/checks/engine.ts";
import { EngineStore } from "../../lib/checks/engine_store.ts";
import { systemClock } from "../../lib/clock.ts";
import { SeededRandom } from "../fakes/seeded_random.ts";

const [folder = "", seed = "1"] = Deno.args;
const heals = seed === "heal";
const random = new SeededRandom(heals ? 1 : Number(seed));
const queue = new Journal<AlertEvent>({
  path: `${folder}/queue.db`,
  keyOf: (event) => event.alert_key,
  maxEvents: 1_000_000,
});
const store = new EngineStore({ path: `${folder}/engine.db` });
const memories = new CheckMemories(store);
const memory = memories.of("log");
let gathers = 0;

function found(plugin: string, target: string, status: EventStatus, momentary = false): Finding {
  return {
    labels: { check: `${plugin}::x`, target },
    status,
    description: `${target} is ${status}`,
    attrs: { current_value: "", threshold_desc: "" },
    momentary,
  };
}

const states: Check = {
  plugin: "states",
  target: "all",
  gather() {
    gathers++;
    Deno.stdout.writeSync(new TextEncoder().encode("gathered\n"));
    const grades: readonly EventStatus[] = heals ? ["Ok"] : ["Ok", "Info", "Warning", "Critical"];
    return Promise.resolve(
      ["a", "b", "c", "d"].map((target) =>
        found("states", target, grades[random.int(0, grades.length - 1)] ?? "Ok")
      ),
    );
  },
};

const log: Check = {
  plugin: "log",
  target: "all",
  gather() {
    const from = Number(memory.read("offset") ?? 0);
    const to = from + (heals ? 0 : random.int(0, 3));
    memory.write("offset", `${to}`);
    return Promise.resolve(
      Array.from({ length: to - from }, (_, n) => found("log", `${from + n}`, "Warning", true)),
    );
  },
};

await using engine = new CheckEngine({
  checks: [states, log].map((check) => ({
    check,
    pace: { intervalMs: 3, timeoutMs: 1000, holdMs: heals ? 0 : 20 },
  })),
  clock: systemClock,
  random: () => random.next(),
  emit: (event) => queue.push(event),
  durable: () => queue.durable(),
  store,
  memories,
});
engine.start();
while (!heals || gathers < 10) await new Promise<void>((resolve) => setTimeout(resolve, 5));
await engine[Symbol.asyncDispose]();
queue[Symbol.dispose]();
