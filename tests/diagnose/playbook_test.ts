import assert from "node:assert/strict";
import { diskCheck } from "../../lib/checks/disk.ts";
import { memCheck } from "../../lib/checks/mem.ts";
import { Playbook, type PlaybookOptions } from "../../lib/diagnose/playbook.ts";
import type { FixtureFacts } from "../../lib/host/fixture.ts";
import type { DiagnoseRequest } from "../../lib/sessions/runners.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { fileSystem, GIB, recordedHost } from "../host/recorded_host.ts";
import { RecordedStream } from "./recorded_stream.ts";

function request(options: Partial<DiagnoseRequest> = {}): DiagnoseRequest {
  return {
    sessionId: "s1",
    mode: "inspect",
    plugin: "system",
    target: "localhost",
    userName: "ana",
    params: { plugin: "", target: "", message: "" },
    ...options,
  };
}

/** Runs to the end on a clock that a test has not to turn. */
async function run(host: FixtureFacts, asked: DiagnoseRequest, options: Partial<PlaybookOptions> = {}) {
  const clock = new FakeClock();
  const stream = new RecordedStream();
  const running = new Playbook({ host, clock, ...options })
    .run(asked, stream.callback, new AbortController().signal);
  running.catch(() => {}); // awaited below, after the clock was turned
  await clock.tick(30_000);
  return { report: await running, stream, clock };
}

/** A table's row, cell by cell. */
function row(report: string, check: string): string[] {
  const line = report.split("\n").find((one) => one.startsWith(`| ${check.replaceAll("_", "\\_")} |`));
  return line?.slice(2, -2).split(" | ") ?? [];
}

Deno.test("an inspection of the system measures all four and streams each step", async () => {
  const { report, stream } = await run(recordedHost(), request());
  assert.deepEqual(stream.pieces, [
    ["thinking", "No model is used. Measuring now: cpu, load, mem, disk."],
    ["tool_call", "cpu"],
    ["tool_result", "processor usage 12.5 % (4 processors)"],
    ["tool_call", "load"],
    ["tool_result", "5-minute load per processor 0.25 (0.50 1.00 2.00 over 1, 5, 15 min; 4 processors)"],
    ["tool_call", "mem"],
    ["tool_result", "memory usage 25.0 % (4.0 GiB of 16.0 GiB used)"],
    ["tool_call", "disk"],
    ["tool_result", "disk space usage of / 40.0 % (38.0 GiB of 95.0 GiB used)"],
    ["answer", "All 4 figures are within the thresholds."],
  ]);
  assert.match(report, /^# Inspection: web-1\n\n- host: web-1 \(192\.0\.2\.7\)\n- time: /);
  assert.match(report, /^\*\*Verdict:\*\* All 4 figures are within the thresholds\.$/m);
  assert.deepEqual(row(report, "mem::memory_usage"), [
    "mem::memory\\_usage",
    "memory",
    "25.0 %",
    "warning ≥ 85 %, critical ≥ 90 %",
    "Ok",
    "4.0 GiB of 16.0 GiB used",
  ]);
  assert.doesNotMatch(report, /not be seen|sent along|hung/);
});

Deno.test("the report's time is the wall clock's, with its zone", async () => {
  const { report, clock } = await run(recordedHost(), request());
  const [, day, time, zone] = /- time: (\S+) (\S+) (\S+)$/m.exec(report) ?? [];
  const told = Date.parse(`${day}T${time}${zone}`);
  assert(Math.abs(told - clock.wallMs()) <= 30_000, `${told} against ${clock.wallMs()}`);
});

Deno.test("one plugin is measured alone", async () => {
  const { report, stream } = await run(recordedHost(), request({ plugin: "mem" }));
  assert.deepEqual(stream.of("tool_call"), ["mem"]);
  assert.deepEqual(stream.of("answer"), ["The figure is within the thresholds."]);
  assert.match(report, /^# Inspection: mem on web-1\n/);
});

Deno.test("each run measures anew", async () => {
  const host = recordedHost();
  const clock = new FakeClock();
  const playbook = new Playbook({ host, clock });
  const ask = () =>
    playbook.run(request({ plugin: "mem" }), () => Promise.resolve(), new AbortController().signal);
  assert.equal(row(await ask(), "mem::memory_usage")[2], "25.0 %");
  const memory = { totalBytes: 16 * GIB, availableBytes: GIB, swapTotalBytes: 0, swapFreeBytes: 0 };
  host.facts = { ...host.facts, memory };
  assert.equal(row(await ask(), "mem::memory_usage")[2], "93.8 %");
});

Deno.test("the verdict names what is bad, the worst first", async () => {
  const host = recordedHost({
    loadAverages: [1, 14, 2],
    fileSystems: { "/": fileSystem(95 * GIB) },
  });
  const { report, stream } = await run(host, request());
  const verdict =
    "Critical: disk space usage of / 100.0 % ≥ 99 %. Warning: 5-minute load per processor 3.50 ≥ 3.";
  assert.deepEqual(stream.of("answer"), [verdict]);
  assert(report.includes(`**Verdict:** ${verdict}\n`));
  assert.equal(row(report, "disk::space_usage")[4], "Critical");
});

Deno.test("what cannot be seen is said, with what would unlock it, and the rest is measured", async () => {
  const host = recordedHost();
  const { memory: _, hostname: __, ...facts } = host.facts;
  host.facts = facts;
  const { report, stream } = await run(host, request());
  const gap = "unavailable: cannot read memory: it was not recorded; add it to the recording";
  assert.equal(stream.of("tool_result")[2], gap);
  assert.deepEqual(stream.of("answer"), ["All 3 figures are within the thresholds. Not seen: mem."]);
  assert.match(report, /^# Inspection: this host\n\n- host: name unknown \(192\.0\.2\.7\)\n/);
  assert(report.includes(`## What could not be seen\n\n- mem: ${gap}\n- cannot read the host's name: `));
});

Deno.test("a check that fails or hangs leaves a gap", async () => {
  const host = recordedHost();
  host.memory = () => Promise.reject(new Error("cannot read memory: broken"));
  host.loadAverages = () => new Promise(() => {});
  const { report, stream } = await run(host, request(), { deadlineMs: 2000 });
  assert.deepEqual(stream.of("tool_result").slice(1, 3), [
    "failed: no result after 2000 ms",
    "failed: cannot read memory: broken",
  ]);
  assert.match(report, /^- load: failed: no result after 2000 ms$/m);
});

Deno.test("a host that shows nothing gets an honest report", async () => {
  const host = recordedHost();
  host.facts = {};
  const { report } = await run(host, request());
  assert.match(report, /Nothing could be measured\. Not seen: cpu, load, mem, disk \/\./);
  assert.doesNotMatch(report, /\| --- \|/);
});

Deno.test("an inspection of an unknown plugin fails and names the known ones", async () => {
  await assert.rejects(run(recordedHost(), request({ plugin: "mysql" })), {
    message: "cannot inspect mysql: there is no such check here; known are system, cpu, load, mem, disk",
  });
});

Deno.test("a diagnosis of an unknown plugin measures everything and says so", async () => {
  const { report, stream } = await run(recordedHost(), request({ mode: "alert", plugin: "my|sql" }));
  assert.deepEqual(stream.of("tool_call"), ["cpu", "load", "mem", "disk"]);
  assert(report.includes("There is no check named my\\|sql on this host: all checks were run instead."));
  assert(report.startsWith("# Diagnosis: my\\|sql on web-1\n"));
});

Deno.test("a foreign target is said not to have been reached, this host's own names are not", async () => {
  const { report } = await run(recordedHost(), request({ target: "db-9" }));
  assert(report.includes("The target db-9 was not reached: every figure here is this host's own."));
  for (const target of ["localhost", "WEB-1", "192.0.2.7", "127.0.0.1", "::1", ""]) {
    assert.doesNotMatch((await run(recordedHost(), request({ target }))).report, /not reached/, target);
  }
});

Deno.test("a target that a check looks at picks that check", async () => {
  const host = recordedHost({ fileSystems: { "/": fileSystem(GIB), "/data": fileSystem(95 * GIB) } });
  const makeChecks = () => ["/", "/data"].map((mountPoint) => diskCheck({ host, mountPoint }));
  const both = await run(host, request({ plugin: "disk" }), { makeChecks });
  assert.deepEqual(both.stream.of("tool_call"), ["disk"]);
  assert.equal(both.stream.of("tool_result")[0]?.split("\n").length, 2);
  const one = await run(host, request({ plugin: "disk", target: "/data" }), { makeChecks });
  assert.match(one.stream.of("tool_result")[0] ?? "", /^disk space usage of \/data 100\.0 % ≥ 99 %.*$/);
  assert.doesNotMatch(one.report, /not reached/);
});

Deno.test("a diagnosis quotes every text that came along, an inspection none", async () => {
  const params = {
    plugin: "mem",
    target: "localhost",
    message: "memory is low",
    descriptions: ["first\n# heading", 7, "| cell |"],
    count: 3,
  };
  const { report } = await run(recordedHost(), request({ mode: "alert", plugin: "mem", params }));
  const quoted =
    "    message: memory is low\n    descriptions: first\n    # heading\n    descriptions: | cell |\n";
  assert(report.endsWith(`Quoted as received; nothing here was verified.\n\n${quoted}`), report);
  const inspection = await run(recordedHost(), request({ plugin: "mem", params }));
  assert.doesNotMatch(inspection.report, /memory is low/);
});

Deno.test("an abort during a step ends the run at once with its reason", async () => {
  const host = recordedHost();
  host.memory = () => new Promise(() => {});
  const clock = new FakeClock();
  const abort = new AbortController();
  const stream = new RecordedStream();
  const playbook = new Playbook({ host, clock, makeChecks: () => [memCheck({ host })] });
  const running = assert.rejects(playbook.run(request(), stream.callback, abort.signal), /cancelled by ana/);
  await clock.tick(100);
  abort.abort(new Error("cancelled by ana"));
  await running;
  assert.deepEqual(stream.pieces.map(([stage]) => stage), ["thinking", "tool_call"]);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("an abort between steps begins no other", async () => {
  const abort = new AbortController();
  const stages: string[] = [];
  const playbook = new Playbook({ host: recordedHost(), clock: new FakeClock() });
  await assert.rejects(
    playbook.run(request({ plugin: "mem" }), (stage) => {
      stages.push(stage);
      if (stage === "tool_result") abort.abort(new Error("enough"));
      return Promise.resolve();
    }, abort.signal),
    /enough/,
  );
  assert.deepEqual(stages, ["thinking", "tool_call", "tool_result"]);
});
