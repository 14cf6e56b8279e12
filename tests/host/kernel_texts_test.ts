import assert from "node:assert/strict";
import fc from "fast-check";
import {
  parseCfsQuota,
  parseCgroupLimit,
  parseCgroupMembership,
  parseCpuMax,
  parseIoServiceBytes,
  parseIoStat,
} from "../../lib/host/cgroup.ts";
import { openCgroups } from "../../lib/host/cgroup_tree.ts";
import { parseCounters } from "../../lib/host/counters.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { parseInterrupts } from "../../lib/host/interrupts.ts";
import { findOomKills, parseKernelRecord } from "../../lib/host/kernel_log.ts";
import { parseNodeMeminfo, parseNumberList } from "../../lib/host/numa.ts";
import { parseMillidegrees } from "../../lib/host/thermal.ts";
import { assertPlain } from "../tools/plain_json.ts";
import { toolTree } from "../tools/tool_tree.ts";

Deno.test("a process's groups are told apart by controller", () => {
  assert.deepEqual(parseCgroupMembership("9:cpu,cpuacct:/app\n0::/a:b c\nnonsense\n"), [
    { controllers: ["cpu", "cpuacct"], path: "/app" },
    { controllers: [], path: "/a:b c" },
  ]);
});

Deno.test("a limit is a figure, or none", () => {
  assert.equal(parseCgroupLimit("max\n"), "max");
  assert.equal(parseCgroupLimit("9223372036854771712\n"), "max");
  assert.equal(parseCgroupLimit("-1"), "max");
  assert.equal(parseCgroupLimit("1048576\n"), 1048576);
  assert.equal(parseCgroupLimit("x"), undefined);
  assert.deepEqual(parseCpuMax("150000 100000\n"), { processors: 1.5, periodUsec: 100000 });
  assert.deepEqual(parseCpuMax("max 100000"), { processors: "max", periodUsec: 100000 });
  assert.equal(parseCpuMax("1 0"), undefined);
  assert.deepEqual(parseCfsQuota("-1\n", "100000\n"), { processors: "max", periodUsec: 100000 });
});

Deno.test("what groups read and wrote is summed over the devices", () => {
  assert.deepEqual(parseIoStat("8:0 rbytes=1 wbytes=2 rios=3\n8:16 rbytes=10 wbytes=20\n"), {
    readBytes: 11,
    writtenBytes: 22,
  });
  assert.deepEqual(parseIoServiceBytes("8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n"), {
    readBytes: 1,
    writtenBytes: 2,
  });
});

Deno.test("both versions of control groups tell the same", async () => {
  const v2 = await openCgroups(toolTree("tools_v2"));
  assert.equal(v2.version, 2);
  assert.deepEqual(await v2.children("/system.slice"), ["db.service", "web.service"]);
  const web = await v2.usage("/system.slice/web.service");
  assert.deepEqual([
    web?.memoryBytes,
    web?.memoryLimitBytes,
    web?.oomKills,
    web?.throttledPeriods,
    web?.tasks,
  ], [
    104857600,
    "max",
    1,
    7,
    5,
  ]);
  assert.deepEqual(web?.cpuQuota, { processors: 0.5, periodUsec: 100000 });
  assert.equal(await v2.usage("/gone"), undefined);
  const v1 = await openCgroups(toolTree("tools_v1"));
  assert.equal(v1.version, 1);
  assert.deepEqual(await v1.children("/"), ["app"]);
  const app = await v1.usage("/app");
  assert.deepEqual([app?.memoryBytes, app?.memoryLimitBytes, app?.oomKills, app?.limitHits], [
    104857600,
    209715200,
    2,
    3,
  ]);
  assert.deepEqual([app?.cpuUsec, app?.cpuQuota?.processors, app?.throttledUsec, app?.tasksLimit], [
    3_000_000,
    1.5,
    250_000,
    "max",
  ]);
  assert.deepEqual(app?.io, { readBytes: 4096, writtenBytes: 8192 });
  assert.equal(await v1.usage("/gone"), undefined);
  await assert.rejects(
    openCgroups(new FixtureFacts({ files: { "/proc/stat": "" } })),
    /cannot see control groups/,
  );
});

Deno.test("interrupts are read by column, whatever stands after the counts", () => {
  const text = "        CPU0   CPU2\n 24:   10   30  IO-APIC 5-edge ACPI:Ged\nERR:  7\nBAD: x\n";
  assert.deepEqual(parseInterrupts(text), {
    cpus: [0, 2],
    lines: [
      { irq: "24", counts: [10, 30], total: 40, label: "IO-APIC 5-edge ACPI:Ged" },
      { irq: "ERR", counts: [7], total: 7, label: "" },
    ],
  });
  assert.deepEqual(parseInterrupts(""), { cpus: [], lines: [] });
});

Deno.test("memory nodes, number lists and temperatures", () => {
  assert.deepEqual([...parseNodeMeminfo("Node 0 MemFree:   4 kB\nNode 0 HugePages_Total: 3\nx\n")], [[
    "MemFree",
    4096,
  ]]);
  assert.deepEqual(parseNumberList("0-3,8\n"), [0, 1, 2, 3, 8]);
  assert.deepEqual(parseNumberList("\n"), []);
  assert.equal(parseNumberList("0-999999").length, 4096);
  assert.equal(parseMillidegrees("45500\n"), 45.5);
  assert.equal(parseMillidegrees("-273150"), undefined);
  assert.equal(parseMillidegrees(""), undefined);
});

/** Real text with pieces cut out, doubled and replaced. */
const mutated = fc.tuple(
  fc.constantFrom(
    "9:cpu:/a\n0::/b\n",
    "usage_usec 5\nnr_throttled 7\n",
    "        CPU0   CPU1\n 24:   10   30  IO-APIC\n",
    "Node 0 MemFree:   4 kB\n",
    "8:0 rbytes=1 wbytes=2\n",
    "6,1,2,-;Killed process 4 (x) total-vm:1kB, anon-rss:2kB\n",
    "150000 100000\n",
    "0-3,8\n",
    "45000\n",
  ),
  fc.nat(60),
  fc.nat(20),
  fc.string({ maxLength: 12 }),
).map(([text, at, length, other]) => text.slice(0, at) + other + text.slice(at + length) + text);

Deno.test("no text makes a parser throw, take long, or give what is no number", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 400 }), mutated), (text) => {
      const record = parseKernelRecord(text);
      const all = [
        parseCgroupMembership(text),
        parseCgroupLimit(text),
        parseCpuMax(text),
        parseCfsQuota(text, text),
        parseIoStat(text),
        parseIoServiceBytes(text),
        [...parseCounters(text)],
        parseInterrupts(text),
        [...parseNodeMeminfo(text)],
        parseNumberList(text),
        parseMillidegrees(text),
        record,
        findOomKills([{ level: "err", sequence: 1, atSec: 1, text }, ...(record ? [record] : [])]),
      ];
      for (const value of all) if (value !== undefined) assertPlain(value);
    }),
    { numRuns: 1000 },
  );
  const startMs = performance.now();
  findOomKills([{
    level: "err",
    sequence: 1,
    atSec: 1,
    text: "oom-kill:constraint=A,oom_memcg=".repeat(2000),
  }]);
  findOomKills([{ level: "err", sequence: 1, atSec: 1, text: "Killed process 1 (".repeat(5000) }]);
  assert.ok(performance.now() - startMs < 1000);
});
