import assert from "node:assert/strict";
import { Journal } from "../../lib/alerts/journal.ts";
import { droppedInAll } from "../../lib/alerts/queue.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { SeededRandom } from "../fakes/seeded_random.ts";
import { JournalRig, pushAll, recorder, take, texts } from "./journal_rig.ts";
import { TextLineStream } from "./text_lines.ts";

type Numbered = [key: string, number: number, pad: string];

const rounds = Number(Deno.env.get("JOURNAL_KILLS") ?? 6);
const seed = Number(Deno.env.get("JOURNAL_SEED") ?? Math.floor(Math.random() * 2 ** 32));

/** What children have said of one journal. */
class Witness {
  durable = 0;
  readonly settling = new Set<number>();
  highest = -1;

  hear(line: string): void {
    const [word, rest = ""] = line.split(" ");
    if (word === "durable") this.durable = Number(rest);
    if (word === "settling") { for (const number of rest.split(",")) this.settling.add(Number(number)); }
  }

  /** What is in the file makes sense, and nothing that was confirmed is missing. */
  check(path: string): void {
    const logged: { event: string; fields: Record<string, unknown> }[] = [];
    using journal = new Journal<Numbered>({ path, keyOf: ([key]) => key, logger: recorder(logged) });
    assert.deepEqual(logged, []);
    const { accepted, settled, waiting, dropped } = journal.figures;
    assert.equal(accepted, settled + waiting + droppedInAll(dropped));
    assert.equal(droppedInAll(dropped), 0);
    assert.ok(settled <= this.settling.size);
    const items = journal.take(Infinity)?.items ?? [];
    const there = new Set(items.map(([, number]) => number));
    assert.equal(there.size, items.length, "something is in it twice");
    for (let number = 0; number < this.durable; number++) {
      assert.ok(there.has(number) || this.settling.has(number), `${number} was durable and is gone`);
    }
    const last = new Map<string, number>();
    for (const [key, number] of items) {
      assert.ok(number > (last.get(key) ?? -1), `${number} is behind ${last.get(key)}, both of ${key}`);
      last.set(key, number);
    }
    this.highest = Math.max(this.highest, this.durable - 1, ...there);
  }
}

async function runAndKill(path: string, first: number, childSeed: number, lines: number, witness: Witness) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=test", "tests/alerts/journal_kill_child.ts", path, `${first}`, `${childSeed}`],
    cwd: new URL("../../", import.meta.url),
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let heard = 0;
  for await (
    const line of child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
  ) {
    witness.hear(line);
    if (++heard === lines) child.kill("SIGKILL"); // it is anywhere by now; what it still said is heard
  }
  const { signal } = await child.status;
  assert.equal(signal, "SIGKILL", "the child ended by itself");
}

Deno.test(`kill -9 at any instant loses nothing that was confirmed (seed ${seed})`, async () => {
  await using folder = new TempFolder();
  const path = folder.at("queue.db");
  const random = new SeededRandom(seed);
  const witness = new Witness();
  for (let round = 0; round < rounds; round++) {
    const lines = random.int(1, 60);
    await runAndKill(path, witness.highest + 1, random.int(0, 2 ** 32 - 1), lines, witness);
    witness.check(path);
  }
  assert.ok(witness.durable > 0 && witness.settling.size > 0);
});

Deno.test("a log that was cut anywhere gives back what was written before the cut", async () => {
  await using rig = new JournalRig();
  const sizes: { written: number; bytes: number }[] = [];
  for (let written = 10; written <= 200; written += 10) {
    pushAll(rig.journal, texts(written - 10, written));
    rig.journal.flush();
    sizes.push({ written, bytes: Deno.statSync(`${rig.path}-wal`).size });
  }
  const random = new SeededRandom(seed);
  for (let round = 0; round < 30; round++) {
    const path = rig.folder.at(`cut-${round}.db`);
    const [from, to] = [sizes[0]?.bytes ?? 0, sizes.at(-1)?.bytes ?? 0];
    const cutAt = random.int(from, to);
    Deno.copyFileSync(rig.path, path);
    Deno.copyFileSync(`${rig.path}-wal`, `${path}-wal`);
    Deno.truncateSync(`${path}-wal`, cutAt);
    const logged: { event: string; fields: Record<string, unknown> }[] = [];
    using journal = new Journal<string>({
      path,
      keyOf: (text) => text,
      logger: recorder(logged),
      clock: rig.clock,
    });
    const whole = sizes.findLast(({ bytes }) => bytes <= cutAt)?.written ?? 0;
    assert.deepEqual(take(journal).items, texts(0, whole), `cut at ${cutAt}, seed ${seed}`);
    assert.deepEqual(logged, []);
  }
});
