import assert from "node:assert/strict";
import { Destination } from "../../lib/alerts/destination.ts";
import { TransientSendError } from "../../lib/alerts/notifiers/sender.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import { numbered } from "./delivery_rig.ts";
import { DestinationRig, ScriptedSender } from "./destination_rig.ts";

const busy = (retryAfterSec?: number) => new TransientSendError("cannot send: it is busy", { retryAfterSec });

/** What a promise has come to, or "pending". */
async function now<T>(promise: Promise<T>): Promise<T | "pending"> {
  await settle();
  return await Promise.race([promise, Promise.resolve("pending" as const)]);
}

Deno.test("disposing of an idle destination takes no time, nor does doing it again", async () => {
  await using rig = new DestinationRig();
  rig.destination.start();
  await rig.forward(1);
  await rig.destination[Symbol.asyncDispose]();
  await rig.destination[Symbol.asyncDispose]();
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("a destination that was never started can be disposed of, and not be started afterwards", async () => {
  await using rig = new DestinationRig();
  await rig.forward(1);
  await rig.destination[Symbol.asyncDispose]();
  rig.destination.start();
  await settle();
  assert.deepEqual(rig.sender.attempts, []);
  assert.equal(rig.queue.waiting, 1);
});

Deno.test("a wait between attempts is cut short by disposing, and its events stay in the queue", async () => {
  await using rig = new DestinationRig({ acts: [busy(3600)] });
  rig.destination.start();
  await rig.forward(3);
  await rig.destination[Symbol.asyncDispose]();
  assert.deepEqual([rig.queue.waiting, rig.queue.length], [3, 3]);
  assert.equal(rig.sender.attempts.length, 1);
});

Deno.test("an attempt under way may finish within the grace; what comes after stays", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using rig = new DestinationRig({ acts: [promise], maxBatch: 2 });
  await rig.forward(3);
  rig.destination.start();
  await settle();
  const disposed = rig.destination[Symbol.asyncDispose]();
  await rig.clock.tick(1999);
  assert.equal(rig.sender.signals[0]?.aborted, false);
  resolve();
  await disposed;
  assert.deepEqual(rig.settledAndRejected, [2, 0]);
  assert.deepEqual([rig.queue.waiting, rig.queue.length], [1, 1]);
});

Deno.test("an attempt that outlasts the grace is aborted and its events given back", async () => {
  await using rig = new DestinationRig({ acts: ["hang"] });
  rig.destination.start();
  await rig.forward(2);
  const disposed = rig.destination[Symbol.asyncDispose]();
  await rig.clock.tick(1999);
  assert.equal(await now(disposed), "pending");
  await rig.clock.tick(1);
  assert.equal(await now(disposed), undefined);
  assert.equal(rig.sender.signals[0]?.aborted, true);
  assert.deepEqual([rig.queue.waiting, rig.queue.length], [2, 2]);
  assert.equal(rig.destination.consecutiveFailures, 0, "being stopped is no failure");
});

Deno.test("after disposing no event is accepted", async () => {
  await using rig = new DestinationRig();
  rig.destination.start();
  await rig.destination[Symbol.asyncDispose]();
  assert.equal(rig.destination.forward(numbered(0)), false);
  assert.equal(rig.queue.length, 0);
});

Deno.test("flush says true once everything is delivered", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using rig = new DestinationRig({ acts: [promise], maxBatch: 1 });
  await rig.forward(2);
  rig.destination.start();
  const flushed = rig.destination.flush(5000);
  const again = rig.destination.flush(5000);
  assert.equal(await now(flushed), "pending");
  resolve();
  assert.deepEqual([await now(flushed), await now(again)], [true, true]);
  assert.equal(await rig.destination.flush(0), true);
});

Deno.test("flush says false at its deadline", async () => {
  await using rig = new DestinationRig({ acts: ["hang"] });
  rig.destination.start();
  await rig.forward(1);
  const flushed = rig.destination.flush(5000);
  await rig.clock.tick(4999);
  assert.equal(await now(flushed), "pending");
  await rig.clock.tick(1);
  assert.equal(await now(flushed), false);
});

Deno.test("flush tries at once where a retry was waiting, and gives up when the next one is too far off", async () => {
  await using rig = new DestinationRig({ acts: [busy(), busy(), busy(), "ok"] });
  rig.destination.start();
  await rig.forward(1);
  await rig.clock.tick(3000);
  assert.equal(rig.sender.attempts.length, 3); // the next is due in 4 s
  assert.equal(await now(rig.destination.flush(1000)), true);
  assert.equal(rig.sender.attempts.length, 4);

  await using dead = new DestinationRig({ acts: [busy(), busy(), busy(), busy()] });
  dead.destination.start();
  await dead.forward(1);
  await dead.clock.tick(3000);
  assert.equal(await now(dead.destination.flush(1000)), false); // the next is due in 8 s
  assert.equal(dead.sender.attempts.length, 4);
});

Deno.test("flush comes no earlier than a server has asked for", async () => {
  await using rig = new DestinationRig({ acts: [busy(60)] });
  rig.destination.start();
  await rig.forward(1);
  assert.equal(await now(rig.destination.flush(30_000)), false);
  assert.equal(rig.sender.attempts.length, 1);
});

Deno.test("flush ends with its signal and with the destination", async () => {
  await using rig = new DestinationRig({ acts: ["hang"] });
  rig.destination.start();
  await rig.forward(1);
  const stop = new AbortController();
  const signalled = rig.destination.flush(5000, stop.signal);
  const reason = new Error("enough");
  stop.abort(reason);
  await assert.rejects(signalled, reason);
  const flushed = rig.destination.flush(5000);
  void rig.destination[Symbol.asyncDispose]();
  assert.equal(await now(flushed), false);
});

Deno.test("a queue that breaks is asked again; the destination lives on", async () => {
  await using rig = new DestinationRig();
  const take = rig.queue.take.bind(rig.queue);
  let failures = 2;
  rig.queue.take = (max) => {
    if (failures-- > 0) throw new Error("the disk is gone");
    return take(max);
  };
  rig.destination.start();
  await rig.forward(1);
  assert.deepEqual(rig.sender.attempts, []);
  await rig.clock.tick(3000);
  assert.deepEqual(rig.sender.attempts, [[0]]);
});

Deno.test("a queue that holds events back is asked again by and by, and at once when woken", async () => {
  await using rig = new DestinationRig();
  const lease = (await rig.forward(2), rig.queue.take(1));
  const rest = rig.queue.take(1);
  assert.ok(lease && rest);
  rig.destination.start();
  await settle();
  rig.queue.giveBack(lease);
  await rig.clock.tick(5000);
  assert.deepEqual(rig.sender.attempts, [[0]]);
  rig.queue.giveBack(rest);
  rig.destination.wake();
  await settle();
  assert.deepEqual(rig.sender.attempts, [[0], [1]]);
});

Deno.test("figures that make no sense are refused by name", () => {
  const clock = new FakeClock();
  const make = (options: { sendDeadlineMs?: number; graceMs?: number }, maxBatch = 1) => {
    const rig = {
      name: "x",
      queue: new DestinationRig().queue,
      sender: new ScriptedSender(clock, { maxBatch }),
    };
    return () => new Destination({ ...rig, ...options });
  };
  assert.throws(make({ sendDeadlineMs: 0 }), /RangeError: .*sendDeadlineMs must be at least 1, and is 0/);
  assert.throws(make({ graceMs: NaN }), /RangeError: .*graceMs .* NaN/);
  assert.throws(make({}, 0.5), /RangeError: .*maxBatch/);
});
