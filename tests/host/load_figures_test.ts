import assert from "node:assert/strict";
import { LoadSampler } from "../../lib/host/load_figures.ts";
import { cpuReadings, GIB, recordedHost } from "./recorded_host.ts";

Deno.test("usage is measured between heartbeats, so that the first has none", async () => {
  const sampler = new LoadSampler({ host: recordedHost({ cpuTimes: cpuReadings(33.333, 90) }) });
  assert.deepEqual(await sampler.read(), { memPct: 25 });
  assert.deepEqual(await sampler.read(), { cpuPct: 33.3, memPct: 25 });
  assert.deepEqual(await sampler.read(), { cpuPct: 90, memPct: 25 });
});

Deno.test("over less than a second there is no usage, and the time counts on", async () => {
  const cpuTimes = [
    { busyMs: 0, totalMs: 0, processors: 4 },
    { busyMs: 30, totalMs: 40, processors: 4 },
    { busyMs: 2000, totalMs: 4000, processors: 4 },
  ];
  const sampler = new LoadSampler({ host: recordedHost({ cpuTimes }) });
  assert.deepEqual(await sampler.read(), { memPct: 25 });
  assert.deepEqual(await sampler.read(), { memPct: 25 });
  assert.deepEqual(await sampler.read(), { cpuPct: 50, memPct: 25 });
});

Deno.test("two heartbeats without a tick between them have no usage", async () => {
  const sampler = new LoadSampler({ host: recordedHost({ cpuTimes: cpuReadings() }) });
  await sampler.read();
  assert.deepEqual(await sampler.read(), { memPct: 25 });
});

Deno.test("figures that the host does not give are missing, and come back", async () => {
  const host = recordedHost();
  host.facts = {};
  const sampler = new LoadSampler({ host });
  assert.deepEqual(await sampler.read(), {});
  const memory = { totalBytes: 8 * GIB, availableBytes: 2 * GIB, swapTotalBytes: 0, swapFreeBytes: 0 };
  host.facts = { memory };
  assert.deepEqual(await sampler.read(), { memPct: 75 });
});

Deno.test("a host that fails outright costs the figure, never the heartbeat", async () => {
  const host = recordedHost();
  host.cpuTimes = () => Promise.reject(new Error("broken"));
  host.memory = () =>
    Promise.resolve({ totalBytes: 0, availableBytes: 0, swapTotalBytes: 0, swapFreeBytes: 0 });
  assert.deepEqual(await new LoadSampler({ host }).read(), {});
});
