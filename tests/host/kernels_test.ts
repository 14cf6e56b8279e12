import assert from "node:assert/strict";
import { finishedRequests, parseDiskstats } from "../../lib/host/diskstats.ts";
import { memoryFacts, parseMeminfo } from "../../lib/host/meminfo.ts";
import {
  isNetworkFileSystem,
  isPseudoFileSystem,
  mountOf,
  parseMountinfo,
  parseMounts,
} from "../../lib/host/mounts.ts";
import { busyTicks, parseProcStat, totalTicks } from "../../lib/host/proc_stat.ts";
import { parsePressure } from "../../lib/host/pressure.ts";
import { OPEN_FILES, parseProcessLimits } from "../../lib/host/process/process_limits.ts";
import { listPids, readProcess, readProcesses } from "../../lib/host/process/process_table.ts";
import { recordedText, treeHost } from "./fixture_tree.ts";

Deno.test("stat: guests' time is part of the users', waiting for a disk is idling, and gaps in the numbers are kept", () => {
  const { total, cpus, bootSec, blocked } = parseProcStat(recordedText("kernel_4_18", "/proc/stat"));
  assert(total);
  assert.equal(busyTicks(total), 912340 + 1200 + 312000 + 52000 + 31000 + 8200);
  assert.equal(totalTicks(total) - busyTicks(total), 81234000 + 41200);
  assert.deepEqual([...cpus.keys()], [0, 3]);
  assert.equal(bootSec, 1_559_000_000);
  assert.equal(blocked, 0);
});

Deno.test("stat: a kernel that does not tell of stolen time counts none", () => {
  const { total } = parseProcStat("cpu  10 20 30 40\n");
  assert.deepEqual(total, {
    ...{ user: 10, nice: 20, system: 30, idle: 40, iowait: 0 },
    ...{ irq: 0, softirq: 0, steal: 0, guest: 0, guestNice: 0 },
  });
});

Deno.test("meminfo: what is available is as the kernel says, and estimated alike where it does not say", () => {
  const told = memoryFacts(parseMeminfo(recordedText("kernel_4_18", "/proc/meminfo")));
  assert.deepEqual(told, {
    totalBytes: 16_265_968 * 1024,
    availableBytes: 11_812_340 * 1024,
    swapTotalBytes: 8_257_532 * 1024,
    swapFreeBytes: 6_192_000 * 1024,
  });
  const old = parseMeminfo(recordedText("kernel_3_10", "/proc/meminfo"));
  const lowMarkKib = 67_584 * 5 / 4;
  const expectedKib = 241_120 - lowMarkKib + (700_000 + 1_202_300 - lowMarkKib) +
    (160_000 - Math.min(80_000, lowMarkKib));
  assert.equal(memoryFacts(old, 67_584 * 1024)?.availableBytes, expectedKib * 1024);
  // Never below nothing, never above everything.
  assert.equal(memoryFacts(parseMeminfo("MemTotal: 10 kB\nMemFree: 1 kB\n"), 1024 ** 2)?.availableBytes, 0);
  assert.equal(memoryFacts(parseMeminfo("MemFree: 1 kB\n")), undefined);
});

Deno.test("meminfo: on a machine of today the estimate comes near to what the kernel says", () => {
  const meminfo = parseMeminfo(recordedText("debian_6", "/proc/meminfo"));
  const told = memoryFacts(meminfo)?.availableBytes ?? 0;
  const without = new Map(meminfo);
  without.delete("MemAvailable");
  const minFree = 1024 * Number(recordedText("debian_6", "/proc/sys/vm/min_free_kbytes"));
  const estimated = memoryFacts(without, minFree)?.availableBytes ?? 0;
  const total = meminfo.get("MemTotal") ?? 1;
  assert(Math.abs(told - estimated) / total < 0.05, `${told} told, ${estimated} estimated of ${total}`);
});

Deno.test("diskstats: 14, 18 and 20 columns are understood alike", () => {
  const old = parseDiskstats(recordedText("kernel_3_10", "/proc/diskstats"));
  assert.deepEqual(old.map(({ device }) => device), ["sda", "sda1", "sda2", "sr0", "dm-0"]);
  assert.deepEqual(finishedRequests(old[0]!), { requests: 81_234 + 61_234, waitMs: 412_000 + 812_345 });
  assert.equal(old[0]?.discards, undefined);
  const [nvme] = parseDiskstats(recordedText("kernel_4_18", "/proc/diskstats"));
  assert.equal(nvme?.inFlight, 2);
  assert.equal(nvme?.discardMs, 1200);
  assert.equal(nvme?.flushes, undefined);
  const vda = parseDiskstats(recordedText("debian_6", "/proc/diskstats")).find(({ device }) =>
    device === "vda"
  );
  assert.equal(typeof vda?.flushMs, "number");
  assert(vda && vda.busyMs > 0);
  assert.deepEqual(parseDiskstats("8 0 sda 1 2 3\n8 0\n"), []);
});

Deno.test("mounts: blanks in names are understood, and mountinfo tells the same as mounts", () => {
  const mounts = parseMounts(recordedText("kernel_3_10", "/proc/mounts"));
  const data = mounts.find(({ mountPoint }) => mountPoint === "/srv/with blank");
  assert.deepEqual(data?.options, ["ro", "relatime", "data=ordered"]);
  const recorded = parseMountinfo(recordedText("debian_6", "/proc/self/mountinfo"));
  const plain = parseMounts(recordedText("debian_6", "/proc/mounts"));
  const root = recorded.find(({ mountPoint }) => mountPoint === "/");
  assert.equal(root?.fsType, "ext4");
  for (const mount of plain) {
    const same = recorded.filter(({ mountPoint }) => mountPoint === mount.mountPoint);
    const sorted = (options: readonly string[]) => [...options].sort();
    assert(
      same.some((info) =>
        info.source === mount.source && info.fsType === mount.fsType &&
        sorted(info.options).join() === sorted(mount.options).join()
      ),
      mount.mountPoint,
    );
  }
  const [, , home, share] = parseMountinfo(recordedText("kernel_4_18", "/proc/self/mountinfo"));
  assert.deepEqual([home?.options[0], home?.superOptions[0]], ["ro", "rw"]);
  assert.deepEqual([share?.mountPoint, share?.source], ["/mnt/a b", "files.example.net:/export one"]);
});

Deno.test("mounts: the mount that a path lies on is the nearest above it", () => {
  const mounts = parseMounts("a / ext4 rw\nb /data ext4 rw\nc /data/deep xfs rw\nd /database ext4 rw\n");
  const source = (path: string) => mountOf(mounts, path)?.source;
  assert.deepEqual(["/", "/etc", "/data", "/data/x", "/data/deep/y", "/database/z", "/datax"].map(source), [
    ..."aabbcda",
  ]);
  assert(isPseudoFileSystem("proc") && !isPseudoFileSystem("tmpfs"));
  assert(isNetworkFileSystem("nfs4") && !isNetworkFileSystem("ext4"));
});

Deno.test("pressure: a kernel that leaves a line out leaves it out", () => {
  const { some, full } = parsePressure(recordedText("kernel_4_18", "/proc/pressure/memory"));
  assert.deepEqual(some, { avg10: 0.22, avg60: 0.17, avg300: 0.05, totalUs: 58_761_459 });
  assert.equal(full?.avg60, 0.13);
  assert.deepEqual(parsePressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n").full, undefined);
});

Deno.test("the figures of every recorded kernel have a plausible size", async () => {
  for (const name of ["debian_6", "kernel_3_10", "kernel_4_18"] as const) {
    const host = treeHost(name);
    const { busyMs, totalMs, processors } = await host.cpuTimes();
    assert(busyMs > 0 && busyMs < totalMs && processors === 2, name);
    const { totalBytes, availableBytes } = await host.memory();
    assert(totalBytes > 1024 ** 3 && availableBytes > 0 && availableBytes < totalBytes, name);
    assert((await host.loadAverages()).every((load) => load >= 0), name);
    assert(await host.uptimeSec() > 1000, name);
  }
});

Deno.test("processes: a name may hold blanks and parentheses, and a zombie has no memory and no command", async () => {
  const old = await readProcess(treeHost("kernel_3_10"), 77);
  assert.deepEqual(old, {
    pid: 77,
    ppid: 1,
    name: "odd) name (v2)",
    state: "D",
    uid: 48,
    threads: 2,
    rssBytes: 3248 * 1024,
    cpuTicks: 20,
    startTicks: 4123,
    args: ["/opt/odd name", "--verbose"],
    cmdline: "/opt/odd name --verbose",
  });
  const host = treeHost("debian_6");
  assert.deepEqual(await listPids(host), [2, 1200, 1201]);
  const processes = await readProcesses(host);
  assert.deepEqual(
    processes.map(({ pid, ppid, name, state, rssBytes, cmdline }) => [
      pid,
      ppid,
      name,
      state,
      rssBytes > 0,
      cmdline,
    ]),
    [
      [2, 0, "kthreadd", "S", false, ""],
      [1200, 1000, "sleep", "S", true, "sleep 60"],
      [1201, 1200, "sh", "Z", false, ""],
    ],
  );
  assert.equal(await readProcess(host, 4711), undefined);
});

Deno.test("limits: none is no figure, and a limit without a unit is a limit", () => {
  const limits = parseProcessLimits(recordedText("debian_6", "/proc/1200/limits"));
  assert.deepEqual(limits.get(OPEN_FILES), { soft: 20_000, hard: 20_000 });
  assert.deepEqual(limits.get("Max cpu time"), { soft: undefined, hard: undefined });
  assert.deepEqual(limits.get("Max nice priority"), { soft: 0, hard: 0 });
});
