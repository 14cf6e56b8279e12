import assert from "node:assert/strict";
import { systemClock } from "../../lib/clock.ts";
import { CpuSampler } from "../../lib/host/cpu_usage.ts";
import { RuntimeFacts } from "../../lib/host/runtime.ts";

Deno.test("this machine's figures are plausible", async () => {
  const host = new RuntimeFacts();
  assert.notEqual(host.hostname(), "");
  assert.match(host.ip(), /^[\d.]+$|^[\da-f:]+$/i);

  const cpu = await host.cpuTimes();
  assert(cpu.processors >= 1 && Number.isInteger(cpu.processors));
  assert(cpu.busyMs > 0 && cpu.busyMs <= cpu.totalMs);
  // Were the times in ticks or microseconds, this would be out by a factor of 10 or 1000.
  const uptimeMs = 1000 * Deno.osUptime() * cpu.processors;
  assert(cpu.totalMs > 0.3 * uptimeMs && cpu.totalMs < 3 * uptimeMs, `${cpu.totalMs} of ${uptimeMs}`);

  const memory = await host.memory();
  assert(memory.totalBytes > 64 * 1024 ** 2, "bytes, not kilobytes");
  assert(memory.availableBytes > 0 && memory.availableBytes <= memory.totalBytes);
  assert(memory.swapFreeBytes >= 0 && memory.swapFreeBytes <= memory.swapTotalBytes);

  if (Deno.build.os !== "windows") {
    for (const load of await host.loadAverages()) assert(load >= 0 && load < 10_000);
    const root = await host.fileSystem("/");
    assert(root.totalBytes > 1024 ** 2);
    assert(root.freeBytes >= 0 && root.freeBytes <= root.totalBytes);
    assert(root.availableBytes >= 0 && root.availableBytes <= root.freeBytes);
    await assert.rejects(
      host.fileSystem("/no/such/mount"),
      /cannot ask the file system of \/no\/such\/mount/,
    );
  }
});

Deno.test("this machine's processor usage lies between 0 and 100 percent", async () => {
  const sampler = new CpuSampler({ host: new RuntimeFacts(), clock: systemClock, shortIntervalMs: 50 });
  const { percent } = await sampler.sample(new AbortController().signal);
  assert(percent >= 0 && percent <= 100, String(percent));
});
