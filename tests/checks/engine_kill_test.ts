import assert from "node:assert/strict";
import type { AlertEvent } from "../../lib/alerts/event.ts";
import { Journal } from "../../lib/alerts/journal.ts";
import { CheckMemories } from "../../lib/checks/check_memory.ts";
import { EngineStore } from "../../lib/checks/engine_store.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { SeededRandom } from "../fakes/seeded_random.ts";
import { TextLineStream } from "../alerts/text_lines.ts";

const rounds = Number(Deno.env.get("ENGINE_KILLS") ?? 6);
const seed = Number(Deno.env.get("ENGINE_SEED") ?? Math.floor(Math.random() * 2 ** 32));

/** Runs the child; kills it after so many gathers, or lets it end. */
async function live(folder: string, childSeed: string, gathers = Infinity): Promise<Deno.CommandStatus> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=test", "tests/checks/engine_kill_child.ts", folder, childSeed],
    cwd: new URL("../../", import.meta.url),
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let heard = 0;
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const _ of lines) if (++heard === gathers) child.kill("SIGKILL");
  return await child.status;
}

Deno.test(`kill -9 at any instant loses neither an alert nor its end (seed ${seed})`, async () => {
  await using folder = new TempFolder();
  const random = new SeededRandom(seed);
  for (let round = 0; round < rounds; round++) {
    const { signal } = await live(folder.path, `${random.int(0, 2 ** 32 - 1)}`, random.int(1, 60));
    assert.equal(signal, "SIGKILL", "the child ended by itself");
  }
  assert.equal((await live(folder.path, "heal")).code, 0);

  using journal = new Journal<AlertEvent>({ path: folder.at("queue.db"), keyOf: (event) => event.alert_key });
  const events = journal.take(Infinity)?.items ?? [];
  const last = new Map<string, string>();
  const raised = new Set<string>();
  for (const { labels, event_status } of events) {
    const name = `${labels["check"]} ${labels["target"]}`;
    last.set(name, event_status);
    if (event_status !== "Ok") raised.add(name);
  }
  const open = [...last].filter(([, status]) => status !== "Ok");
  assert.deepEqual(open, [], "an end was lost");
  using store = new EngineStore({ path: folder.at("engine.db") });
  const lines = Number(new CheckMemories(store).of("log").read("offset"));
  assert.ok(lines > 0 && raised.size > lines, `${lines} lines, ${raised.size} alerts: too little happened`);
  for (let line = 0; line < lines; line++) {
    assert.ok(raised.has(`log::x ${line}`), `line ${line} was passed by`);
  }
  assert.deepEqual(store.all("alert"), []);
});
