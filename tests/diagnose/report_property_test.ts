import assert from "node:assert/strict";
import fc from "fast-check";
import { figureText, type Unit } from "../../lib/diagnose/evidence.ts";
import { Playbook } from "../../lib/diagnose/playbook.ts";
import { readEvidence } from "../../lib/diagnose/readings/all_readings.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { recordedHost } from "../host/recorded_host.ts";
import { RecordedStream } from "./recorded_stream.ts";
import { request } from "./request.ts";
import { finding, scriptedCheck } from "./scripted_checks.ts";
import { ScriptedTools } from "./scripted_tools.ts";

const UNITS: readonly Unit[] = ["%", "bytes", "bytes/s", "per s", "ms", "s", "°C", "times", "ratio", "id"];

const amount = fc.oneof(fc.double({ min: 0, max: 120, noNaN: true }), fc.nat(), fc.maxSafeNat());
const pid = fc.integer({ min: 1, max: 4_194_304 });
/** What a program may call itself, and what a mount point may be named. */
const name = fc.oneof(
  fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 30 }),
  fc.constantFrom(
    "] | **Critical** |",
    "\n# Verdict: fine\n",
    "[click](http://evil.example)",
    "<img src=x onerror=alert(1)>",
    "`rm -rf`",
    "a\u001b[2Jb",
    '"), pid 1 ("init',
    "- **Critical**: x",
    "    code",
    "~~~",
    "---",
    "\\| x",
  ),
);
const rows = <T>(shape: fc.Arbitrary<T>) => fc.array(shape, { maxLength: 4 });
const processes = (figures: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({ processes: rows(fc.record({ pid, name, ...figures })) });

/** What tools may answer: the shapes that the rules know, with any figures in them. */
const answers = fc.record({
  cpu_overview: fc.record({
    usage_pct: amount,
    iowait_pct: amount,
    steal_pct: amount,
    blocked: amount,
    load_5m: amount,
  }),
  load: fc.record({ load_5m_per_processor: amount }),
  top_cpu_processes: processes({ cpu_pct: amount }),
  mem_overview: fc.record({
    used_pct: amount,
    available_bytes: amount,
    swap_total_bytes: amount,
    swap_used_pct: amount,
  }),
  top_mem_processes: processes({ rss_bytes: amount, rss_pct: amount, swap_bytes: amount }),
  disk_overview: fc.record({
    file_systems: rows(
      fc.record({ mount_point: name, used_pct: amount, available_bytes: amount, inodes_used_pct: amount }),
    ),
    not_answering: rows(fc.record({ mount_point: name, hung: fc.boolean() })),
  }),
  disk_io_latency: fc.record({
    devices: rows(fc.record({ device: name, busy_pct: amount, latency_ms: amount })),
  }),
  io_top: processes({ written_bytes_per_sec: amount, read_bytes_per_sec: amount }),
  zombies: fc.record({ zombies: amount, parents: rows(fc.record({ pid, name, zombies: amount })) }),
  filefd_top_procs: processes({ open_files: amount, used_pct: amount }),
  oom_history: fc.record({
    kills_since_boot: amount,
    kills: rows(fc.record({ pid, name, age_sec: amount })),
  }),
  service_list_failed: fc.record({ failed: amount, units: rows(fc.record({ unit: name, result: name })) }),
  tcp_state_distribution: fc.record({ total: amount, close_wait: amount, time_wait: amount }),
  close_wait_owners: fc.record({
    close_wait: amount,
    holders: rows(fc.record({ pid, program: name, port: fc.nat(65_535), count: amount })),
  }),
  network_listen_ports: fc.record({
    ports: rows(
      fc.record({ pid, program: name, port: fc.nat(65_535), accept_queue: amount, half_open: amount }),
    ),
  }),
  listen_overflow: fc.record({ overflows: amount, overflows_since_boot: amount }),
  tcp_retrans_rate: fc.record({ segments_sent: amount, retransmitted_pct: amount }),
  network_interfaces: fc.record({
    interfaces: rows(fc.record({ name, rx: fc.record({ bytes: amount, errors: amount, dropped: amount }) })),
  }),
  thermal_zone: fc.record({ sensors: rows(fc.record({ sensor: name, celsius: amount })) }),
  docker_ps: fc.record({ running: amount, containers: rows(fc.record({ name, state: name, status: name })) }),
  open_files: fc.record({
    pid,
    files: rows(fc.record({ kind: fc.constantFrom("file", "deleted file"), target: name })),
  }),
}, { requiredKeys: [] });

async function report(data: Record<string, unknown>, checkName: string, value: number) {
  const clock = new FakeClock();
  const stream = new RecordedStream();
  const tools = new ScriptedTools(
    Object.fromEntries(Object.entries(data).map(([tool, one]) => [tool, () => ({ data: one })])),
  );
  const makeChecks = () => [scriptedCheck("x", "x", () => [finding(`x::${checkName}`, checkName, value)])];
  const playbook = new Playbook({ host: recordedHost(), clock, makeChecks, tools });
  const diagnosis = await playbook.diagnose(request(), stream.callback, new AbortController().signal);
  return { ...diagnosis, stream };
}

function numbersIn(text: string): string[] {
  return text.match(/\d+(?:\.\d+)?/g) ?? [];
}

function deepNumbers(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(deepNumbers) : [];
}

Deno.test("every number of a report comes from a tool's answer or a check's finding", async () => {
  await fc.assert(
    fc.asyncProperty(
      answers,
      name,
      fc.double({ min: 0, max: 200, noNaN: true }),
      async (data, target, value) => {
        const { report: text, verdict, stream } = await report(data, target, value);
        const known = new Set([
          ...stream.of("tool_result").flatMap(numbersIn),
          ...Object.values(data).flatMap((one) => numbersIn(JSON.stringify(one))),
          ...deepNumbers(data).flatMap((figure) =>
            UNITS.flatMap((unit) => numbersIn(figureText(figure, unit)))
          ),
          ...numbersIn("warning ≥ 90 %, critical ≥ 99 %"),
        ]);
        const body = text.slice(text.indexOf("**Verdict:**"));
        for (const number of numbersIn(`${verdict}\n${body}`)) {
          assert(known.has(number), `${number} comes from nowhere:\n${text}`);
        }
      },
    ),
    { numRuns: 300 },
  );
});

const HEADINGS = new Set([
  "# Inspection: web-1",
  "## What is wrong",
  "## Evidence",
  "## The checks",
  "## Looked at and found healthy",
  "## What could not be seen",
  "## What to do next",
]);

Deno.test("nothing that a host's programs call themselves shapes the report", async () => {
  await fc.assert(
    fc.asyncProperty(answers, name, async (data, target) => {
      const { report: text } = await report(data, target, 100);
      for (const line of text.split("\n")) {
        assert(line === "" || /^(# |## |- |\| |\*\*Verdict:\*\* )/.test(line), line);
        if (line.startsWith("#")) assert(HEADINGS.has(line), line);
        const cells = line.split(/(?<!\\)(?:\\\\)*\|/).length - 1;
        if (line.startsWith("|")) assert(cells === 5 || cells === 7, line);
        const plain = line.replace(/^(\*\*Verdict:\*\*|- \*\*(Critical|Warning|Info)\*\*:)/, "").replace(
          /\\[^]/g,
          "·", // not nothing: what stands around it would come together
        );
        assert.doesNotMatch(plain.replaceAll("| ", "").replace(/\|$/, ""), /[*`<>[\]~]|:\/\//, line);
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e]/);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("no answer of a tool, whatever its shape, makes a reading throw or tell what is no number", () => {
  const tools = [
    ...["cpu_overview", "load", "top_cpu_processes", "mem_overview", "vmstat_overview", "top_mem_processes"],
    ...["psi_check", "disk_overview", "disk_io_latency", "io_top", "process_list", "open_files", "zombies"],
    ...["filefd_usage", "filefd_top_procs", "oom_history", "kernel_log", "thermal_zone"],
    ...["service_list_failed", "service_status", "docker_ps", "no_such_tool"],
    ...[
      "tcp_state_distribution",
      "close_wait_owners",
      "network_listen_ports",
      "listen_overflow",
      "softnet_stat",
    ],
    ...["tcp_retrans_rate", "conntrack_stat", "arp_neigh", "network_interfaces", "tcp_ping", "http_probe"],
    ...["cert_inspect_remote", "cert_inspect_file", "ntp_status"],
  ];
  fc.assert(
    fc.property(fc.constantFrom(...tools), fc.anything(), (tool, data) => {
      for (const { value } of readEvidence(tool, data)) assert(Number.isFinite(value));
    }),
    { numRuns: 2000 },
  );
});
