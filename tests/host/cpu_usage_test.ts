import assert from "node:assert/strict";
import fc from "fast-check";
import { CpuSampler, usagePercent } from "../../lib/host/cpu_usage.ts";
import type { CpuTimes } from "../../lib/host/host_facts.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { cpuReadings, recordedHost } from "./recorded_host.ts";

const NEVER = new AbortController().signal;

function sampler(clock: FakeClock, cpuTimes: readonly CpuTimes[]): CpuSampler {
  return new CpuSampler({ host: recordedHost({ cpuTimes }), clock, shortIntervalMs: 200 });
}

Deno.test("the first sample makes its own interval, the next ones measure since the one before", async () => {
  const clock = new FakeClock();
  const cpu = sampler(clock, cpuReadings(25, 75));
  const first = cpu.sample(NEVER);
  await clock.tick(199);
  assert.equal(clock.pendingTimers, 1);
  await clock.tick(1);
  assert.deepEqual(await first, { percent: 25, processors: 4 });
  assert.deepEqual(await cpu.sample(NEVER), { percent: 75, processors: 4 });
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("counters that did not advance are read again a little later", async () => {
  const clock = new FakeClock();
  const [start, later] = cpuReadings(40);
  const cpu = sampler(clock, [start!, start!, later!]);
  const sample = cpu.sample(NEVER);
  await clock.tick(400);
  assert.equal((await sample).percent, 40);
});

Deno.test("counters that stand still are an error, not a figure", async () => {
  const clock = new FakeClock();
  const sample = assert.rejects(sampler(clock, cpuReadings()).sample(NEVER), /counters stand still/);
  await clock.tick(1000);
  await sample;
});

Deno.test("a processor that went away starts the measurement anew", async () => {
  const clock = new FakeClock();
  const [start, later] = cpuReadings(50);
  const half = { busyMs: 100, totalMs: 1000, processors: 2 };
  const after = { busyMs: 200, totalMs: 2000, processors: 2 };
  const cpu = sampler(clock, [start!, later!, half, after]);
  const first = cpu.sample(NEVER);
  await clock.tick(200);
  await first;
  const second = cpu.sample(NEVER);
  await clock.tick(200);
  assert.deepEqual(await second, { percent: 10, processors: 2 });
});

Deno.test("an aborted sample rejects with the reason and leaves no timer", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const sample = assert.rejects(sampler(clock, cpuReadings(1)).sample(abort.signal), /enough/);
  await clock.tick(100);
  abort.abort(new Error("enough"));
  await sample;
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("property: usage lies between 0 and 100 or is unknown", () => {
  const times = fc.record({
    busyMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
    totalMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
    processors: fc.integer({ min: 1, max: 2 }),
  });
  fc.assert(fc.property(times, times, (earlier, later) => {
    const percent = usagePercent(earlier, later);
    const comparable = later.totalMs > earlier.totalMs && later.processors === earlier.processors;
    assert.equal(percent !== undefined, comparable);
    if (percent !== undefined) assert(percent >= 0 && percent <= 100);
  }));
});
