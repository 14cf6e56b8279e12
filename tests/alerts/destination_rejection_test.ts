import assert from "node:assert/strict";
import { PermanentSendError, TransientSendError } from "../../lib/alerts/notifiers/sender.ts";
import { type Act, DestinationRig, logged } from "./destination_rig.ts";

const refused = new PermanentSendError("cannot send: it does not take this event");

/** Refuses whatever has one of `bad` in it. */
const refusing = (...bad: number[]): Act => (numbers) =>
  numbers.some((number) => bad.includes(number)) ? refused : undefined;

Deno.test("one bad event does not take the others of its batch along", async () => {
  const acts = Array.from({ length: 9 }, () => refusing(1, 3));
  await using rig = new DestinationRig({ acts, maxBatch: 4 });
  await rig.forward(6);
  rig.destination.start();
  await rig.forward(0);
  assert.deepEqual(rig.sender.attempts, [[0, 1, 2, 3], [0], [1], [2], [3], [4, 5]]);
  assert.deepEqual(rig.settledAndRejected, [4, 2]);
});

Deno.test("a destination that is busy in the middle of a taken-apart batch gets the rest in order", async () => {
  const busy = new TransientSendError("cannot send: it is busy");
  const acts: Act[] = [refused, "ok", busy, busy, refusing(1), "ok"];
  await using rig = new DestinationRig({ acts });
  await rig.forward(3);
  rig.destination.start();
  await rig.clock.tick(999);
  await rig.forward(1);
  await rig.clock.tick(3000);
  assert.deepEqual(rig.sender.attempts, [[0, 1, 2], [0], [1], [1], [1], [2], [3]]);
  assert.deepEqual(rig.settledAndRejected, [3, 1]);
});

Deno.test("each rejected event is counted, and logged once with its key", async () => {
  const keys: string[] = [];
  const records = await logged(async (logger) => {
    await using rig = new DestinationRig({ logger, acts: Array.from({ length: 4 }, () => refusing(0, 2)) });
    await rig.forward(3);
    const lease = rig.queue.take(3);
    assert.ok(lease);
    keys.push(...lease.items.map(({ alert_key }) => alert_key));
    rig.queue.giveBack(lease);
    rig.destination.start();
    await rig.forward(0);
    assert.deepEqual(rig.settledAndRejected, [1, 2]);
    assert.equal(rig.destination.lastError, refused.message);
  });
  const rejections = records.filter(({ rawMessage }) => rawMessage === "destination.event_rejected");
  assert.deepEqual(rejections.map(({ level, properties }) => [level, properties]), [
    ["error", { destination: "test", alertKey: keys[0], error: refused }],
    ["error", { destination: "test", alertKey: keys[2], error: refused }],
  ]);
  assert.ok(
    records.every(({ level, rawMessage }) => level === "info" || rawMessage === "destination.event_rejected"),
  );
});

Deno.test("after a batch was taken apart, events travel together again", async () => {
  await using rig = new DestinationRig({ acts: [refused] });
  await rig.forward(2);
  rig.destination.start();
  await rig.forward(0);
  await rig.forward(3);
  assert.deepEqual(rig.sender.attempts, [[0, 1], [0], [1], [2, 3, 4]]);
});
