import assert from "node:assert/strict";
import { TransientSendError } from "../../lib/alerts/notifiers/sender.ts";
import { range } from "./delivery_rig.ts";
import { DestinationRig, logged } from "./destination_rig.ts";

const busy = (retryAfterSec?: number) => new TransientSendError("cannot send: it is busy", { retryAfterSec });

Deno.test("events go out at once, together as far as one attempt may carry", async () => {
  await using rig = new DestinationRig({ maxBatch: 4 });
  await rig.forward(6); // before the start
  assert.deepEqual(rig.sender.attempts, []);
  rig.destination.start();
  await rig.forward(1);
  assert.deepEqual(rig.sender.attempts, [range(0, 4), range(4, 7)]);
  await rig.forward(1);
  assert.deepEqual(rig.sender.attempts.at(-1), [7]);
  assert.deepEqual(rig.settledAndRejected, [8, 0]);
});

Deno.test("what cannot be sent now is tried again with growing waits, and nothing overtakes it", async () => {
  await using rig = new DestinationRig({ acts: [busy(), busy(), busy(), "ok"] });
  rig.destination.start();
  await rig.forward(1);
  await rig.forward(2);
  await rig.clock.tick(6999);
  assert.deepEqual(rig.sender.attempts, [[0], [0], [0]]);
  assert.deepEqual(rig.settledAndRejected, [0, 0]);
  assert.equal(rig.destination.consecutiveFailures, 3);
  assert.equal(rig.destination.lastError, "cannot send: it is busy");
  await rig.clock.tick(1);
  assert.deepEqual(rig.sender.attempts, [[0], [0], [0], [0], [1, 2]]);
  assert.deepEqual(rig.sender.waitsMs, [1000, 2000, 4000, 0]);
  assert.deepEqual(rig.settledAndRejected, [3, 0]);
  assert.deepEqual([rig.destination.consecutiveFailures, rig.destination.lastError], [0, undefined]);
  assert.deepEqual([rig.destination.batches, rig.destination.resent], [5, 3]);
});

Deno.test("a success puts the waits back to their start", async () => {
  await using rig = new DestinationRig({ maxBatch: 1, acts: [busy(), busy(), "ok", busy(), "ok"] });
  rig.destination.start();
  await rig.forward(2);
  await rig.clock.tick(10_000);
  assert.deepEqual(rig.sender.waitsMs, [1000, 2000, 0, 1000]);
});

Deno.test("nobody is asked again before the time it named, nor later than an hour from then", async () => {
  await using rig = new DestinationRig({ random: () => 0, acts: [busy(30), busy(0), busy(86_400), "ok"] });
  rig.destination.start();
  await rig.forward(1);
  await rig.clock.tick(4_000_000);
  assert.deepEqual(rig.sender.waitsMs, [30_000, 1500, 3_600_000]);
  assert.deepEqual(rig.settledAndRejected, [1, 0]);
});

Deno.test("an attempt that never ends is given up after 10 s and made again", async () => {
  await using rig = new DestinationRig({ acts: ["hang", "ok"] });
  rig.destination.start();
  await rig.forward(1);
  await rig.clock.tick(9999);
  assert.equal(rig.sender.signals[0]?.aborted, false);
  await rig.clock.tick(1);
  assert.equal(rig.sender.signals[0]?.aborted, true);
  assert.match(rig.destination.lastError ?? "", /no answer within 10000 ms/);
  await rig.clock.tick(1000);
  assert.deepEqual(rig.sender.attempts, [[0], [0]]);
  assert.deepEqual(rig.settledAndRejected, [1, 0]);
});

Deno.test("a sender that throws anything at all does not break the destination", async () => {
  const oddities = [undefined, null, "text", 7, new TypeError("a bug"), {}];
  const acts = oddities.map((oddity) => Promise.reject(oddity));
  for (const act of acts) act.catch(() => {}); // they are waited for later
  const throwing = () => {
    throw new RangeError("thrown, not returned");
  };
  await using rig = new DestinationRig({ acts: [...acts, throwing, "ok"] });
  rig.destination.start();
  await rig.forward(1);
  await rig.clock.tick(300_000);
  assert.equal(rig.sender.attempts.length, oddities.length + 2);
  assert.deepEqual(rig.settledAndRejected, [1, 0]);
});

Deno.test("each failed attempt is one line in the log, and so is the recovery", async () => {
  const first = busy();
  const records = await logged(async (logger) => {
    await using rig = new DestinationRig({ logger, acts: [first, busy(9), "ok"] });
    rig.destination.start();
    await rig.forward(3);
    await rig.clock.tick(20_000);
  });
  assert.deepEqual(records.map(({ level, rawMessage }) => [level, rawMessage]), [
    ["warning", "destination.send_failed"],
    ["warning", "destination.send_failed"],
    ["info", "destination.recovered"],
  ]);
  assert.deepEqual(records[0]?.properties, { destination: "test", events: 3, error: first, retryInSec: 1 });
  assert.equal(records[1]?.properties["retryInSec"], 10.1); // asked for 9, spread from there
  assert.deepEqual(records[2]?.properties, { destination: "test", failures: 2 });
});
