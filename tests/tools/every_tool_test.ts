import assert from "node:assert/strict";
import fc from "fast-check";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import type { HostFacts } from "../../lib/host/host_facts.ts";
import { openHost } from "../../lib/host/open_host.ts";
import { systemClock } from "../../lib/clock.ts";
import { allTools } from "../../lib/tools/all_tools.ts";
import { argumentsOf, parseArguments } from "../../lib/tools/arguments.ts";
import { ToolPolicy } from "../../lib/tools/policy.ts";
import { ToolRegistry } from "../../lib/tools/registry.ts";
import { ToolError } from "../../lib/tools/tool_error.ts";
import type { ToolDefinition } from "../../lib/tools/tool.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { assertPlain } from "./plain_json.ts";
import { turned } from "./scripted_tool.ts";
import { toolTree } from "./tool_tree.ts";

/** The tools of the host's own figures: they reach nothing else, so that any test may run them. */
const HOST_TOOLS = allTools().filter(({ reach }) => reach === "host");

/** What the required arguments of the host's tools may be. */
const SAMPLES: Readonly<Record<string, string>> = { pid: "1", pattern: "a", key: "kernel.osrelease" };

function samplesFor(tool: ToolDefinition): Record<string, string> {
  const required = argumentsOf(tool).filter((arg) => arg.required);
  return Object.fromEntries(required.map(({ name }) => [name, SAMPLES[name] ?? ""]));
}

Deno.test("every tool is described: name, family, one line, every argument", () => {
  const registry = new ToolRegistry({
    tools: allTools(),
    host: new FixtureFacts(),
    clock: systemClock,
    policy: ToolPolicy.all(),
  });
  for (const tool of registry.list()) {
    assert.match(tool.name, /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/);
    assert.match(tool.family, /^[a-z]+$/, tool.name);
    assert.match(tool.description, /^[A-Z][^\n]{10,180}[^.\s]$/, tool.name);
    for (const arg of tool.args) assert.ok(arg.description.length > 3, `${tool.name} ${arg.name}`);
    const { inputSchema } = registry.describe(tool.name);
    assert.equal(inputSchema.additionalProperties, false, tool.name);
    assertPlain(JSON.parse(JSON.stringify(inputSchema)));
  }
});

async function outcome(host: HostFacts, tool: ToolDefinition, clock: FakeClock) {
  const work = tool.run(parseArguments(tool, samplesFor(tool)), {
    host,
    clock,
    signal: new AbortController().signal,
    logRoots: [],
    allowRun: [],
  });
  return await turned(clock, work.then((output) => ({ output }), (error: unknown) => ({ error })));
}

for (const name of ["tools_v2", "tools_v1", "debian_6", "kernel_3_10", "kernel_4_18"]) {
  Deno.test(`every host tool on ${name}: plain data and a text, or an error that says why`, async () => {
    const host = toolTree(name, { uptimeSec: 1000, loadAverages: [1, 2, 3] });
    for (const tool of HOST_TOOLS) {
      const result = await outcome(host, tool, new FakeClock());
      if ("error" in result) {
        assert.ok(result.error instanceof Error, tool.name);
        assert.match(result.error.message, /^cannot /, tool.name);
      } else {
        assertPlain(result.output.data, tool.name);
        assert.ok(result.output.text.length > 0, tool.name);
        assert.doesNotMatch(result.output.text, /\bNaN\b|\bundefined\b|\bInfinity\b/, tool.name);
      }
    }
  });
}

Deno.test("every host tool on this machine: plain data, and within its deadline", async () => {
  const host = await openHost();
  const registry = new ToolRegistry({
    tools: HOST_TOOLS,
    host,
    clock: systemClock,
    policy: ToolPolicy.all(),
  });
  await Promise.all(HOST_TOOLS.map(async (tool) => {
    const args = { ...samplesFor(tool), ...("pid" in samplesFor(tool) && { pid: String(Deno.pid) }) };
    try {
      const { text, data } = await registry.run(tool.name, args, new AbortController().signal);
      assertPlain(data, tool.name);
      assert.doesNotMatch(text, /\bNaN\b|\bundefined\b/, tool.name);
    } catch (error) {
      assert.ok(error instanceof ToolError && error.kind === "unavailable", `${tool.name}: ${error}`);
    }
  }));
});

/** Not from the kernel's log, which is a device, nor one that makes do with what it finds. */
function readsKernelFiles({ name, needs }: ToolDefinition): boolean {
  return name !== "selinux_status" && needs.every((need) => !("read" in need) && !("run" in need));
}

Deno.test("a process without the kernel's files gets what the runtime tells, and why there is no more", async () => {
  const runtimeHost = () =>
    new FixtureFacts({
      cpuTimes: [{ busyMs: 1000, totalMs: 10_000, processors: 2 }, {
        busyMs: 2000,
        totalMs: 12_000,
        processors: 2,
      }],
      memory: { totalBytes: 1000, availableBytes: 500, swapTotalBytes: 0, swapFreeBytes: 0 },
      loadAverages: [1, 2, 3],
      uptimeSec: 100,
      fileSystems: { "/": { totalBytes: 10, freeBytes: 5, availableBytes: 5, inodes: 0, inodesFree: 0 } },
    });
  const works = ["cpu_overview", "mem_overview", "disk_overview", "load", "uptime_info"];
  for (const tool of HOST_TOOLS.filter(readsKernelFiles)) {
    const result = await outcome(runtimeHost(), tool, new FakeClock());
    if (works.includes(tool.name)) {
      assert.ok("output" in result, `${tool.name}: ${"error" in result && result.error}`);
    } else assert.ok("error" in result && result.error instanceof Error, tool.name);
  }
  const overview = HOST_TOOLS.find(({ name }) => name === "cpu_overview");
  assert.ok(overview);
  const cpu = await outcome(runtimeHost(), overview, new FakeClock());
  assert.equal("output" in cpu && (cpu.output.data as { usage_pct: number }).usage_pct, 50);
});

Deno.test("whatever is passed as arguments, a tool answers or refuses, and never leaves the kernel's files", async () => {
  const host = toolTree("tools_v2", { uptimeSec: 1000, loadAverages: [1, 2, 3] });
  const hostile = fc.oneof(
    fc.constantFrom<unknown>(
      "../../../etc/passwd",
      "/etc/shadow",
      "1/../..",
      "\0",
      "",
      "-1",
      "0",
      "1e9",
      "NaN",
      "true",
    ),
    fc.constantFrom<unknown>(
      NaN,
      -1,
      0,
      1.5,
      2 ** 53,
      true,
      null,
      [],
      {},
      "a".repeat(5000),
      "$(id)",
      "%s%n",
      "self",
    ),
    fc.string(),
    fc.integer(),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...HOST_TOOLS),
      fc.array(hostile, { maxLength: 4 }),
      async (tool, values) => {
        const clock = new FakeClock();
        const registry = new ToolRegistry({ tools: HOST_TOOLS, host, clock, policy: ToolPolicy.all() });
        const names = Object.keys(tool.args);
        const args = Object.fromEntries(
          values.slice(0, names.length).map((value, index) => [names[index] ?? "", value]),
        );
        try {
          const run = registry.run(tool.name, args, new AbortController().signal);
          const { text, data } = await turned(clock, run);
          assertPlain(data, tool.name);
          assert.doesNotMatch(text, /root:.*:0:0:/);
        } catch (error) {
          assert.ok(error instanceof ToolError, `${tool.name}: ${error}`);
          assert.ok(error.message.length < 2000 && !error.message.includes("\n"), error.message);
        }
      },
    ),
    { numRuns: 150 },
  );
});
