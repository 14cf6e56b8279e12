import assert from "node:assert/strict";
import { settle } from "../fakes/fake_clock.ts";
import { job, Rig } from "./rig.ts";

Deno.test("a cancel aborts the work; only the final output follows, when the work has settled", async () => {
  const rig = new Rig();
  rig.start("diagnose");
  const run = job(rig.diagnose.runs);
  rig.scope.cancel("s1", "operator left");
  assert.equal(run.signal.aborted, true);
  assert.equal(run.signal.reason.name, "AbortError");
  assert.match(run.signal.reason.message, /operator left/);
  await rig.clock.tick(500);
  assert.deepEqual(rig.said(), []);
  assert.equal(rig.limiter.active, 1);
  run.reject(run.signal.reason);
  await settle();
  assert.deepEqual(rig.link.of("s1"), [{ kind: "final", sessionId: "s1", output: {} }]);
  assert.equal(rig.limiter.active, 0);
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("work that does not settle is given up 1 s after the cancel, by the clock", async () => {
  const rig = new Rig();
  rig.start("diagnose");
  rig.scope.cancel("s1", "enough");
  await rig.clock.tick(999);
  assert.deepEqual([rig.said(), rig.limiter.active, rig.dispatcher.activeSessions], [[], 1, 1]);
  await rig.clock.tick(1);
  assert.deepEqual([rig.said(), rig.limiter.active, rig.dispatcher.activeSessions], [["final"], 0, 0]);
});

Deno.test("a second cancel does not put the end off", async () => {
  const rig = new Rig();
  rig.start("diagnose");
  rig.scope.cancel("s1", "enough");
  await rig.clock.tick(900);
  rig.scope.cancel("s1", "I said enough");
  await rig.clock.tick(100);
  assert.deepEqual(rig.said(), ["final"]);
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("a report that arrives after the cancel is discarded", async () => {
  const rig = new Rig();
  rig.start("diagnose");
  rig.scope.cancel("s1", "enough");
  job(rig.diagnose.runs).resolve("# Report");
  await settle();
  assert.deepEqual(rig.said(), ["final"]);
});

Deno.test("whatever is emitted after the cancel is discarded, before and after the final output", async () => {
  const rig = new Rig();
  rig.start("diagnose");
  const run = job(rig.diagnose.runs);
  run.stream("thinking", "before");
  rig.scope.cancel("s1", "enough");
  await run.stream("thinking", "while it winds down");
  await rig.clock.tick(1000);
  await run.stream("answer", "late");
  assert.deepEqual(rig.said(), ["output thinking:before", "final"]);
});

Deno.test("a cancel in the instant after the work finished or failed: one final output, one slot back", async () => {
  const rig = new Rig();
  rig.start("diagnose", "a");
  rig.start("diagnose", "b");
  job(rig.diagnose.runs, 0).resolve("report");
  job(rig.diagnose.runs, 1).reject(new Error("failed"));
  rig.scope.cancel("a", "enough");
  rig.scope.cancel("b", "enough");
  await rig.clock.tick(5000);
  assert.deepEqual(rig.said("a"), ["final"]);
  assert.deepEqual(rig.said("b"), ["final"]);
  assert.equal(rig.limiter.active, 0);
});

Deno.test("a cancel after the end changes nothing, although the final output still waits", async () => {
  const rig = new Rig();
  rig.link.holdFinals = true;
  rig.start("diagnose");
  job(rig.diagnose.runs).resolve("report");
  await settle();
  rig.scope.cancel("s1", "enough");
  await rig.clock.tick(5000);
  assert.deepEqual(rig.said(), ["final report=report"]);
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("a cancel of an unknown id is ignored", () => {
  const rig = new Rig();
  rig.start("diagnose");
  rig.scope.cancel("nobody", "enough");
  rig.scope.cancel("", "enough");
  assert.equal(job(rig.diagnose.runs).signal.aborted, false);
  assert.equal(rig.link.records.length, 1);
});

Deno.test("a runner that cancels its own session from an abort listener changes nothing", async () => {
  const rig = new Rig();
  rig.start("diagnose");
  const run = job(rig.diagnose.runs);
  run.signal.addEventListener("abort", () => {
    rig.scope.cancel("s1", "again");
    run.stream("error", "stopped");
    run.resolve("");
  });
  rig.scope.cancel("s1", "enough");
  await settle();
  assert.deepEqual(rig.said(), ["final"]);
});
