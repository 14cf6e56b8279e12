import assert from "node:assert/strict";
import { SuspensionDetector } from "../../lib/link/suspension.ts";
import { FakeClock } from "../fakes/fake_clock.ts";

/** Gives the uptime that `uptimeSec` names. */
class HiddenUptimeClock extends FakeClock {
  hidden = true;
  override osUptimeSec(): number {
    return this.hidden ? (undefined as unknown as number) : super.osUptimeSec();
  }
}

function watch(clock = new FakeClock()) {
  const slept: number[] = [];
  const detector = new SuspensionDetector({ clock });
  const stop = detector.watch((seconds) => slept.push(seconds));
  return { clock, slept, stop, detector };
}

Deno.test("a machine that slept is noticed within 2 s, once, with the time it slept", async () => {
  const { clock, slept, stop } = watch();
  await clock.tick(60_000);
  clock.suspendedSec = 3600;
  await clock.tick(2000);
  assert.deepEqual(slept.length, 1);
  assert.ok(Math.abs((slept[0] ?? 0) - 3600) <= 1);
  await clock.tick(60_000);
  assert.equal(slept.length, 1);
  clock.suspendedSec += 60;
  await clock.tick(2000);
  assert.equal(slept.length, 2);
  stop();
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a nap of a few seconds is nothing; nor is a step of the wall clock, whichever way", async () => {
  const { clock, slept, stop } = watch();
  clock.suspendedSec = 4;
  await clock.tick(10_000);
  for (const offset of [86_400_000, -86_400_000, 0]) {
    clock.wallOffsetMs = offset;
    await clock.tick(10_000);
  }
  assert.deepEqual(slept, []);
  stop();
});

Deno.test("where the uptime is hidden nothing is noticed and no timer runs", async () => {
  const { clock, slept, stop } = watch(new HiddenUptimeClock());
  assert.equal(clock.pendingTimers, 0);
  clock.suspendedSec = 3600;
  await clock.tick(60_000);
  assert.deepEqual(slept, []);
  stop();
});

Deno.test("an uptime that cannot be read for a while is no sleep", async () => {
  const clock = new HiddenUptimeClock();
  clock.hidden = false;
  const { slept, stop } = watch(clock);
  await clock.tick(4000);
  clock.hidden = true;
  await clock.tick(10_000);
  clock.hidden = false;
  await clock.tick(10_000);
  assert.deepEqual(slept, []);
  stop();
});

Deno.test("sleep that fell between two watches is noticed by the second", async () => {
  const { clock, slept, stop, detector } = watch();
  stop();
  clock.suspendedSec = 600;
  const stopAgain = detector.watch((seconds) => slept.push(seconds));
  await clock.tick(2000);
  assert.equal(slept.length, 1);
  stopAgain();
});

Deno.test("a watch that is stopped by what it calls leaves no timer", async () => {
  const clock = new FakeClock();
  const detector = new SuspensionDetector({ clock });
  const stop: () => void = detector.watch(() => stop());
  clock.suspendedSec = 60;
  await clock.tick(2000);
  assert.equal(clock.pendingTimers, 0);
  stop();
});
