import assert from "node:assert/strict";
import { Deadline } from "../../lib/link/deadline.ts";
import { FakeClock } from "../fakes/fake_clock.ts";

function make(delayMs = 1000) {
  const clock = new FakeClock();
  const passed: number[] = [];
  const deadline = new Deadline({ clock, delayMs, onPassed: () => passed.push(clock.monotonicMs()) });
  return { clock, passed, deadline };
}

Deno.test("it passes once, when its time is over", async () => {
  const { clock, passed } = make();
  await clock.tick(999);
  assert.deepEqual(passed, []);
  await clock.tick(1);
  await clock.tick(10_000);
  assert.equal(passed.length, 1);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("extended, it passes that much after the last extension, with one timer throughout", async () => {
  const { clock, passed, deadline } = make();
  for (let count = 0; count < 20; count++) {
    await clock.tick(70);
    deadline.extend();
    assert.equal(clock.pendingTimers, 1);
  }
  await clock.tick(999);
  assert.deepEqual(passed, []);
  await clock.tick(1);
  assert.equal(passed.length, 1);
});

Deno.test("extending it after it passed does nothing", async () => {
  const { clock, passed, deadline } = make();
  await clock.tick(1000);
  deadline.extend();
  await clock.tick(5000);
  assert.equal(passed.length, 1);
});

Deno.test("disposed of, it never passes and leaves no timer, however often", async () => {
  const { clock, passed, deadline } = make();
  deadline[Symbol.dispose]();
  deadline[Symbol.dispose]();
  deadline.extend();
  await clock.tick(5000);
  assert.deepEqual([passed.length, clock.pendingTimers], [0, 0]);
});

Deno.test("a step of the wall clock does not move it", async () => {
  const { clock, passed } = make();
  clock.wallOffsetMs = 3_600_000;
  await clock.tick(999);
  assert.deepEqual(passed, []);
  clock.wallOffsetMs = -3_600_000;
  await clock.tick(1);
  assert.equal(passed.length, 1);
});
