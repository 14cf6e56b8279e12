import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { FaultyDisk } from "./faulty_disk.ts";
import { assertFigures, JournalRig, pushAll, take, texts, turn } from "./journal_rig.ts";

const MIB = 1024 * 1024;

function size(rig: JournalRig, suffix = ""): number {
  return Deno.statSync(rig.path + suffix).size;
}

/** How many rows the journal's file has; closes the journal. */
function rows(rig: JournalRig): number {
  rig.close();
  const database = new DatabaseSync(rig.path);
  const count = Number(database.prepare("SELECT count(*) AS n FROM segment").get()?.["n"]);
  database.close();
  return count;
}

const long = (from: number, to: number) => texts(from, to).map((text) => `${text} ${"x".repeat(500)}`);

Deno.test("what is settled in the turn in which it was pushed is never written", async () => {
  await using rig = new JournalRig();
  rig.journal.push("first 1");
  rig.journal.flush();
  const before = size(rig, "-wal");
  pushAll(rig.journal, long(0, 500));
  rig.journal.settle(take(rig.journal));
  await turn();
  assert.ok(size(rig, "-wal") - before < 50_000, `${size(rig, "-wal") - before} bytes were written`);
  assertFigures(rig.reopen(), { accepted: 501, settled: 501 });
});

Deno.test("a turn of the loop is one transaction, however many events it brings", async () => {
  const disk = new FaultyDisk();
  await using rig = new JournalRig({ wrapStore: disk.wrap });
  pushAll(rig.journal, texts(0, 5000));
  assert.equal(disk.writes, 0);
  assert.equal(await rig.journal.durable(), true);
  assert.equal(disk.writes, 1);
  await turn();
  await turn();
  assert.equal(disk.writes, 1, "nothing is written when nothing changes");
});

Deno.test("a burst within one turn is not kept in memory until its end", async () => {
  const disk = new FaultyDisk();
  await using rig = new JournalRig({ wrapStore: disk.wrap });
  pushAll(rig.journal, long(0, 10_000));
  assert.ok(disk.writes >= 8, `${disk.writes} transactions for 5 MB`);
  assert.deepEqual(take(rig.reopen(), 10_000).count, 10_000);
});

Deno.test("the log does not grow without bound, nor does the file, while events come and go", async () => {
  await using rig = new JournalRig();
  let largest = 0;
  for (let round = 0; round < 60; round++) {
    pushAll(rig.journal, long(round * 1000, round * 1000 + 1000));
    await turn();
    for (let batch = 0; batch < 10; batch++) rig.journal.settle(take(rig.journal, 100));
    await turn();
    largest = Math.max(largest, size(rig, "-wal"));
  }
  assert.ok(largest < 20 * MIB, `the log grew to ${largest} bytes`);
  assert.ok(size(rig) < 4 * MIB, `the file grew to ${size(rig)} bytes`);
});

Deno.test("the disk gets its space back once a backlog is gone", async () => {
  await using rig = new JournalRig();
  pushAll(rig.journal, long(0, 20_000));
  rig.reopen();
  const full = size(rig);
  assert.ok(full > 10 * MIB);
  while (rig.journal.length > 0) {
    rig.journal.settle(take(rig.journal, 1000));
    await turn();
  }
  assert.ok(size(rig) > 10 * MIB, "what a burst has made loose is not tidied before it is over");
  for (let step = 0; step < 100 && size(rig) >= 2 * MIB; step++) await rig.clock.tick(1000);
  assert.ok(size(rig) < 2 * MIB, `the file has ${size(rig)} bytes`);
  assert.ok(size(rig, "-wal") < 8 * MIB);
});

Deno.test("few events that stay among many that go do not keep the place of those", async () => {
  await using rig = new JournalRig({ maxEvents: 300 });
  const stay: string[] = [];
  for (let number = 0; number < 200; number++) {
    const [text = ""] = long(number, number + 1);
    stay.push(text);
    pushAll(rig.journal, [text, ...Array.from({ length: 99 }, (_, noise) => `noise ${number}.${noise}`)]);
    await turn();
  }
  for (let round = 0; round < 100; round++) await turn();
  assert.deepEqual(rig.journal.figures.dropped.overflow, 0);
  assert.ok(rows(rig) <= 10, `${rows(rig)} rows for 300 events`);
  const kept = take(rig.journal).items;
  assert.deepEqual(kept.filter((text) => !text.startsWith("noise")), stay);
  assert.equal(kept.length, 300);
});

Deno.test("many restarts with an event each do not leave a row each", async () => {
  await using rig = new JournalRig();
  for (const text of texts(0, 60)) {
    rig.reopen().push(text);
    await turn();
    await turn();
  }
  assert.ok(rows(rig) <= 5, `${rows(rig)} rows for 60 events`);
  assert.deepEqual(take(rig.journal).items, texts(0, 60));
});

Deno.test("what was pushed lately need not be read, what was pushed before that is not kept in memory", async () => {
  const disk = new FaultyDisk();
  await using rig = new JournalRig({ wrapStore: disk.wrap });
  const items = long(0, 10_000);
  pushAll(rig.journal, items);
  rig.journal.flush();
  disk.unreadable = true;
  const kept = take(rig.journal).items;
  assert.deepEqual(kept, items.slice(-kept.length));
  assert.ok(kept.length >= 500 && kept.length <= 2200, `${kept.length} of 5 MB are in memory`);
});

Deno.test("a lease is what it was when its place in memory is another's", async () => {
  await using rig = new JournalRig({ maxRecentBytes: 0 });
  const items = long(0, 50);
  pushAll(rig.journal, items);
  const lease = take(rig.journal);
  for (let round = 0; round < 5; round++) {
    pushAll(rig.journal, long(1000 * round, 1000 * round + 1000));
    rig.journal.flush();
  }
  assert.deepEqual(JSON.parse(lease.encode()), items);
});

Deno.test("an event of any length comes back as it went in", async () => {
  await using rig = new JournalRig();
  const items = [0, 1, 65_530, 65_536, 70_000, 300_000, 3].map((length, index) =>
    `${index} ${"漢".repeat(length)}`
  );
  pushAll(rig.journal, items);
  const lease = take(rig.journal);
  assert.deepEqual(JSON.parse(lease.encode()), items);
  rig.journal.giveBack(lease);
  await turn();
  assert.deepEqual(take(rig.reopen()).items, items);
});
