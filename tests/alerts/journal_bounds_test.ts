import assert from "node:assert/strict";
import { assertFigures, JournalRig, pushAll, take, texts } from "./journal_rig.ts";

const DAY_MS = 24 * 3600 * 1000;

Deno.test("when it is full, the oldest superseded goes first, then the oldest", async () => {
  await using rig = new JournalRig({ maxEvents: 5 });
  const { journal } = rig;
  pushAll(journal, ["a 1", "b 1", "c 1", "b 2", "c 2"]);
  assertFigures(journal, { accepted: 5, waiting: 5 });
  journal.push("d 1"); // b 1 is the oldest that is superseded
  journal.push("e 1"); // then c 1
  assertFigures(journal, { accepted: 7, waiting: 5, superseded: 2 });
  journal.push("f 1"); // nothing is superseded: a 1 is the oldest
  assertFigures(journal, { accepted: 8, waiting: 5, superseded: 2, overflow: 1 });
  assert.deepEqual(take(journal).items, ["b 2", "c 2", "d 1", "e 1", "f 1"]);
});

Deno.test("what comes supersedes its key's older ones before anything is dropped", async () => {
  await using rig = new JournalRig({ maxEvents: 2 });
  pushAll(rig.journal, ["a 1", "b 1", "b 2"]);
  assertFigures(rig.journal, { accepted: 3, waiting: 2, superseded: 1 });
  assert.deepEqual(take(rig.journal).items, ["a 1", "b 2"]);
});

Deno.test("a newer one that is leased supersedes, one that has left does not", async () => {
  await using rig = new JournalRig({ maxEvents: 2, rushAbove: 0 });
  const { journal } = rig;
  pushAll(journal, ["a 1", "b 1"]);
  const old = take(journal, 2);
  journal.push("b 2");
  const newer = take(journal);
  journal.giveBack(old); // a 1, b 1
  journal.push("c 1");
  assertFigures(journal, { accepted: 4, waiting: 3, superseded: 1 });
  journal.settle(newer);
  assert.deepEqual(take(journal).items, ["a 1", "c 1"]);
});

Deno.test("what is leased is never dropped, and what it superseded no longer is once it has gone", async () => {
  await using rig = new JournalRig({ maxEvents: 3 });
  const { journal } = rig;
  pushAll(journal, ["a 1", "a 2", "a 3"]);
  const lease = take(journal, 2);
  pushAll(journal, texts(0, 10));
  assert.deepEqual(lease.items, ["a 1", "a 2"]);
  assertFigures(journal, { accepted: 13, waiting: 5, overflow: 8 });
  journal.settle(lease);
  assertFigures(journal, { accepted: 13, settled: 2, waiting: 3, overflow: 8 });
});

Deno.test("bytes are bounded as they are on disk, characters of several bytes included", async () => {
  await using rig = new JournalRig({ maxBytes: 100 });
  const { journal } = rig;
  const long = `a ${"é".repeat(10)}`; // 24 bytes with its quotes
  pushAll(journal, [long, long, long, long]);
  assert.equal(journal.figures.waitingBytes, 96);
  assertFigures(journal, { accepted: 4, waiting: 4 });
  journal.push("b 1"); // 5 bytes
  assertFigures(journal, { accepted: 5, waiting: 4, superseded: 1 });
  assert.equal(journal.figures.waitingBytes, 77);
});

Deno.test("one event that is larger than all that may wait is dropped, and no other for it", async () => {
  await using rig = new JournalRig({ maxBytes: 100 });
  pushAll(rig.journal, ["a 1", `b ${"x".repeat(200)}`, `c ${"é".repeat(60)}`, "d 1"]);
  assertFigures(rig.journal, { accepted: 4, waiting: 2, overflow: 2 });
  assert.deepEqual(take(rig.journal).items, ["a 1", "d 1"]);
});

Deno.test("an event that cannot be written as JSON is rejected, logged, and nobody else notices", async () => {
  await using rig = new JournalRig();
  const { journal } = rig;
  pushAll(journal, ["a 1", 1n as unknown as string, undefined as unknown as string, "b 1"]);
  assertFigures(journal, { accepted: 4, waiting: 2, rejected: 2 });
  assert.deepEqual(rig.logged.map(({ event }) => event), ["queue.not_encodable", "queue.not_encodable"]);
  assert.deepEqual(take(rig.reopen()).items, ["a 1", "b 1"]);
  assertFigures(rig.journal, { accepted: 4, waiting: 2, rejected: 2 });
});

Deno.test("there is room as long as only superseded events must go for it", async () => {
  await using rig = new JournalRig({ maxEvents: 4, maxBytes: 40 });
  const { journal } = rig;
  pushAll(journal, ["a 1", "a 2", "b 1", "c 1"]); // 5 bytes each
  assert.deepEqual([journal.hasRoom(1, 5), journal.hasRoom(2, 10)], [true, false]);
  assert.deepEqual([journal.hasRoom(1, 25), journal.hasRoom(1, 26)], [true, false]);
  journal.push("d 1"); // a 1 went
  assert.equal(journal.hasRoom(1, 5), false);
  const lease = take(journal, 1);
  assert.equal(journal.hasRoom(1, 5), true);
  journal.giveBack(lease);
  assert.equal(journal.hasRoom(1, 5), false);
});

Deno.test("what has grown too old is dropped when it would be taken", async () => {
  await using rig = new JournalRig();
  const { journal, clock } = rig;
  pushAll(journal, ["a 1", "b 1"]);
  clock.wallOffsetMs += 4 * DAY_MS;
  journal.push("c 1");
  clock.wallOffsetMs += 3 * DAY_MS + 2000;
  assert.deepEqual(take(journal).items, ["c 1"]);
  assertFigures(journal, { accepted: 3, waiting: 1, expired: 2 });
});

Deno.test("what has grown too old makes room for what comes", async () => {
  await using rig = new JournalRig();
  const { journal, clock } = rig;
  pushAll(journal, texts(0, 500));
  clock.wallOffsetMs += 8 * DAY_MS;
  journal.push("new 1");
  assertFigures(journal, { accepted: 501, waiting: 1, expired: 500 });
});

Deno.test("ages span restarts", async () => {
  await using rig = new JournalRig({ maxAgeMs: 60_000 });
  pushAll(rig.journal, ["a 1"]);
  rig.close();
  rig.clock.wallOffsetMs += 40_000;
  pushAll(rig.journal, ["b 1"]);
  rig.close();
  rig.clock.wallOffsetMs += 40_000;
  assert.deepEqual(take(rig.journal).items, ["b 1"]);
  assertFigures(rig.journal, { accepted: 2, waiting: 1, expired: 1 });
});

Deno.test("nothing grows old by a clock that was not set yet when it came", async () => {
  await using rig = new JournalRig();
  rig.clock.wallOffsetMs = -1_690_000_000_000; // the seventies
  rig.journal.push("a 1");
  rig.clock.wallOffsetMs = 0;
  rig.journal.push("b 1");
  assert.deepEqual(take(rig.journal).items, ["a 1", "b 1"]);
});

Deno.test("bounds that have become narrower apply at the next start", async () => {
  await using rig = new JournalRig();
  pushAll(rig.journal, [...texts(0, 300), "299 300"]);
  const journal = rig.reopen({ maxEvents: 100 });
  assertFigures(journal, { accepted: 301, waiting: 100, superseded: 1, overflow: 200 });
  assert.deepEqual(take(journal, 1).items, ["200 200"]);
});

Deno.test("an overflow of leased events given back is counted by reason, too", async () => {
  await using rig = new JournalRig({ maxEvents: 3 });
  const { journal } = rig;
  pushAll(journal, ["a 1", "b 1", "c 1"]);
  const lease = take(journal);
  pushAll(journal, ["b 2", "d 1"]);
  journal.giveBack(lease);
  assertFigures(journal, { accepted: 5, waiting: 3, superseded: 1, overflow: 1 });
  assert.deepEqual(take(journal).items, ["c 1", "b 2", "d 1"]);
});
