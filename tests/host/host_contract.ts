/** What every source of the host's facts has to keep, whatever it is made of. */
import assert from "node:assert/strict";
import { FactUnavailableError, type HostFacts } from "../../lib/host/host_facts.ts";

/** A small tree of the kernel's files that each source is to show. */
export const CONTRACT_FILES: Readonly<Record<string, string>> = {
  "/proc/stat":
    "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 50 0 50 350 50 0 0 0 0 0\ncpu1 50 0 50 350 50 0 0 0 0 0\n",
  "/proc/meminfo":
    "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\nSwapTotal: 50 kB\nSwapFree: 40 kB\n",
  "/proc/loadavg": "0.50 1.00 2.00 1/100 4321\n",
  "/proc/uptime": "1234.50 2000.00\n",
  "/proc/pressure/cpu": "some avg10=0.00 avg60=0.10 avg300=0.00 total=1\n",
  "/proc/net/dev": "Inter-|\n",
  "/proc/42/comm": "bäckerei\n",
  "/proc/42/cmdline": "bäcker\0--open\0",
  "/proc/7/comm": "seven\n",
  "/sys/class/net/eth0/operstate": "up\n",
};
export const CONTRACT_LINKS: Readonly<Record<string, string>> = { "/proc/42/exe": "/usr/bin/baker" };

/** A source under test. */
export interface HostUnderTest {
  /** Shows {@linkcode CONTRACT_FILES} and {@linkcode CONTRACT_LINKS}, and figures that fit them. */
  host: HostFacts;
  /** Whether it shows the kernel's files at all. */
  kernelFiles: boolean;
}

/** Registers the suite for one source. `open` is called for each test; what it gives is disposed of after it. */
export function hostContract(name: string, open: () => Promise<HostUnderTest & AsyncDisposable>): void {
  Deno.test(`${name}: the figures have their units`, async () => {
    await using opened = await open();
    const { host } = opened;
    assert.deepEqual(await host.memory(), {
      totalBytes: 1_024_000,
      availableBytes: 409_600,
      swapTotalBytes: 51_200,
      swapFreeBytes: 40_960,
    });
    assert.deepEqual(await host.loadAverages(), [0.5, 1, 2]);
    assert.equal(await host.uptimeSec(), 1234.5);
    const { busyMs, totalMs, processors } = await host.cpuTimes();
    assert.equal(processors, 2);
    assert.equal(busyMs, 2000);
    assert(totalMs >= 9000 && totalMs <= 10_000, String(totalMs));
    assert.equal(host.hostname(), "web-1");
    assert.equal(host.ip(), "192.0.2.7");
    const [first] = await host.interfaces();
    assert.deepEqual(first, {
      name: "eth0",
      family: "IPv4",
      address: "192.0.2.7",
      netmask: "255.255.255.0",
      mac: "02:00:00:00:00:01",
    });
    assert.equal((await host.fileSystem("/")).totalBytes, 409_600);
  });

  Deno.test(`${name}: the kernel's files go by their usual names, or say what would unlock them`, async () => {
    await using opened = await open();
    const { host, kernelFiles } = opened;
    for (const [path, text] of Object.entries(CONTRACT_FILES)) {
      if (path.startsWith("/proc/pressure")) continue; // the runtime reads this machine's own
      if (kernelFiles) assert.equal(await host.text(path), text, path);
      else await assert.rejects(host.text(path), FactUnavailableError, path);
    }
    for (const [path, target] of Object.entries(CONTRACT_LINKS)) {
      if (kernelFiles) assert.equal(await host.link(path), target);
      else await assert.rejects(host.link(path), FactUnavailableError);
    }
    if (!kernelFiles) return await assert.rejects(host.list("/proc/42"), FactUnavailableError);
    assert.deepEqual(await host.list("/proc/42"), ["cmdline", "comm", "exe"]);
    const pids = (await host.list("/proc")).filter((entry) => /^\d+$/.test(entry));
    assert.deepEqual(pids, ["42", "7"]);
  });

  Deno.test(`${name}: what the kernel does not have is not found`, async () => {
    await using opened = await open();
    const { host, kernelFiles } = opened;
    const missing = kernelFiles ? Deno.errors.NotFound : FactUnavailableError;
    await assert.rejects(host.text("/proc/net/nothing"), missing);
    await assert.rejects(host.text("/proc/4711/stat"), missing);
    await assert.rejects(host.text("/proc/4711/cmdline"), missing);
    await assert.rejects(host.text("/sys/class/none/x"), missing);
    await assert.rejects(host.list("/proc/4711"), missing);
    await assert.rejects(host.link("/proc/4711/exe"), missing);
  });

  Deno.test(`${name}: a text is cut at the bytes asked for, never within a character`, async () => {
    await using opened = await open();
    const { host, kernelFiles } = opened;
    if (!kernelFiles) return;
    for (const path of ["/proc/42/comm", "/proc/42/cmdline"]) {
      assert.equal(await host.text(path, { maxBytes: 2 }), "b", path);
      assert.equal(await host.text(path, { maxBytes: 3 }), "bä", path);
      assert.equal(await host.text(path, { maxBytes: 0 }), "", path);
    }
  });

  Deno.test(`${name}: nothing but the kernel's files is read, by whatever name`, async () => {
    await using opened = await open();
    const { host, kernelFiles } = opened;
    const outside = [
      "/etc/hostname",
      "/proc/../etc/hostname",
      "/proc/42/../../etc/passwd",
      "/proc//stat",
      "proc/stat",
    ];
    const refusal = kernelFiles ? RangeError : FactUnavailableError;
    for (const path of [...outside, "", "/procfs", "/proc/\0stat"]) {
      await assert.rejects(host.text(path), refusal, path);
      await assert.rejects(host.list(path), refusal, path);
      await assert.rejects(host.link(path), refusal, path);
    }
    const doors = ["/proc/42/exe", "/proc/42/root/etc/shadow", "/proc/self/cwd/x", "/proc/42/task/42/fd/3"];
    for (const path of [...doors, "/proc/42/root", "/proc/42/fd/0", "/proc/kcore"]) {
      await assert.rejects(host.text(path), refusal, path);
      await assert.rejects(host.list(path), refusal, path);
    }
  });

  Deno.test(`${name}: callers at the same time get the same answer`, async () => {
    await using opened = await open();
    const { host, kernelFiles } = opened;
    const [one, other] = await Promise.all([host.memory(), host.memory()]);
    assert.deepEqual(one, other);
    if (!kernelFiles) return;
    const names = await Promise.all([host.list("/proc/42"), host.list("/proc/42")]);
    names[0].pop(); // what one does with its list is no business of the other
    assert.equal(names[1].length, 3);
  });
}
