import assert from "node:assert/strict";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import type { RawFileSystem } from "../../lib/host/file_systems.ts";
import { type RuntimeCalls, RuntimeFacts } from "../../lib/host/runtime.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";

const RAW: RawFileSystem = {
  bsize: 512,
  frsize: 4096,
  blocks: 100,
  bfree: 50,
  bavail: 45,
  files: 10,
  ffree: 9,
};

function notCapable(): never {
  throw new Deno.errors.NotCapable("Requires access, run again with a flag");
}

function facts(calls: Partial<RuntimeCalls>, clock = new FakeClock()): RuntimeFacts {
  return new RuntimeFacts({ clock, calls });
}

Deno.test("a file system's figures are in bytes, counted in its fragments where it has any", async () => {
  const inBytes = {
    totalBytes: 409_600,
    freeBytes: 204_800,
    availableBytes: 184_320,
    inodes: 10,
    inodesFree: 9,
  };
  assert.deepEqual(await facts({ statfs: () => Promise.resolve(RAW) }).fileSystem("/data"), inBytes);
  const plain = await facts({ statfs: () => Promise.resolve({ ...RAW, frsize: 0 }) }).fileSystem("/data");
  assert.equal(plain.totalBytes, 51_200);
});

Deno.test("a hung file system times out, and is asked but once however many wait", async () => {
  const clock = new FakeClock();
  let calls = 0;
  const hung = Promise.withResolvers<RawFileSystem>();
  const host = new RuntimeFacts({
    clock,
    fileSystemDeadlineMs: 3000,
    calls: {
      statfs: () => {
        calls++;
        return hung.promise;
      },
    },
  });
  const first = assert.rejects(host.fileSystem("/mnt"), {
    name: "TimeoutError",
    message: "cannot ask the file system of /mnt: timed out after 3000 ms; the mount may hang",
  });
  await clock.tick(2000);
  const second = host.fileSystem("/mnt");
  await clock.tick(1000);
  await first;
  assert.equal(calls, 1);
  hung.resolve(RAW);
  assert.equal((await second).inodes, 10);
  assert.equal(clock.pendingTimers, 0);
  await host.fileSystem("/mnt");
  assert.equal(calls, 2);
});

Deno.test("a call that fails long after its deadline disturbs nobody", async () => {
  const clock = new FakeClock();
  const hung = Promise.withResolvers<RawFileSystem>();
  const asked = assert.rejects(facts({ statfs: () => hung.promise }, clock).fileSystem("/mnt"), /timed out/);
  await clock.tick(5000);
  await asked;
  hung.reject(new Error("stale handle"));
  await settle();
});

Deno.test("a mount point that must not be read is asked through its probe file", async () => {
  const asked: string[] = [];
  const statfs = async (path: string) => {
    await settle();
    asked.push(path);
    return path === "/" ? notCapable() : RAW;
  };
  assert.equal((await facts({ statfs }).fileSystem("/")).inodes, 10);
  assert.deepEqual(asked, ["/", "/etc/hostname"]);
});

Deno.test("a refused file system says which grants unlock it", async () => {
  const refused = facts({ statfs: () => Promise.reject(new Deno.errors.NotCapable("no")) });
  await assert.rejects(refused.fileSystem("/data"), {
    name: "FactUnavailableError",
    message: "cannot ask the file system of /data: not permitted; " +
      "allow it with --allow-sys=statfs --allow-read=/data",
  });
  await assert.rejects(refused.fileSystem("/"), /--allow-read=\/etc\/hostname$/);
  const noProbe = facts({
    statfs: async (path) => await (path === "/" ? notCapable() : Promise.reject("ENOENT")),
  });
  await assert.rejects(noProbe.fileSystem("/"), /--allow-read=\/$/);
});

Deno.test("a file system that answers with an error is a failure, not a missing fact", async () => {
  const host = facts({ statfs: () => Promise.reject(new Error("ENOENT: no such file or directory")) });
  await assert.rejects(host.fileSystem("/gone"), (error) => {
    assert(error instanceof Error && !(error instanceof FactUnavailableError));
    assert.equal(error.message, "cannot ask the file system of /gone: ENOENT: no such file or directory");
    assert(error.cause instanceof Error);
    return true;
  });
});

Deno.test("each refused call names its own grant", async () => {
  const host = facts({
    hostname: notCapable,
    networkInterfaces: notCapable,
    cpus: notCapable,
    systemMemoryInfo: notCapable,
    loadavg: notCapable,
    os: "linux",
  });
  const refusal = (grant: string) => ({
    name: "FactUnavailableError",
    message: new RegExp(`^cannot read .+: not permitted; allow it with --allow-sys=${grant}$`),
  });
  assert.throws(() => host.hostname(), refusal("hostname"));
  assert.throws(() => host.ip(), refusal("networkInterfaces"));
  await assert.rejects(host.cpuTimes(), refusal("cpus"));
  await assert.rejects(host.memory(), refusal("systemMemoryInfo"));
  await assert.rejects(host.loadAverages(), refusal("loadavg"));
});

Deno.test("processor times are summed over all processors", async () => {
  const core = (user: number, idle: number) => ({
    model: "",
    speed: 0,
    times: { user, nice: 1, sys: 2, irq: 3, idle },
  });
  const host = facts({ cpus: () => [core(10, 100), core(20, 200)] });
  assert.deepEqual(await host.cpuTimes(), { busyMs: 42, totalMs: 342, processors: 2 });
  await assert.rejects(facts({ cpus: () => [] }).cpuTimes(), FactUnavailableError);
});

Deno.test("Windows has no load averages, and its zeros are not taken for any", async () => {
  const host = facts({ os: "windows", loadavg: () => [0, 0, 0] });
  await assert.rejects(host.loadAverages(), {
    name: "FactUnavailableError",
    message: "cannot read load averages: Windows keeps none",
  });
});
