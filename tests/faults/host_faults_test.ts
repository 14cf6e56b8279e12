import assert from "node:assert/strict";
import { cpus } from "node:os";
import { systemClock } from "../../lib/clock.ts";
import { Playbook } from "../../lib/diagnose/playbook.ts";
import { openHost } from "../../lib/host/open_host.ts";
import { allTools } from "../../lib/tools/all_tools.ts";
import { ToolPolicy } from "../../lib/tools/policy.ts";
import { ToolRegistry } from "../../lib/tools/registry.ts";
import { request } from "../diagnose/request.ts";
import { SmallDisk } from "../fakes/small_disk.ts";
import { Connections, FaultyProgram } from "./host_fault.ts";
import { MachineTurn } from "./machine_turn.ts";

const MIB = 1024 ** 2;
/** More than any other process holds: those that run the tests may hold a good deal themselves. */
async function hogBytes(): Promise<number> {
  let largestBytes = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    const status = await Deno.readTextFile(`/proc/${name}/status`).catch(() => "");
    largestBytes = Math.max(largestBytes, 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0));
  }
  return largestBytes + 1024 * MIB;
}

/** Inspects this host with its real tools, and no check's thresholds. */
async function inspect(plugin: string, target = "localhost") {
  const clock = systemClock;
  const host = await openHost({ clock });
  const tools = new ToolRegistry({ tools: allTools(), host, clock, policy: ToolPolicy.all() });
  const playbook = new Playbook({ host, clock, makeChecks: () => [], tools });
  const { signal } = new AbortController();
  return await playbook.diagnose(request({ plugin, target }), () => Promise.resolve(), signal);
}

/**
 * Inspects until what is at fault is named: a fault takes its moment to show. In the verdict, where one resource is
 * inspected; in the report, where all are: this machine may have worse faults than the test's.
 */
async function verdictNaming(culprit: RegExp, plugin: string, target?: string): Promise<string> {
  const startMs = performance.now();
  for (;;) {
    const { verdict, report } = await inspect(plugin, target);
    const [, wrong = ""] = /^## What is wrong\n\n((?:- .*\n)+)/m.exec(report) ?? [];
    const said = plugin === "system" ? wrong : verdict;
    if (culprit.test(said)) return report;
    if (performance.now() - startMs > 60_000) assert.match(said, culprit, report);
  }
}

const isLinux = Deno.build.os === "linux";

Deno.test({
  name: "the whole host is diagnosed within ten seconds",
  ignore: !isLinux,
  async fn() {
    using _turn = await MachineTurn.take();
    const { duration_ms, status, report } = await inspect("system");
    assert(duration_ms < 10_000, `${duration_ms} ms`);
    assert.notEqual(status, "failed");
    for (const resource of ["cpu", "memory", "disk space", "network", "files", "processes"]) {
      assert.match(report, new RegExp(`^- ${resource}: `, "m"));
    }
  },
});

Deno.test({
  name: "a process that burns a processor is named",
  ignore: !isLinux,
  async fn() {
    using _turn = await MachineTurn.take();
    // Several threads of one process: whatever else is busy on this machine, it takes more.
    const code = `for (let thread = 0; thread < ${3 * cpus().length}; thread++) {
        new Worker("data:application/javascript,for (;;);", { type: "module" });
      }
      console.log("burning");`;
    await using burner = FaultyProgram.script(code);
    await burner.said();
    const report = await verdictNaming(new RegExp(`pid ${burner.pid} \\("deno"\\) takes the most`), "cpu");
    assert.match(report, /top\\_cpu\\_processes/);
  },
});

Deno.test({
  name: "a process that holds memory is named, with how much",
  ignore: !isLinux,
  async fn() {
    using _turn = await MachineTurn.take();
    const code =
      `const held = new Uint8Array(${await hogBytes()}).fill(1); console.log(held.length); setInterval(() => held[0], 1e6);`;
    await using hog = FaultyProgram.script(code);
    await hog.said();
    const report = await verdictNaming(new RegExp(`pid ${hog.pid} \\("deno"\\) holds the most, \\d`), "mem");
    assert.match(report, new RegExp(`process memory of pid ${hog.pid}|process memory \\| pid ${hog.pid}`));
  },
});

Deno.test({
  name: "a parent that does not wait for its children is named",
  ignore: !isLinux,
  async fn() {
    using _turn = await MachineTurn.take();
    // What the shell becomes knows nothing of the children that the shell had.
    await using parent = FaultyProgram.shell("sleep 0.01 & sleep 0.01 & sleep 0.01 & exec sleep 300");
    await verdictNaming(new RegExp(`children of pid ${parent.pid} \\("sleep"\\) \\(3\\)`), "zombie");
  },
});

Deno.test({
  name: "500 connections in CLOSE_WAIT are traced to the port and the process that does not close them",
  ignore: !isLinux,
  async fn() {
    using _turn = await MachineTurn.take();
    const code = `const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" }); const kept = [];
      console.log(listener.addr.port); for await (const one of listener) kept.push(one);`;
    await using server = FaultyProgram.script(code);
    const port = Number(await server.said());
    using clients = new Connections(port, 500);
    await clients.endAll();
    const report = await verdictNaming(new RegExp(`CLOSE_WAIT.*\\bport ${port}\\b`), "tcpstate");
    assert.match(report, new RegExp(`pid ${server.pid}\\b`));
    assert.match(report, new RegExp(`port ${port}\\b`));
    await verdictNaming(new RegExp(`pid ${server.pid}\\b`), "system");
  },
});

Deno.test({
  name: "a listener that does not accept is named by its port and process",
  ignore: !isLinux,
  async fn() {
    using _turn = await MachineTurn.take();
    const code = `const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
      console.log(listener.addr.port); setInterval(() => listener.addr, 1e6);`;
    await using server = FaultyProgram.script(code);
    const port = Number(await server.said());
    using _clients = new Connections(port, 200);
    await verdictNaming(new RegExp(`listener on port ${port} of pid ${server.pid}\\b`), "sockstat");
    await verdictNaming(new RegExp(`listener on port ${port} of pid ${server.pid}\\b`), "system");
  },
});

Deno.test({
  name: "a full file system is named",
  ignore: !isLinux || await SmallDisk.refusal() !== undefined,
  async fn() {
    using _turn = await MachineTurn.take();
    await using disk = await SmallDisk.mount(4 * MIB);
    disk.fill();
    const full = new RegExp(`Critical\\W.*file system ${RegExp.escape(disk.path)} is used to 100 %`);
    await verdictNaming(full, "disk");
    await verdictNaming(full, "disk", disk.path);
    await verdictNaming(full, "system");
  },
});

Deno.test("an address that nothing listens at is named, whether a page or a certificate was to be had there", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const none = new RegExp(`Critical: .*127\\.0\\.0\\.1:${port}.* took no connection`);
  assert.match((await inspect("http", `http://127.0.0.1:${port}/health`)).verdict, none);
  assert.match((await inspect("cert", `127.0.0.1:${port}`)).verdict, none);
});

Deno.test("a path that there is none of is a gap in the report, not passed over", async () => {
  const { report, status } = await inspect("disk", "/nonexistent");
  assert.equal(status, "partial");
  assert.match(
    report,
    /## What could not be seen\n\n(?:- .*\n)*- disk\\_overview path=\/nonexistent: failed: .*no such file/,
  );
});
