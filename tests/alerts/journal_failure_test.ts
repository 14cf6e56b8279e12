import assert from "node:assert/strict";
import { FaultyDisk } from "./faulty_disk.ts";
import { assertFigures, JournalRig, pushAll, take, texts, turn } from "./journal_rig.ts";

Deno.test("a write that fails is told once, and no producer notices", async () => {
  const disk = new FaultyDisk();
  let told = 0;
  await using rig = new JournalRig({ wrapStore: disk.wrap, onDegraded: () => told++ });
  const { journal } = rig;
  disk.broken = true;
  for (let round = 0; round < 5; round++) {
    pushAll(journal, texts(round * 10, round * 10 + 10));
    await turn();
  }
  assert.match(journal.degraded ?? "", /^cannot write .*queue\.db: database or disk is full; new events are/);
  assert.deepEqual([told, rig.logged.map(({ event }) => event)], [1, ["queue.degraded"]]);
  assert.equal(journal.retry(), false);
  assert.deepEqual([told, rig.logged.length], [1, 1]);
  assertFigures(journal, { accepted: 50, waiting: 50 });
  disk.broken = false;
  assert.equal(journal.retry(), true);
  assert.equal(journal.degraded, undefined);
  assert.deepEqual(rig.logged.map(({ event }) => event), ["queue.degraded", "queue.recovered"]);
  assert.deepEqual(take(rig.reopen()).items, texts(0, 50));
});

Deno.test("durable says false of what could not be written, true of the rest, and true once it is", async () => {
  const disk = new FaultyDisk();
  await using rig = new JournalRig({ wrapStore: disk.wrap });
  const { journal } = rig;
  journal.push("a 1");
  assert.equal(await journal.durable(), true);
  disk.broken = true;
  journal.push("b 1");
  const first = journal.durable();
  assert.equal(first, journal.durable(), "one promise serves all that wait");
  assert.equal(await first, false);
  assert.equal(await journal.durable(), false);
  journal.settle(take(journal));
  assert.equal(await journal.durable(), true, "nothing is left that could be lost");
  journal.push("c 1");
  disk.broken = false;
  journal.retry();
  assert.equal(await journal.durable(), true);
});

Deno.test("what is on disk is still handed out while writing fails, and what is settled stays so", async () => {
  const disk = new FaultyDisk();
  await using rig = new JournalRig({ wrapStore: disk.wrap });
  pushAll(rig.journal, texts(0, 300));
  const journal = rig.reopen();
  disk.broken = true;
  journal.push("new 1");
  await turn();
  assert.ok(journal.degraded);
  const lease = take(journal, 150);
  assert.deepEqual(lease.items, texts(0, 150));
  journal.settle(lease);
  assert.deepEqual(take(journal).items, [...texts(150, 300), "new 1"]);
  assertFigures(journal, { accepted: 301, settled: 150, waiting: 151 });
  disk.broken = false;
  assert.ok(journal.retry());
  assertFigures(rig.reopen(), { accepted: 301, settled: 150, waiting: 151 });
});

Deno.test("what cannot be written is bounded by itself: superseded events go first, then the oldest of it", async () => {
  const disk = new FaultyDisk();
  await using rig = new JournalRig({ wrapStore: disk.wrap, maxMemoryEvents: 4 });
  const { journal } = rig;
  pushAll(journal, ["old 1", "old 2"]);
  await turn();
  disk.broken = true;
  pushAll(journal, ["a 1", "b 1"]);
  await turn();
  pushAll(journal, ["a 2", "c 1"]);
  assert.deepEqual([journal.hasRoom(1, 5), journal.hasRoom(2, 10)], [true, false]); // a 1 is superseded
  journal.push("d 1");
  assertFigures(journal, { accepted: 7, waiting: 6, superseded: 1 });
  assert.equal(journal.hasRoom(1, 5), false);
  journal.push("e 1"); // b 1 is the oldest in memory
  assertFigures(journal, { accepted: 8, waiting: 6, superseded: 1, overflow: 1 });
  const lease = take(journal, 3);
  assert.deepEqual(lease.items, ["old 1", "old 2", "a 2"]);
  assert.equal(journal.hasRoom(1, 5), true, "what is leased takes no room");
  pushAll(journal, ["f 1", "g 1"]);
  assertFigures(journal, { accepted: 10, waiting: 7, superseded: 1, overflow: 2 });
  disk.broken = false;
  assert.ok(journal.retry());
  assert.equal(journal.hasRoom(1000, 5000), true);
  assert.deepEqual(take(rig.reopen()).items, ["old 1", "old 2", "a 2", "d 1", "e 1", "f 1", "g 1"]);
});

Deno.test("what cannot be written is bounded in bytes, too", async () => {
  const disk = new FaultyDisk();
  await using rig = new JournalRig({ wrapStore: disk.wrap });
  disk.broken = true;
  for (let number = 0; number < 30; number++) rig.journal.push(`${number} ${"x".repeat(500_000)}`);
  assert.ok(rig.journal.degraded);
  assert.ok(rig.journal.figures.waitingBytes <= 8 * 1024 * 1024);
  assert.equal(rig.journal.figures.accepted, 30);
  assert.equal(rig.journal.hasRoom(1, 500_000), false);
  assert.match(String(take(rig.journal).items.at(-1)), /^29 /);
});

Deno.test("a burst while writing fails keeps the newest", async () => {
  const disk = new FaultyDisk();
  await using rig = new JournalRig({ wrapStore: disk.wrap });
  disk.broken = true;
  rig.journal.push("first 1");
  await turn();
  pushAll(rig.journal, texts(0, 20_000));
  assertFigures(rig.journal, { accepted: 20_001, waiting: 1000, overflow: 19_001 });
  assert.deepEqual(take(rig.journal).items, texts(19_000, 20_000));
});

Deno.test("what is unwritten when the journal is closed is written if that works now, else reported", async () => {
  const disk = new FaultyDisk();
  await using rig = new JournalRig({ wrapStore: disk.wrap });
  for (const broken of [true, false]) {
    disk.broken = true;
    pushAll(rig.journal, ["a 1", "b 1"]);
    await turn();
    disk.broken = broken;
    rig.close();
    disk.broken = false;
    assert.equal(rig.journal.length, broken ? 0 : 2);
  }
  const [degraded, lost, ...rest] = rig.logged.map(({ event }) => event);
  assert.deepEqual([degraded, lost, rest], ["queue.degraded", "queue.lost_at_close", [
    "queue.degraded",
    "queue.recovered",
  ]]);
  assert.equal(rig.logged[1]?.fields["events"], 2);
});

Deno.test("a listener that throws is logged and changes nothing", async () => {
  const disk = new FaultyDisk();
  const onDegraded = () => {
    throw new Error("not now");
  };
  await using rig = new JournalRig({ wrapStore: disk.wrap, onDegraded });
  disk.broken = true;
  rig.journal.push("a 1");
  await turn();
  assert.deepEqual(rig.logged.map(({ event }) => event), ["queue.degraded", "queue.listener_failed"]);
  assert.equal(rig.journal.waiting, 1);
});

Deno.test("events whose text cannot be read are counted as rejected and hold nobody up", async () => {
  const disk = new FaultyDisk();
  await using rig = new JournalRig({ wrapStore: disk.wrap });
  pushAll(rig.journal, texts(0, 150));
  const journal = rig.reopen();
  disk.unreadable = true;
  pushAll(journal, ["new 1", "new 2"]);
  assert.deepEqual(take(journal, 50).items, ["new 1", "new 2"]);
  assertFigures(journal, { accepted: 152, waiting: 2, rejected: 150 });
  assert.ok(rig.logged.every(({ event }) => event === "queue.unreadable"));
});
