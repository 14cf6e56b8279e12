import assert from "node:assert/strict";
import { Playbook, type PlaybookOptions } from "../../lib/diagnose/playbook.ts";
import type { DiagnosisRecord } from "../../lib/diagnose/records.ts";
import type { FixtureFacts } from "../../lib/host/fixture.ts";
import type { DiagnoseRequest } from "../../lib/sessions/runners.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { recordedHost } from "../host/recorded_host.ts";
import { RecordedStream } from "./recorded_stream.ts";
import { blindCheck, finding, hostChecks, scriptedCheck } from "./scripted_checks.ts";
import { request } from "./request.ts";
import { ScriptedToolError, ScriptedTools } from "./scripted_tools.ts";

/** Runs to the end on a clock that a test has not to turn. */
async function run(
  asked: DiagnoseRequest,
  options: Partial<PlaybookOptions> = {},
  host: FixtureFacts = recordedHost(),
) {
  const clock = new FakeClock();
  const stream = new RecordedStream();
  const running = new Playbook({ host, clock, makeChecks: () => hostChecks(), ...options })
    .diagnose(asked, stream.callback, new AbortController().signal);
  running.catch(() => {}); // awaited below, after the clock was turned
  await clock.tick(90_000);
  const diagnosis = await running;
  assert.equal(clock.pendingTimers, 0);
  return { ...diagnosis, stream, clock };
}

/** A table's row, cell by cell. */
function row(report: string, check: string): string[] {
  const line = report.split("\n").find((one) => one.startsWith(`| ${check.replaceAll("_", "\\_")} |`));
  return line?.slice(2, -2).split(" | ") ?? [];
}

Deno.test("without tools, an inspection of the system lets the checks look and streams each step", async () => {
  const { report, stream, status } = await run(request());
  assert.deepEqual(stream.pieces, [
    ["thinking", "No model is used. Measuring now: cpu, mem, disk."],
    ["thinking", "What do the thresholds say of cpu?"],
    ["tool_call", "cpu"],
    ["tool_result", "cpu usage of cpu 12.5 %"],
    ["thinking", "What do the thresholds say of mem?"],
    ["tool_call", "mem"],
    ["tool_result", "memory usage of memory 25.0 % (4.0 GiB of 16.0 GiB used)"],
    ["thinking", "What do the thresholds say of disk?"],
    ["tool_call", "disk"],
    ["tool_result", "space usage of / 40.0 %\nspace usage of /data 41.0 %"],
    ["answer", "All figures are within their thresholds."],
  ]);
  assert.equal(status, "complete");
  assert.match(report, /^# Inspection: web-1\n\n- host: web-1 \(192\.0\.2\.7\)\n- time: /);
  assert.match(report, /^\*\*Verdict:\*\* All figures are within their thresholds\.$/m);
  assert.deepEqual(row(report, "mem::memory_usage"), [
    "mem::memory\\_usage",
    "memory",
    "25.0 %",
    "warning ≥ 90 %, critical ≥ 99 %",
    "Ok",
    "4.0 GiB of 16.0 GiB used",
  ]);
  assert.doesNotMatch(report, /not be seen|sent along|incomplete|What is wrong/);
});

Deno.test("the report's time is the wall clock's, with its zone", async () => {
  const { report, clock } = await run(request());
  const [, day, time, zone] = /- time: (\S+) (\S+) (\S+)$/m.exec(report) ?? [];
  const told = Date.parse(`${day}T${time}${zone}`);
  assert(Math.abs(told - clock.wallMs()) <= 90_000, `${told} against ${clock.wallMs()}`);
});

Deno.test("one plugin is measured alone, by its check and its tools", async () => {
  const tools = new ScriptedTools({
    mem_overview: () => ({ data: { used_pct: 41.5, available_bytes: 1024 ** 3 } }),
    top_mem_processes: () => ({
      data: { processes: [{ pid: 4711, name: "hog", rss_bytes: 600 * 1024 ** 2, rss_pct: 3.7 }] },
    }),
    cpu_overview: () => ({ data: {} }),
    psi_check: () => ({ data: {} }),
  });
  const { report, stream, verdict } = await run(request({ plugin: "mem" }), { tools });
  assert.deepEqual(
    stream.of("tool_call"),
    ["mem", "mem_overview", "top_mem_processes count=5", "psi_check resource=memory"],
    "what else the host waits for is not asked",
  );
  assert.match(report, /^# Inspection: mem on web-1\n/);
  assert.match(
    verdict,
    /^All figures .*Worth knowing: .*pid 4711 \("hog"\) holds the most, 600\.0 MiB \(3\.7 % of all\)/,
  );
  assert.match(report, /^- memory: memory used 41\.5 %; memory available 1\.0 GiB; /m);
  assert.match(report, /^- oom\\_history: unavailable: this host does not offer that tool/m);
});

Deno.test("each run makes its checks anew", async () => {
  let made = 0;
  const clock = new FakeClock();
  const makeChecks = () => hostChecks({ mem: 25 + made++ });
  const playbook = new Playbook({ host: recordedHost(), clock, makeChecks });
  const ask = () =>
    playbook.run(request({ plugin: "mem" }), () => Promise.resolve(), new AbortController().signal);
  assert.equal(row(await ask(), "mem::memory_usage")[2], "25.0 %");
  assert.equal(row(await ask(), "mem::memory_usage")[2], "26.0 %");
});

Deno.test("the verdict names what is bad, the worst first", async () => {
  const makeChecks = () => hostChecks({ cpu: 91, data: 100 });
  const { report, stream } = await run(request(), { makeChecks });
  const verdict = "Critical: space usage of /data 100.0 % ≥ 99 %. Warning: cpu usage of cpu 91.0 % ≥ 90 %.";
  assert.deepEqual(stream.of("answer"), [verdict]);
  assert(report.includes(`**Verdict:** ${verdict}\n`));
  assert.equal(row(report, "disk::space_usage")[4], "Ok");
});

Deno.test("a tool's figures tell the reason of what a check found, and the check's status rules", async () => {
  const tools = new ScriptedTools({
    cpu_overview: () => ({ data: { usage_pct: 97.1, iowait_pct: 0.5 } }),
    top_cpu_processes: () => ({ data: { processes: [{ pid: 99, name: "burn", cpu_pct: 99.7 }] } }),
  });
  const bad = await run(request({ plugin: "cpu" }), { tools, makeChecks: () => hostChecks({ cpu: 92 }) });
  assert.equal(
    bad.verdict,
    'Warning: the processors are busy 97.1 % of the time; pid 99 ("burn") takes the most, 99.7 % of one processor.',
  );
  assert.match(bad.report, /^\| process cpu \| pid 99 \("burn"\) \| 99\.7 % \| top\\_cpu\\_processes \|$/m);
  const content = await run(request({ plugin: "cpu" }), { tools, makeChecks: () => hostChecks({ cpu: 10 }) });
  assert.match(
    content.verdict,
    /^All figures are within their thresholds\. Worth knowing: the processors are busy/,
  );
  const alone = await run(request({ plugin: "cpu" }), { tools, makeChecks: () => [] });
  assert.match(alone.verdict, /^Critical: the processors are busy 97\.1 %/);
});

Deno.test("what cannot be seen is said, with what would unlock it, and the rest is measured", async () => {
  const host = recordedHost();
  const { hostname: _, ...facts } = host.facts;
  host.facts = facts;
  const makeChecks = () => [...hostChecks().slice(0, 1), blindCheck("mem")];
  const { report, stream, status } = await run(request(), { makeChecks }, host);
  const gap = "unavailable: cannot read mem: it is not granted; grant it";
  assert.equal(stream.of("tool_result")[1], gap);
  assert.deepEqual(stream.of("answer"), ["All figures are within their thresholds. Not seen: mem."]);
  assert.match(report, /^# Inspection: this host\n\n- host: name unknown \(192\.0\.2\.7\)\n/);
  assert(
    report.includes(`## What could not be seen\n\n- mem: ${gap}\n- cannot read the host's name: `),
    report,
  );
  assert.equal(status, "complete", "what a host does not show is no failure of the run");
});

Deno.test("a check that fails or hangs leaves a gap, and the report says that it is incomplete", async () => {
  const makeChecks = () => [
    scriptedCheck("mem", "memory", () => Promise.reject(new Error("cannot read memory: broken"))),
    scriptedCheck("load", "load", () => new Promise(() => {})),
  ];
  const { report, stream, status } = await run(request(), { makeChecks, deadlineMs: 2000 });
  assert.deepEqual(stream.of("tool_result"), [
    "failed: cannot read memory: broken",
    "timed_out: no result after 2000 ms",
  ]);
  assert.match(report, /^- load: timed\\_out: no result after 2000 ms$/m);
  assert.match(report, /^- incomplete: something did not answer in time$/m);
  assert.equal(status, "partial");
});

Deno.test("a tool that hangs leaves a gap; when the whole time is over the report is what there is", async () => {
  const hanging = () => new Promise<never>(() => {});
  const tools = new ScriptedTools({
    mem_overview: hanging,
    top_mem_processes: () => ({ data: { processes: [{ pid: 7, name: "x", rss_bytes: 4096, rss_pct: 1 }] } }),
    psi_check: hanging,
  });
  const one = await run(request({ plugin: "mem" }), { tools });
  assert.equal(one.status, "partial");
  assert.match(one.report, /^- mem\\_overview: timed\\_out: no result in time$/m);
  assert.match(one.report, /pid 7/);
  const all = await run(request({ plugin: "mem" }), { tools, deadlineMs: 100_000, totalDeadlineMs: 30_000 });
  assert.equal(all.status, "partial");
  assert(all.duration_ms <= 31_000, `${all.duration_ms} ms`);
  assert.match(all.report, /^- incomplete: the time for the diagnosis was over/m);
});

Deno.test("a host that shows nothing gets an honest report", async () => {
  const { report } = await run(request(), { makeChecks: () => [blindCheck("cpu"), blindCheck("disk", "/")] });
  assert.match(report, /Nothing could be measured\. Not seen: cpu, disk \/\./);
  assert.doesNotMatch(report, /\| --- \|/);
});

Deno.test("an inspection of an unknown plugin fails and names the known ones", async () => {
  await assert.rejects(run(request({ plugin: "mysql" })), {
    message: "cannot inspect mysql: there is no such check here; known are system, cpu, mem, disk",
  });
  const tools = new ScriptedTools({ mem_overview: () => ({}) });
  await assert.rejects(
    run(request({ plugin: "mysql" }), { tools }),
    /known are system, cpu, mem, disk, load, psi/,
  );
});

Deno.test("a diagnosis of an unknown plugin measures everything and says so", async () => {
  const { report, stream } = await run(request({ mode: "alert", plugin: "my|sql" }));
  assert.deepEqual(stream.of("tool_call"), ["cpu", "mem", "disk"]);
  assert(report.includes("There is no check named my\\|sql on this host: all checks were run instead."));
  assert(report.startsWith("# Diagnosis: my\\|sql on web-1\n"));
});

Deno.test("a diagnosis looks at what the alert's labels name", async () => {
  const params = {
    plugin: "",
    target: "",
    message: "",
    labels: { check: "disk::space_usage", target: "/data", host: "web-1" },
  };
  const { report, stream } = await run(request({ mode: "alert", params }));
  assert.deepEqual(stream.of("tool_call"), ["disk"]);
  assert.deepEqual(stream.of("tool_result"), ["space usage of /data 41.0 %"]);
  assert(report.includes("The alert is about disk: that was looked at."));
  assert(report.includes("    labels.check: disk::space_usage\n"));
  const inText = { plugin: "", target: "", message: "disk::space_usage of /data is bad" };
  assert.deepEqual((await run(request({ mode: "alert", params: inText }))).stream.of("tool_call"), ["disk"]);
  const strange = { plugin: "", target: "", message: "mysql::down and c++ std::move" };
  assert.equal((await run(request({ mode: "alert", params: strange }))).stream.of("tool_call").length, 3);
});

Deno.test("a foreign target is said not to have been reached, this host's own names are not", async () => {
  const { report } = await run(request({ target: "db-9" }));
  assert(report.includes("The target db-9 was not reached: every figure here is this host's own."));
  for (const target of ["localhost", "WEB-1", "192.0.2.7", "127.0.0.1", "::1", ""]) {
    assert.doesNotMatch((await run(request({ target }))).report, /not reached/, target);
  }
});

Deno.test("a target that a check or a tool can look at is looked at", async () => {
  const one = await run(request({ plugin: "disk", target: "/data" }));
  assert.deepEqual(one.stream.of("tool_result"), ["space usage of /data 41.0 %"]);
  assert.doesNotMatch(one.report, /not reached/);
  const tools = new ScriptedTools({ disk_overview: () => ({}), tcp_ping: () => ({}) });
  const other = await run(request({ plugin: "disk", target: "/srv" }), { tools });
  assert.deepEqual(tools.calls, [{ name: "disk_overview", args: { path: "/srv" } }]);
  assert.doesNotMatch(other.report, /not reached/);
  await run(request({ plugin: "net", target: "tcp://db-9:5432" }), { tools });
  assert.deepEqual(tools.calls[1], { name: "tcp_ping", args: { address: "db-9:5432" } });
});

Deno.test("of a check that looks at many targets only the one that is asked about is told", async () => {
  const makeChecks = () => [
    scriptedCheck("disk", "disk", () => [
      finding("disk::space_usage", "/", 99.5),
      finding("disk::space_usage", "/data", 41),
    ]),
  ];
  const tools = new ScriptedTools({ disk_overview: () => ({}) });
  const { stream, verdict } = await run(request({ plugin: "disk", target: "/data" }), { tools, makeChecks });
  assert.equal(stream.of("tool_result")[0], "space usage of /data 41.0 %");
  assert.doesNotMatch(verdict, /Critical/);
  const all = await run(request({ plugin: "disk" }), { tools, makeChecks });
  assert.equal(
    all.stream.of("tool_result")[0],
    "space usage of / 99.5 % ≥ 99 %\nspace usage of /data 41.0 %",
  );
});

Deno.test("what one remedy would unlock is told with it once", async () => {
  const remedy = "the sandbox does not open it; mount it elsewhere";
  const blind = (name: string) => () => {
    throw new ScriptedToolError("unavailable", `cannot read /proc/${name}: ${remedy}`);
  };
  const names = ["cpu_overview", "load", "mem_overview"];
  const tools = new ScriptedTools(Object.fromEntries(names.map((name) => [name, blind(name)])));
  const { stream, report } = await run(request(), { tools, makeChecks: () => [] });
  assert.deepEqual(stream.of("tool_result"), [
    `unavailable: cannot read /proc/cpu_overview: ${remedy}`,
    "unavailable: cannot read /proc/load: as above",
    "unavailable: cannot read /proc/mem_overview: as above",
  ]);
  assert.equal(report.split(remedy).length - 1, 1, report);
  assert.match(report, /- cpu\\_overview, load, mem\\_overview: unavailable: /);
});

Deno.test("a diagnosis quotes every text that came along, an inspection none", async () => {
  const params = {
    plugin: "mem",
    target: "localhost",
    message: "memory is low",
    descriptions: ["first\n# heading", 7, "| cell |"],
    count: 3,
  };
  const { report } = await run(request({ mode: "alert", plugin: "mem", params }));
  const quoted =
    "    message: memory is low\n    descriptions: first\n    # heading\n    descriptions: | cell |\n";
  assert(report.endsWith(`Quoted as received; nothing here was verified.\n\n${quoted}`), report);
  const inspection = await run(request({ plugin: "mem", params }));
  assert.doesNotMatch(inspection.report, /memory is low/);
});

Deno.test("however a run ends, it is recorded", async () => {
  const kept: Omit<DiagnosisRecord, "id">[] = [];
  const records = {
    write: (record: Omit<DiagnosisRecord, "id">) => Promise.resolve(`id-${kept.push(record)}`),
  };
  const tools = new ScriptedTools({
    disk_overview: () => ({ text: "äb", data: {} }),
    mount_info: () => Promise.reject(new Error("broken")),
  });
  const { id, report } = await run(request({ plugin: "disk", target: "/data" }), { tools, records });
  assert.equal(id, "id-1");
  assert.deepEqual(kept[0]?.steps, [
    { tool: "disk", args: {}, duration_ms: 0, bytes: 27 },
    { tool: "disk_overview", args: { path: "/data" }, duration_ms: 0, bytes: 3 },
    { tool: "mount_info", args: {}, duration_ms: 0, bytes: 0, error: "failed: broken" },
  ]);
  assert.deepEqual(
    { ...kept[0], steps: [], started: "", duration_ms: 0 },
    {
      ...{
        mode: "inspect",
        plugin: "disk",
        target: "/data",
        user: "ana",
        started: "",
        duration_ms: 0,
        steps: [],
      },
      ...{ status: "partial", verdict: "All figures are within their thresholds.", report },
    },
  );
  await assert.rejects(run(request({ plugin: "mysql" }), { records }));
  assert.deepEqual([kept[1]?.status, kept[1]?.report], ["failed", ""]);
  assert.match(kept[1]?.verdict ?? "", /cannot inspect mysql/);
});

Deno.test("a record that the disk does not take in time does not hold up the report", async () => {
  const records = { write: () => new Promise<string>(() => {}) };
  assert.equal((await run(request(), { records })).id, "");
});

Deno.test("an abort ends the run at once with its reason, at every step, and is recorded as cancelled", async () => {
  const tools = new ScriptedTools({
    mem_overview: () => ({ data: { used_pct: 10 } }),
    top_mem_processes: () => ({ data: { processes: [{ pid: 7, name: "x", rss_bytes: 4096 }] } }),
    process_detail: () => ({ data: {} }),
  });
  const pieces = (await run(request({ plugin: "mem" }), { tools })).stream.pieces.length;
  assert(pieces > 12);
  for (let at = 0; at < pieces; at++) {
    const abort = new AbortController();
    const kept: string[] = [];
    const records = {
      write: ({ status, steps }: Omit<DiagnosisRecord, "id">) => {
        kept.push(`${status} ${steps.length}`);
        return Promise.resolve("id");
      },
    };
    const clock = new FakeClock();
    let told = 0;
    const stream = () => {
      if (told++ === at) abort.abort(new Error("cancelled by ana"));
      return Promise.resolve();
    };
    const playbook = new Playbook({
      host: recordedHost(),
      clock,
      makeChecks: () => hostChecks(),
      tools,
      records,
    });
    await assert.rejects(
      playbook.run(request({ plugin: "mem" }), stream, abort.signal),
      /cancelled by ana/,
      `${at}`,
    );
    assert.equal(told, at + 1, "nothing is streamed afterwards");
    assert.equal(kept.length, 1);
    assert.match(kept[0] ?? "", /^cancelled /);
    assert.equal(clock.pendingTimers, 0);
  }
});

Deno.test("an abort while a check and a tool hang ends the run at once", async () => {
  const seen: AbortSignal[] = [];
  const tools = new ScriptedTools({
    mem_overview: (_args, signal) => {
      seen.push(signal);
      return new Promise(() => {});
    },
  });
  const clock = new FakeClock();
  const abort = new AbortController();
  const makeChecks = () => [scriptedCheck("mem", "memory", () => new Promise(() => {}))];
  const playbook = new Playbook({ host: recordedHost(), clock, makeChecks, tools });
  const running = assert.rejects(
    playbook.run(request({ plugin: "mem" }), () => Promise.resolve(), abort.signal),
    /cancelled/,
  );
  await clock.tick(100);
  abort.abort(new Error("cancelled"));
  await running;
  assert.equal(seen[0]?.aborted, true);
  assert.equal(clock.pendingTimers, 0);
});
