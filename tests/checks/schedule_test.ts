import assert from "node:assert/strict";
import { CheckEngine } from "../../lib/checks/engine.ts";
import { runSchedule } from "../../lib/checks/schedule.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import { ScriptedCheck } from "./scripted_check.ts";

Deno.test("the first gathers are spread by chance, the next ones keep their distance", async () => {
  const clock = new FakeClock();
  const rolls = [0, 0.5];
  const checks = [new ScriptedCheck(["Ok"]), new ScriptedCheck(["Ok"])];
  await using engine = new CheckEngine({
    checks: checks.map((check) => ({ check, pace: { intervalMs: 10_000 } })),
    clock,
    random: () => rolls.shift() ?? assert.fail("rolled too often"),
    emit: () => {},
    staggerMs: 800,
  });
  engine.start();
  engine.start();
  assert.deepEqual(clock.pendingDelaysMs, [0, 400]);
  await clock.tick(400);
  assert.deepEqual(checks.map((check) => check.gathers), [1, 1]);
  assert.deepEqual(clock.pendingDelaysMs, [9600, 10_000]);
  await clock.tick(9600);
  assert.deepEqual(checks.map((check) => check.gathers), [2, 1]);
  await clock.tick(400);
  assert.deepEqual(checks.map((check) => check.gathers), [2, 2]);
});

Deno.test("a gather that takes longer than the interval delays the next one and is not made up for", async () => {
  const clock = new FakeClock();
  const slow = Promise.withResolvers<[]>();
  const check = new ScriptedCheck([() => slow.promise, "Ok"]);
  const abort = new AbortController();
  const times: number[] = [];
  const startMs = clock.monotonicMs();
  const running = runSchedule({
    check,
    clock,
    intervalMs: 1000,
    firstDelayMs: 0,
    deadlineMs: 60_000,
    onOutcome: () => times.push(clock.monotonicMs() - startMs),
  }, abort.signal);
  await clock.tick(3500);
  slow.resolve([]);
  await clock.tick(1600);
  assert.deepEqual(times, [3500, 4000, 5000]);
  abort.abort();
  await running;
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a disposed engine stops at once, also amid a gather that listens to nothing", async () => {
  const clock = new FakeClock();
  const hung = Promise.withResolvers<[]>();
  let events = 0;
  const check = new ScriptedCheck([() => hung.promise]);
  const engine = new CheckEngine({ checks: [{ check }], clock, random: () => 0, emit: () => events++ });
  engine.start();
  await clock.tick(0);
  assert.equal(check.gathers, 1);
  await engine[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  assert.equal(clock.pendingTimers, 0);
  hung.reject(new Error("late"));
  await settle();
  await clock.tick(100_000);
  assert.equal(events, 0);
  assert.equal(check.gathers, 1);
});

Deno.test("an engine that never started can be disposed of, and does not start any more", async () => {
  const clock = new FakeClock();
  const check = new ScriptedCheck(["Ok"]);
  const engine = new CheckEngine({ checks: [{ check }], clock, random: () => 0, emit: () => {} });
  await engine[Symbol.asyncDispose]();
  engine.start();
  await clock.tick(60_000);
  assert.equal(check.gathers, 0);
});

Deno.test("without settings the first gather comes within 5 s, then one every 30 s, each within 10 s", async () => {
  const clock = new FakeClock();
  const check = new ScriptedCheck([() => new Promise(() => {})]);
  const descriptions: string[] = [];
  await using engine = new CheckEngine({
    checks: [{ check }, { check: new ScriptedCheck(["Ok"], "other") }],
    clock,
    random: () => 0.999,
    emit: (event) => descriptions.push(event.description),
  });
  engine.start();
  assert.deepEqual(clock.pendingDelaysMs, [4995, 4995]);
  await clock.tick(4995);
  assert.deepEqual(clock.pendingDelaysMs, [10_000, 30_000]);
  await clock.tick(10_000);
  assert.deepEqual(descriptions, ["check fake of thing failed: no result after 10000 ms"]);
});
