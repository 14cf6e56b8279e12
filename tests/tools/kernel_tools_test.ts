import assert from "node:assert/strict";
import { FixtureFacts, type RecordedFacts } from "../../lib/host/fixture.ts";
import type { HostFacts } from "../../lib/host/host_facts.ts";
import type { KernelRecord } from "../../lib/host/kernel_log.ts";
import { allTools } from "../../lib/tools/all_tools.ts";
import { kernelLogTools } from "../../lib/tools/kernel_log.ts";
import { ToolPolicy } from "../../lib/tools/policy.ts";
import { ToolRegistry } from "../../lib/tools/registry.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { turned } from "./scripted_tool.ts";
import { toolTree } from "./tool_tree.ts";

const GIB = 1024 ** 3;

const FACTS: RecordedFacts = {
  fileSystems: {
    "/": {
      totalBytes: 100 * GIB,
      freeBytes: 10 * GIB,
      availableBytes: 5 * GIB,
      inodes: 1000,
      inodesFree: 10,
    },
    "/data two": { totalBytes: GIB, freeBytes: GIB, availableBytes: GIB, inodes: 0, inodesFree: 0 },
  },
};

async function run(
  name: string,
  args: Record<string, unknown> = {},
  host: HostFacts = toolTree("tools_v2", FACTS),
) {
  const clock = new FakeClock();
  const registry = new ToolRegistry({ tools: allTools(), host, clock, policy: ToolPolicy.all() });
  const result = await turned(clock, registry.run(name, args, new AbortController().signal));
  // deno-lint-ignore no-explicit-any -- what a tool tells is JSON: the assertions say what it has to be
  return { text: result.text, data: result.data as any };
}

Deno.test("the overviews of processors and memory tell what the files say", async () => {
  const cpu = await run("cpu_overview");
  assert.equal(cpu.data.processors, 2);
  assert.deepEqual([cpu.data.load_1m, cpu.data.running, cpu.data.blocked], [1.5, 2, 1]);
  assert.equal("usage_pct" in cpu.data, false); // the recorded counters stand still: no figure, no guess
  assert.match(cpu.text, /usage unknown/);
  const memory = await run("mem_overview");
  assert.equal(memory.data.used_pct, 75);
  assert.equal(memory.data.swap_used_pct, 25);
  assert.deepEqual([memory.data.huge_pages_free, memory.data.oom_kills_since_boot], [4, 3]);
  assert.match(memory.text, /75\.0 % used: 5\.7 GiB of 7\.6 GiB/);
});

Deno.test("processes are told with their names as they are, and their secrets hidden", async () => {
  const list = await run("process_list", { sort_by: "memory" });
  assert.deepEqual(list.data.by_state, { S: 1, D: 1, Z: 1 });
  assert.equal(list.data.processes[0].pid, 42);
  assert.equal(list.data.processes[0].name, "web (x) y");
  assert.equal(list.data.processes[0].command, "/usr/bin/web --password *** --port=80");
  assert.ok(!list.text.includes("two words"));
  const found = await run("process_search", { pattern: "WEB" });
  assert.equal(found.data.matching, 1);
  assert.equal((await run("process_search", { pattern: "two words" })).data.matching, 0); // what is hidden is not found
  const detail = await run("process_detail", { pid: "42" });
  assert.deepEqual(
    [
      detail.data.open_files,
      detail.data.open_files_limit,
      detail.data.cgroup,
      detail.data.waits_in,
      detail.data.age_sec,
    ],
    [3, 4, "/system.slice/web.service", "io_schedule", 991],
  );
  assert.equal(detail.data.written_bytes, 8192);
  const threads = await run("proc_threads", { pid: 42 });
  assert.deepEqual(threads.data.by_state, { D: 1, R: 1 });
  assert.equal(threads.data.threads[0].cpu_sec, 6);
});

Deno.test("zombies are told by the parent that leaves them", async () => {
  const { data, text } = await run("zombies");
  assert.deepEqual([data.zombies, data.parents[0].pid, data.parents[0].zombies], [1, 42, 1]);
  assert.match(text, /42 +1 +43 dead +\/usr\/bin\/web/);
});

Deno.test("an environment is shown without its secrets", async () => {
  const { data, text } = await run("env_inspect", { pid: 42 });
  assert.deepEqual(data.variables, [
    { name: "DB_PASSWORD", shown: "***", hidden: true },
    { name: "EMPTY", shown: "", hidden: false },
    { name: "PATH", shown: "/bin", hidden: false },
    { name: "URL", shown: "postgres://me:***@db/x", hidden: false },
  ]);
  assert.ok(!text.includes("hunter2"));
  assert.equal((await run("env_inspect", { pid: 42, filter: "pat" })).data.variables.length, 1);
});

Deno.test("open files are told by kind, deleted ones apart", async () => {
  const { data } = await run("open_files", { pid: 42 });
  assert.deepEqual(data.by_kind, { file: 1, "deleted file": 1, socket: 1 });
  const top = await run("filefd_top_procs", { sort_by: "share" });
  assert.deepEqual([top.data.processes[0].pid, top.data.processes[0].used_pct], [42, 75]);
  assert.deepEqual([(await run("filefd_usage")).data.used, (await run("filefd_usage")).data.used_pct], [
    5000,
    50,
  ]);
});

Deno.test("file systems are told the fullest first, and those that do not answer by name", async () => {
  const { data, text } = await run("disk_overview");
  assert.deepEqual(data.file_systems.map((one: { mount_point: string }) => one.mount_point), [
    "/",
    "/data two",
  ]);
  const [root, second] = data.file_systems;
  assert.equal(root.used_pct.toFixed(2), (100 * 90 / 95).toFixed(2));
  assert.equal(root.inodes_used_pct, 99);
  assert.deepEqual([second.read_only, second.source], [true, "/dev/nvme0n1"]);
  assert.equal(data.not_answering[0].mount_point, "/mnt/x"); // nothing was recorded for it
  assert.match(text, /^\/mnt\/x: /);
  const one = await run(
    "disk_overview",
    { path: "/var/lib" },
    toolTree("tools_v2", {
      fileSystems: {
        "/var/lib": { totalBytes: 10, freeBytes: 5, availableBytes: 5, inodes: 0, inodesFree: 0 },
      },
    }),
  );
  assert.deepEqual([one.data.file_systems[0].source, one.data.file_systems[0].used_pct], ["/dev/sda1", 50]);
});

Deno.test("a hung mount is told as such, beside those that answer", async () => {
  const host = toolTree("tools_v2", FACTS);
  const ask = host.fileSystem.bind(host);
  host.fileSystem = (path) =>
    path === "/mnt/x"
      ? Promise.reject(new DOMException("cannot read /mnt/x: timed out", "TimeoutError"))
      : ask(path);
  const { data, text } = await run("disk_overview", {}, host);
  assert.equal(data.not_answering[0].hung, true);
  assert.match(text, /\/mnt\/x DOES NOT ANSWER/);
  assert.equal(data.file_systems.length, 2);
});

Deno.test("block devices are told with what kind they are and where they are mounted", async () => {
  const { data } = await run("block_devices");
  const [nvme, sda] = data.devices;
  assert.deepEqual([nvme.kind, nvme.mounted_on, nvme.size_bytes], ["NVMe", ["/data two"], 4096 * 512]);
  assert.deepEqual([sda.kind, sda.scheduler, sda.model, sda.partitions[0].mounted_on], [
    "HDD",
    "mq-deadline",
    "ACME DISK",
    ["/"],
  ]);
  const counters = await run("disk_io_counters");
  assert.deepEqual([counters.data.devices[0].device, counters.data.devices[0].write_latency_ms], ["sda", 16]);
});

Deno.test("control groups are told against their limits, the biggest first", async () => {
  const { data, text } = await run("cgroup_usage", { path: "/system.slice" });
  assert.equal(data.version, 2);
  assert.deepEqual(data.children.map((one: { path: string }) => one.path), [
    "/system.slice/db.service",
    "/system.slice/web.service",
  ]);
  assert.equal(data.children[0].memory_pct, 100);
  assert.equal(data.children[0].cpu_quota_processors, 0.5);
  assert.match(text, /db\.service +200\.0 MiB +200\.0 MiB +100\.0 %/);
  assert.equal((await run("cgroup_usage", { pid: 42 })).data.group.path, "/system.slice/web.service");
  await assert.rejects(run("cgroup_usage", { path: "/gone" }), /there is none of this path/);
});

Deno.test("pressure, interrupts, nodes, temperatures, modules", async () => {
  assert.equal((await run("psi_check", { resource: "io" })).data.pressure.io.full.avg60_pct, 0.2);
  await assert.rejects(
    run("psi_check", {}, new FixtureFacts({ files: { "/proc/stat": "" } })),
    /this kernel does not count it/,
  );
  const interrupts = await run("interrupts");
  assert.deepEqual(
    [interrupts.data.interrupts[0].irq, interrupts.data.interrupts[0].total, interrupts.data.processors],
    ["24", 40, 2],
  );
  const nodes = await run("numa_stat");
  assert.deepEqual([nodes.data.nodes[0].processors, nodes.data.nodes[1].from_other_nodes], [5, 15]);
  const heat = await run("thermal_zone");
  assert.deepEqual(heat.data.sensors, [
    { sensor: "x86_pkg_temp", kind: "zone", celsius: 45, critical_celsius: 100 },
    { sensor: "nvme Composite", kind: "monitor", celsius: 38.85, critical_celsius: 84.85 },
  ]);
  const modules = await run("kernel_modules");
  assert.deepEqual(modules.data.modules.map((one: { name: string }) => one.name), ["xfs", "nf_tables"]);
  assert.deepEqual(modules.data.modules[1].used_by, ["nft_ct", "nft_chain_nat"]);
});

Deno.test("settings are read by name within their folder, and never a secret one", async () => {
  assert.equal((await run("sysctl_get", { key: "vm.swappiness" })).text, "vm.swappiness = 60");
  assert.equal((await run("sysctl_get", { key: "vm/swappiness" })).data.value, "60");
  assert.deepEqual((await run("sysctl_get", { key: "vm" })).data.names, ["swappiness"]);
  assert.equal((await run("sysctl_get", { key: "net.ipv4.tcp_fastopen_key" })).data.value, "***");
  const two = await run("sysctl_snapshot", { keys: "vm.swappiness, vm.gone" });
  assert.deepEqual(two.data.settings, [
    { key: "vm.swappiness", value: "60" },
    { key: "vm.gone", missing: "not in this kernel" },
  ]);
  const usual = await run("sysctl_snapshot");
  assert.deepEqual(usual.data.settings.map((one: { key: string }) => one.key), [
    "fs.nr_open",
    "kernel.osrelease",
    "vm.swappiness",
  ]);
  for (
    const key of [
      "../../etc/passwd",
      "/etc/passwd",
      "vm/../../1/environ",
      "a/./b",
      "vm swappiness",
      "",
      "vm\0",
      ".",
      "..",
      "*",
    ]
  ) {
    await assert.rejects(run("sysctl_get", { key }), /cannot (?:read|run)/, key);
  }
  await assert.rejects(run("sysctl_snapshot", { keys: "vm.swappiness ../x" }), /no name such as/);
});

Deno.test("the kernel's log is told by level and age, kills for want of memory by whose limit it was", async () => {
  const record = (atSec: number, level: KernelRecord["level"], text: string) => ({
    level,
    sequence: atSec,
    atSec,
    text,
  });
  const tools = kernelLogTools(() =>
    Promise.resolve([
      record(10, "info", "all is well"),
      record(20, "err", "disk\x1b[31m broken token=hunter2"),
      record(
        990,
        "warning",
        "Memory cgroup out of memory: Killed process 42 (web) total-vm:1kB, anon-rss:1024kB",
      ),
    ])
  );
  const clock = new FakeClock();
  const registry = new ToolRegistry({ tools, host: toolTree("tools_v2"), clock, policy: ToolPolicy.all() });
  const { signal } = new AbortController();
  const log = await registry.run("kernel_log", {}, signal);
  assert.match(
    log.text,
    /^2 of 3 messages .*\n.*\n16m 21s ago {2}err {6}disk\\u001b\[31m broken token=\*\*\*\n {4}11s ago {2}warning/,
  );
  const recent = await registry.run("kernel_log", { since: "1m", level: "debug" }, signal);
  assert.match(recent.text, /^1 of 3 messages/);
  const newest = await registry.run("kernel_log", { level: "debug", max_lines: "1" }, signal);
  assert.match(newest.text, /^3 of 3 messages.*newest 1 shown/);
  const kills = await registry.run("oom_history", {}, signal);
  assert.deepEqual(kills.data, {
    kills: [{ pid: 42, name: "web", scope: "cgroup", at_sec: 990, age_sec: 11, anonymous_bytes: 1024 ** 2 }],
    kills_in_log: 1,
    kills_since_boot: 3,
  });
});

Deno.test("what is measured over an interval is the change in it", async () => {
  const later: Record<string, string> = {
    "/proc/stat": "cpu 1100 10 500 8060 340 5 15 100 0 0\ncpu0 600 5 250 4000 150 3 8 50 0 0\n" +
      "cpu1 500 5 250 4060 190 2 7 50 0 0\nctxt 68890\nprocs_running 3\nprocs_blocked 2\n",
    "/proc/diskstats": "8 0 sda 200 5 4000 1500 150 5 3000 2800 4 1400 3300 0 0 0 0 0 0\n",
    "/proc/42/io": "read_bytes: 4096\nwrite_bytes: 1056768\n",
    "/proc/42/stat": Deno.readTextFileSync(new URL("../fixtures/tools_v2/proc/42/stat", import.meta.url))
      .replace(" 500 250 ", " 540 260 "),
  };
  const clock = new FakeClock();
  const host = toolTree("tools_v2");
  const read = host.text.bind(host);
  let startMs = 0;
  // Everything is read at the start and at the end of the interval.
  host.text = async (path) => (clock.monotonicMs() > startMs ? later[path] : undefined) ?? await read(path);
  const registry = new ToolRegistry({ tools: allTools(), host, clock, policy: ToolPolicy.all() });
  // deno-lint-ignore no-explicit-any -- as above
  const measure = async (name: string): Promise<any> => {
    startMs = clock.monotonicMs();
    const { signal } = new AbortController();
    return (await turned(clock, registry.run(name, { delay_ms: 1000 }, signal))).data;
  };
  const cpu = await measure("cpu_overview");
  assert.deepEqual([cpu.usage_pct, cpu.iowait_pct, cpu.idle_pct, cpu.running], [50, 20, 30, 3]);
  assert.equal(cpu.context_switches_per_sec, 1000);
  assert.deepEqual(cpu.per_cpu[0], { cpu: 0, usage_pct: 100, iowait_pct: 0 });
  const top = await measure("top_cpu_processes");
  assert.deepEqual([top.processes[0].pid, top.processes[0].cpu_pct, top.processes[1].cpu_pct], [42, 50, 0]);
  const io = await measure("io_top");
  assert.deepEqual(io.processes.map((one: { pid: number }) => one.pid), [42]);
  assert.equal(io.processes[0].written_bytes_per_sec, 1024 ** 2);
  assert.equal(io.processes_refused, 0);
  const disks = await measure("disk_io_latency");
  assert.deepEqual(
    [
      disks.devices[0].device,
      disks.devices[0].busy_pct,
      disks.devices[0].read_latency_ms,
      disks.devices[0].queue,
    ],
    ["sda", 50, 10, 2],
  );
  assert.deepEqual([disks.devices[0].write_latency_ms, disks.devices[0].written_bytes_per_sec], [
    20,
    1_024_000,
  ]);
});
