import assert from "node:assert/strict";
import { cpus } from "node:os";
import type { HostFacts } from "../../lib/host/host_facts.ts";
import { ownMounts } from "../../lib/host/mount_table.ts";
import { openHost } from "../../lib/host/open_host.ts";
import { parseMeminfo } from "../../lib/host/meminfo.ts";
import { countOpenFiles, listOpenFiles } from "../../lib/host/process/process_fds.ts";
import { parseProcessIo } from "../../lib/host/process/process_io.ts";
import { listPids, readProcess, readProcesses } from "../../lib/host/process/process_table.ts";

const LINUX = Deno.build.os === "linux";

/** What another program says, word by word, line by line. */
async function said(program: string, ...args: string[]): Promise<string[][]> {
  const { stdout } = await new Deno.Command(program, { args, env: { LC_ALL: "C" } }).output();
  return new TextDecoder().decode(stdout).split("\n").map((line) => line.trim().split(/\s+/));
}

/** This machine's figures change while they are read: what two ways of reading say may differ by so much. */
function assertNear(value: number, other: number | undefined, tolerance: number, what: string): void {
  assert(other !== undefined && Math.abs(value - other) <= tolerance, `${what}: ${value} and ${other}`);
}

Deno.test({
  name: "this machine's figures agree with what free, df, uptime and nproc say",
  ignore: !LINUX,
  async fn() {
    const host: HostFacts = await openHost();
    const [memory, free] = await Promise.all([host.memory(), said("free", "-b")]);
    const mem = free.find(([name]) => name === "Mem:")?.map(Number);
    const swap = free.find(([name]) => name === "Swap:")?.map(Number);
    assert.equal(memory.totalBytes, mem?.[1]);
    assertNear(memory.availableBytes, mem?.[6], memory.totalBytes * 0.05, "available memory");
    assert.equal(memory.swapTotalBytes, swap?.[1]);

    const [root, df] = await Promise.all([
      host.fileSystem("/"),
      said("df", "-B1", "--output=size,used,avail", "/"),
    ]);
    const [size, used, available] = (df[1] ?? []).map(Number);
    assert.equal(root.totalBytes, size);
    assertNear(root.totalBytes - root.freeBytes, used, root.totalBytes * 0.02, "used space");
    assertNear(root.availableBytes, available, root.totalBytes * 0.02, "available space");

    assertNear(await host.uptimeSec(), Deno.osUptime(), 2, "uptime");
    assert.equal((await host.cpuTimes()).processors, cpus().length);
    const [loads] = await said("cat", "/proc/loadavg");
    assertNear((await host.loadAverages())[2], Number(loads?.[2]), 0.5, "15-minute load");
  },
});

Deno.test({
  name: "this process is found among the processes, with its parent, its files and what it wrote",
  ignore: !LINUX,
  async fn() {
    const host = await openHost();
    assert((await listPids(host)).includes(Deno.pid));
    const me = await readProcess(host, Deno.pid);
    assert.equal(me?.ppid, Deno.ppid);
    assert.equal(me?.uid, Deno.uid());
    assert(me && me.rssBytes > 10 * 1024 ** 2 && me.cpuTicks > 0 && me.threads > 1);
    assert.match(me.cmdline, /test/);
    const all = await readProcesses(host, { cmdline: false });
    assert(all.length > 1 && all.every(({ args }) => args.length === 0));
    using file = await Deno.open(new URL("./machine_test.ts", import.meta.url));
    const open = await listOpenFiles(host, Deno.pid);
    assert(open?.files.some(({ target }) => target.endsWith("/machine_test.ts")));
    assert.equal((await listOpenFiles(host, Deno.pid, 2))?.files.length, 2);
    assert((await countOpenFiles(host, Deno.pid) ?? 0) >= 3);
    assert.equal(await countOpenFiles(host, 2 ** 30), undefined);
    assert((parseProcessIo(await host.text(`/proc/${Deno.pid}/io`)).readCallBytes ?? 0) > 0);
    assert(file.isTerminal() === false);
  },
});

Deno.test({
  name: "this machine's mounts and memory are listed",
  ignore: !LINUX,
  async fn() {
    const host = await openHost();
    const mounts = await ownMounts(host);
    assert(mounts.some(({ mountPoint }) => mountPoint === "/"));
    assert.equal(new Set(mounts.map(({ mountPoint }) => mountPoint)).size, mounts.length);
    assert((parseMeminfo(await host.text("/proc/meminfo")).get("MemTotal") ?? 0) > 0);
    const [block] = await host.list("/sys/class/net");
    assert((await host.text(`/sys/class/net/${block}/operstate`)).length > 1);
  },
});
