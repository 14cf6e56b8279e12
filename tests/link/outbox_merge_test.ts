import assert from "node:assert/strict";
import { message, OutboxRig } from "./outbox_rig.ts";

Deno.test("pieces of one session and stage are merged while they wait", () => {
  const rig = new OutboxRig();
  for (const word of ["one ", "two ", "three"]) rig.delta("s", word);
  assert.deepEqual(rig.all(), ["s answer:one two three"]);
});

Deno.test("nothing is merged across a stage, a session or a message", () => {
  const rig = new OutboxRig();
  rig.delta("s", "a");
  rig.delta("s", "b", "thinking");
  rig.delta("t", "c");
  rig.delta("s", "d");
  rig.outbox.pushMessage("s", message("s", "turn"));
  rig.delta("s", "e");
  rig.delta("t", "f");
  const taken = rig.all();
  assert.deepEqual(taken.filter((text) => text.startsWith("s")), [
    "s answer:a",
    "s thinking:b",
    "s answer:d",
    "s done:turn",
    "s answer:e",
  ]);
  assert.deepEqual(taken.filter((text) => text.startsWith("t")), ["t answer:cf"]);
});

Deno.test("what was taken is not added to", () => {
  const rig = new OutboxRig();
  rig.delta("s", "a");
  assert.equal(rig.next(), "s answer:a");
  rig.delta("s", "b");
  assert.equal(rig.next(), "s answer:b");
});

Deno.test("a message calls back when it is sent", () => {
  const rig = new OutboxRig();
  let sent = 0;
  rig.outbox.pushMessage("s", message("s", "end"), () => sent++);
  const outgoing = rig.outbox.next(true);
  assert.equal(sent, 0);
  outgoing?.onSent?.();
  assert.equal(sent, 1);
});

Deno.test("a piece longer than a turn is split, never inside a character", () => {
  for (const turnSize of [1, 2, 3, 7, 64]) {
    const rig = new OutboxRig({ turnSize });
    const text = "a😀bc😀😀d".repeat(20);
    rig.delta("s", text);
    const pieces = rig.all().map((piece) => piece.replace("s answer:", ""));
    assert.equal(pieces.join(""), text, `turns of ${turnSize}`);
    if (turnSize === 1) continue; // a pair does not fit into one: it cannot but be cut
    for (const piece of pieces) {
      assert.ok(piece.length <= turnSize);
      assert.ok(piece.isWellFormed(), `turns of ${turnSize}: ${JSON.stringify(piece)}`);
    }
  }
});

Deno.test("merging stops where a piece would take longer than a turn", () => {
  const rig = new OutboxRig({ turnSize: 10 });
  for (let count = 0; count < 7; count++) rig.delta("s", "abc");
  assert.deepEqual(rig.all(), ["s answer:abcabcabc", "s answer:abcabcabc", "s answer:abc"]);
});

Deno.test("what does not fit any more is cut, and a marker with its length stands in its place", () => {
  const rig = new OutboxRig({ maxSessionSize: 100 });
  rig.delta("s", "x".repeat(90));
  rig.delta("s", "y".repeat(20));
  rig.delta("s", "z".repeat(11));
  assert.deepEqual(rig.all(), [`s answer:${"x".repeat(90)}`, `s answer:\n${marker(31)}\n`]);
  rig.delta("s", "on it goes");
  assert.equal(rig.next(), "s answer:on it goes");
});

Deno.test("the marker comes before what follows the cut", () => {
  const rig = new OutboxRig({ maxSessionSize: 10 });
  rig.delta("s", "0123456789");
  rig.delta("s", "lost", "thinking");
  rig.outbox.pushMessage("s", message("s", "end"));
  assert.deepEqual(rig.all(), ["s answer:0123456789", `s thinking:\n${marker(4)}\n`, "s done:end"]);
});

Deno.test("a session whose every piece was cut still says so", () => {
  const rig = new OutboxRig({ maxSessionSize: 10 });
  rig.delta("a", "0123456789");
  rig.delta("b", "lost");
  assert.equal(rig.outbox.empty, false);
  assert.deepEqual(rig.all(), ["a answer:0123456789", `b answer:\n${marker(4)}\n`]);
  assert.equal(rig.outbox.empty, true);
});

Deno.test("messages are never cut, however full it is", () => {
  const rig = new OutboxRig({ maxSessionSize: 10 });
  rig.delta("s", "0123456789");
  for (let count = 0; count < 5; count++) rig.outbox.pushMessage("s", message("s", `end${count}`));
  assert.deepEqual(rig.all().slice(1), [
    "s done:end0",
    "s done:end1",
    "s done:end2",
    "s done:end3",
    "s done:end4",
  ]);
});

Deno.test("comfortable is while little waits", () => {
  const rig = new OutboxRig({ comfortableSessionSize: 100, turnSize: 50 });
  rig.delta("s", "x".repeat(100));
  assert.equal(rig.outbox.comfortable, true);
  rig.delta("t", "x");
  assert.equal(rig.outbox.comfortable, false);
  rig.next();
  assert.equal(rig.outbox.comfortable, true);
});

function marker(characters: number): string {
  return `[${characters} characters of output left out: they came faster than the connection took them]`;
}
