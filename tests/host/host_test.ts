import { dirname } from "node:path";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { ProcfsFacts } from "../../lib/host/procfs.ts";
import { RuntimeFacts } from "../../lib/host/runtime.ts";
import { CONTRACT_FILES, CONTRACT_LINKS, hostContract } from "./host_contract.ts";

const ETH0 = {
  name: "eth0",
  family: "IPv4",
  address: "192.0.2.7",
  netmask: "255.255.255.0",
  mac: "02:00:00:00:00:01",
} as const;

/** The runtime's calls as they would be on the contract's host. */
function runtime(): RuntimeFacts {
  const core = { model: "", speed: 0, times: { user: 500, nice: 0, sys: 500, irq: 0, idle: 3500 } };
  const kib = 1024;
  return new RuntimeFacts({
    calls: {
      os: "linux",
      hostname: () => "web-1",
      networkInterfaces: () => [{ ...ETH0, cidr: "192.0.2.7/24", scopeid: null }],
      cpus: () => [core, core],
      systemMemoryInfo: () => ({
        total: 1000 * kib,
        available: 400 * kib,
        free: 100 * kib,
        buffers: 0,
        cached: 0,
        swapTotal: 50 * kib,
        swapFree: 40 * kib,
      }),
      loadavg: () => [0.5, 1, 2],
      osUptime: () => 1234.5,
      statfs: () => Promise.resolve({ bsize: 4096, blocks: 100, bfree: 50, bavail: 45, files: 10, ffree: 9 }),
    },
  });
}

const nothingToDispose = { [Symbol.asyncDispose]: () => Promise.resolve() };

hostContract("runtime", () => Promise.resolve({ host: runtime(), kernelFiles: false, ...nothingToDispose }));

hostContract("procfs", async () => {
  const folder = await Deno.makeTempDir();
  for (const [path, text] of Object.entries(CONTRACT_FILES)) {
    await Deno.mkdir(dirname(folder + path), { recursive: true });
    await Deno.writeTextFile(folder + path, text);
  }
  for (const [path, target] of Object.entries(CONTRACT_LINKS)) await Deno.symlink(target, folder + path);
  const host = new ProcfsFacts({
    procfs: `${folder}/proc/`,
    sysfs: `${folder}/sys`,
    fallback: runtime(),
  });
  return {
    host,
    kernelFiles: true,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
});

hostContract("fixture", () => {
  const kib = 1024;
  const host = new FixtureFacts({
    hostname: "web-1",
    ip: "192.0.2.7",
    interfaces: [ETH0],
    uptimeSec: 1234.5,
    cpuTimes: [{ busyMs: 2000, totalMs: 10_000, processors: 2 }],
    memory: {
      totalBytes: 1000 * kib,
      availableBytes: 400 * kib,
      swapTotalBytes: 50 * kib,
      swapFreeBytes: 40 * kib,
    },
    loadAverages: [0.5, 1, 2],
    fileSystems: {
      "/": { totalBytes: 409_600, freeBytes: 204_800, availableBytes: 184_320, inodes: 10, inodesFree: 9 },
    },
    files: CONTRACT_FILES,
    links: CONTRACT_LINKS,
  });
  return Promise.resolve({ host, kernelFiles: true, ...nothingToDispose });
});
