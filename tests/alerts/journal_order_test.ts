import assert from "node:assert/strict";
import { JournalRig, pushAll, take, textOptions, texts } from "./journal_rig.ts";
import { Journal } from "../../lib/alerts/journal.ts";

Deno.test("what is urgent is taken next when more than 1000 wait", async () => {
  await using rig = new JournalRig();
  pushAll(rig.journal, texts(0, 1001));
  rig.journal.push("fire 1!");
  assert.deepEqual(take(rig.journal, 3).items, ["fire 1!", "0 0", "1 1"]);
});

Deno.test("with 1000 waiting or fewer, what is urgent has its turn like all others", async () => {
  await using rig = new JournalRig();
  pushAll(rig.journal, texts(0, 1000));
  rig.journal.push("fire 1!");
  assert.equal(take(rig.journal).items.at(-1), "fire 1!");
});

Deno.test("what waits of the same key goes before what is urgent, what came later does not go with it", async () => {
  await using rig = new JournalRig({ rushAbove: 5 });
  pushAll(rig.journal, ["a 1", "fire 1", "b 1", "fire 2", "c 1", "d 1"]);
  pushAll(rig.journal, ["fire 3!", "fire 4"]);
  assert.deepEqual(take(rig.journal, 4).items, ["fire 1", "fire 2", "fire 3!", "a 1"]);
  assert.deepEqual(take(rig.journal).items, ["b 1", "c 1", "d 1", "fire 4"]);
});

Deno.test("urgent keys go in the order in which they became so", async () => {
  await using rig = new JournalRig({ rushAbove: 2 });
  pushAll(rig.journal, ["b 1", "a 1", "x 1", "a 2!", "b 2!", "a 3!"]);
  assert.deepEqual(take(rig.journal).items, ["a 1", "a 2!", "a 3!", "b 1", "b 2!", "x 1"]);
});

Deno.test("an urgent key whose predecessors do not fit one lease goes on in the next", async () => {
  await using rig = new JournalRig({ rushAbove: 3 });
  pushAll(rig.journal, ["x 1", ...texts(0, 5, "fire"), "fire 5!"]);
  assert.deepEqual(take(rig.journal, 2).items, ["fire 0", "fire 1"]);
  assert.deepEqual(take(rig.journal, 2).items, ["fire 2", "fire 3"]);
  assert.deepEqual(take(rig.journal, 3).items, ["fire 4", "fire 5!", "x 1"]);
});

Deno.test("predecessors that are leased are not handed out twice, and go first when they are given back", async () => {
  await using rig = new JournalRig({ rushAbove: 1 });
  const { journal } = rig;
  pushAll(journal, ["fire 1", "fire 2", "x 1", "y 1"]);
  const first = take(journal, 1);
  journal.push("fire 3!");
  const second = take(journal, 2);
  assert.deepEqual([first.items, second.items], [["fire 1"], ["fire 2", "fire 3!"]]);
  journal.giveBack(second);
  journal.giveBack(first);
  assert.deepEqual(take(journal).items, ["fire 1", "fire 2", "fire 3!", "x 1", "y 1"]);
});

Deno.test("what was urgent is still so when it is given back, in whatever order leases end", async () => {
  await using rig = new JournalRig({ rushAbove: 1 });
  const { journal } = rig;
  pushAll(journal, ["x 1", "y 1", "z 1", "fire 1!", "flood 1!", "fire 2!"]);
  const [first, second] = [take(journal, 1), take(journal, 2)];
  assert.deepEqual([first.items, second.items], [["fire 1!"], ["fire 2!", "flood 1!"]]);
  journal.giveBack(first);
  journal.giveBack(second);
  const again = take(journal, 3).items;
  assert.ok(again.indexOf("fire 1!") < again.indexOf("fire 2!"));
  assert.deepEqual([...again].sort(), ["fire 1!", "fire 2!", "flood 1!"]);
  assert.deepEqual(take(journal).items, ["x 1", "y 1", "z 1"]);
});

Deno.test("what is dropped while it hurries holds nobody up", async () => {
  await using rig = new JournalRig({ rushAbove: 1, maxEvents: 3 });
  pushAll(rig.journal, ["x 1", "y 1", "fire 1!", "flood 1!", "storm 1!", "fire 2"]);
  assert.deepEqual(take(rig.journal).items, ["flood 1!", "storm 1!", "fire 2"]);
});

Deno.test("many urgent events that are dropped while nothing is taken do not pile up", async () => {
  await using rig = new JournalRig({ rushAbove: 1, maxEvents: 10 });
  for (let number = 0; number < 20_000; number++) rig.journal.push(`k${number} ${number}!`);
  assert.equal(take(rig.journal, 1).items[0], "k19990 19990!");
});

Deno.test("urgency survives a restart", async () => {
  await using rig = new JournalRig({ rushAbove: 2 });
  pushAll(rig.journal, ["x 1", "y 1", "fire 1", "z 1", "fire 2!"]);
  assert.deepEqual(take(rig.reopen()).items, ["fire 1", "fire 2!", "x 1", "y 1", "z 1"]);
});

Deno.test("keys are told from each other, however alike, and the same after a restart", async () => {
  await using rig = new JournalRig({ maxEvents: 3000 });
  const keys = Array.from({ length: 3000 }, (_, number) => `${"k".repeat(number % 50)}${number.toString(2)}`);
  pushAll(rig.journal, keys.map((key) => `${key} 1`));
  rig.reopen();
  pushAll(rig.journal, keys.slice(0, 1000).map((key) => `${key} 2`));
  const { superseded, overflow } = rig.journal.figures.dropped;
  assert.deepEqual([superseded, overflow], [1000, 0]);
  assert.equal(take(rig.journal, 1).items[0], `${keys[1000]} 1`);
});

Deno.test("two journals in one folder know nothing of each other", async () => {
  await using rig = new JournalRig();
  using other = new Journal<string>({ path: rig.folder.at("other.db"), ...textOptions });
  rig.journal.push("a 1");
  other.push("b 1");
  assert.deepEqual([take(rig.journal).items, take(other).items], [["a 1"], ["b 1"]]);
});
