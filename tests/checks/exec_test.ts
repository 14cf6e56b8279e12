import assert from "node:assert/strict";
import fc from "fast-check";
import { EXEC_CHECK } from "../../lib/checks/exec.ts";
import { parseExecEvents } from "../../lib/checks/exec_events.ts";
import type { Check } from "../../lib/checks/check.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { gather, makeCheck, refusals } from "./check_rig.ts";

function script(folder: TempFolder, text: string, settings: Record<string, unknown> = {}): Check {
  folder.write("script", `#!/bin/sh\n${text}\n`, 0o700);
  return makeCheck(EXEC_CHECK, { name: "mine", program: folder.at("script"), ...settings });
}

/** `status check target: description` of each finding. */
async function told(check: Check): Promise<string[]> {
  return (await gather(check)).map(({ status, labels, description }) =>
    `${status} ${labels.check} ${labels.target}: ${description}`
  );
}

Deno.test("events come as one object, as a list, or one on each line", async () => {
  await using folder = new TempFolder();
  const events = [
    '{"status":"Warning","labels":{"check":"queue","target":"mail"},"description":"80 wait","attrs":{"current_value":80}}',
    '{"event_status":"ok","labels":{"region":"eu"}}',
  ];
  const expected = [
    "Warning exec::queue mail: 80 wait",
    "Ok exec::mine mine: mine: Ok",
    "Ok exec::error mine: program mine works",
  ];
  assert.deepEqual(await told(script(folder, `echo '[${events.join()}]'`)), expected);
  assert.deepEqual(await told(script(folder, `printf '%s\\n\\n%s' '${events[0]}' '${events[1]}'`)), expected);
  assert.deepEqual(await told(script(folder, `echo '${events[0]}'`)), [expected[0], expected[2]]);
  assert.deepEqual(await told(script(folder, "")), [expected[2]]);
  const [finding] = await gather(script(folder, `echo '${events[0]}'`));
  assert.deepEqual(finding?.attrs, { current_value: "80", threshold_desc: "as the program rates it" });
});

Deno.test("arguments and environment are given as configured", async () => {
  await using folder = new TempFolder();
  const check = script(folder, `printf '{"status":"Info","description":"%s %s"}' "$1" "$TOKEN"`, {
    args: ["a b"],
    env: { TOKEN: "t" },
  });
  assert.equal((await told(check))[0], "Info exec::mine mine: a b t");
});

Deno.test("what is no event is told, and what is one counts", async () => {
  await using folder = new TempFolder();
  const cases: [text: string, problem: RegExp][] = [
    [`echo oops`, /line 1 is not JSON: oops/],
    [`printf '{"status":"Ok"}\\nhalf {\\n'`, /line 2 is not JSON: half \{/],
    [`echo '{"status":"Bad"}'`, /event 1: status: must be "Ok"/],
    [`echo '[{"status":"Ok"},{"labels":{}}]'`, /event 2: status: is missing/],
    [`echo '{"status":"Ok","labels":{"a":{}}}'`, /event 1: labels\.a/],
    [`echo '"text"'`, /event 1: /],
    [`i=0; while [ $i -lt 1005 ]; do echo '{"status":"Ok"}'; i=$((i+1)); done`, /more than 1000 events/],
    [`head -c 2000000 /dev/zero | tr '\\0' ' '; echo '{}'`, /longer than 1024 KiB/],
    [`echo gone >&2; exit 4`, /ended with exit code 4: gone/],
    [`kill -9 $$`, /ended with SIGKILL/],
  ];
  for (const [text, problem] of cases) {
    const lines = await told(script(folder, text));
    assert.match(lines.at(-1) ?? "", /^Critical exec::error mine: program mine \(.*\) does not work: /, text);
    assert.match(lines.at(-1) ?? "", problem);
  }
  assert.equal(
    (await told(script(folder, `echo '[{"status":"Ok","labels":{"target":"x"}},{}]'`)))[0],
    "Ok exec::mine x: mine: Ok",
  );
});

Deno.test("a program that hangs or is missing is told, and it is over when it works again", async () => {
  await using folder = new TempFolder();
  const check = script(folder, "exec sleep 94", { time_limit: "200ms" });
  assert.match((await told(check)).join(), /^Critical exec::error mine: .* did not end within 200 ms$/);
  folder.write("script", "#!/bin/sh\n", 0o700);
  assert.deepEqual(await told(check), ["Ok exec::error mine: program mine works"]);
  const missing = makeCheck(EXEC_CHECK, { name: "mine", program: "/nonexistent/program" });
  assert.match((await told(missing)).join(), /^Critical exec::error mine: .* there is no such program$/);
});

Deno.test("of events with equal labels the worst one holds", async () => {
  await using folder = new TempFolder();
  const check = script(
    folder,
    `echo '[{"status":"Warning","description":"w"},{"status":"Critical","description":"c"},{"status":"Ok"}]'`,
  );
  assert.equal((await told(check))[0], "Critical exec::mine mine: c");
  assert.equal((await gather(check)).length, 2);
});

Deno.test("an event cannot speak in the name of the program's own failure, nor of another check", async () => {
  await using folder = new TempFolder();
  const check = script(
    folder,
    `echo '[{"status":"Critical","labels":{"check":"error"}},{"status":"Ok","labels":{"check":"cpu::usage"}}]'`,
  );
  assert.deepEqual((await gather(check)).map(({ labels }) => labels.check), [
    "exec::mine",
    "exec::cpu::usage",
    "exec::error",
  ]);
});

Deno.test("a plugin's exit code is its verdict", async () => {
  await using folder = new TempFolder();
  const cases: [text: string, first: RegExp][] = [
    ["echo 'LOAD OK - fine|load=0.5;1;2'; exit 0", /^Ok exec::mine mine: LOAD OK - fine$/],
    ["echo disk full; exit 1", /^Warning exec::mine mine: WARNING: disk full$/],
    ["echo 'CRITICAL - gone'; exit 2", /^Critical exec::mine mine: CRITICAL - gone$/],
    ["exit 3", /^Warning exec::mine mine: mine: UNKNOWN$/],
    ["echo x; exit 127", /^Critical exec::error mine: .* exit code 127: x$/],
    ["printf '\\033[31mred\\007 OK\\n'", /^Ok exec::mine mine: red OK$/],
  ];
  for (const [text, first] of cases) {
    assert.match((await told(script(folder, text, { mode: "nagios" })))[0] ?? "", first, text);
  }
  const [finding] = await gather(
    script(folder, "echo 'LOAD OK|load=0.5;1;2 5m=1\nmore'; exit 0", { mode: "nagios" }),
  );
  assert.deepEqual(finding?.attrs, {
    "perf.load": "0.5",
    "perf.5m": "1",
    output: "more",
    current_value: "load 0.5",
    threshold_desc: "warning 1, critical 2",
  });
});

const PLUGINS = "/usr/lib/nagios/plugins";
const installed = await Deno.stat(`${PLUGINS}/check_dummy`).then(() => true, () => false);

Deno.test({
  name: `the real plugins are understood${
    installed ? "" : " (skipped: monitoring-plugins-basic is not installed)"
  }`,
  ignore: !installed,
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepting = (async () => {
      for await (const connection of listener) connection.close();
    })();
    const port = String((listener.addr as Deno.NetAddr).port);
    const run = async (plugin: string, ...args: string[]) => {
      const findings = await gather(
        makeCheck(EXEC_CHECK, { name: plugin, program: `${PLUGINS}/${plugin}`, args, mode: "nagios" }),
      );
      assert.equal(findings.at(-1)?.status, "Ok", findings.at(-1)?.description);
      assert.equal(findings.length, 2);
      return findings[0];
    };
    for (
      const [code, status] of [["0", "Ok"], ["1", "Warning"], ["2", "Critical"], ["3", "Warning"]] as const
    ) {
      const finding = await run("check_dummy", code, "a text");
      assert.equal(finding?.status, status);
      assert.match(finding.description, /: a text$/);
    }
    const load = await run("check_load", "-w", "1000,1000,1000", "-c", "2000,2000,2000");
    assert.equal(load?.status, "Ok");
    assert.match(load.attrs["perf.load5"] ?? "", /^\d+\.\d+$/);
    assert.equal(load.attrs.threshold_desc, "warning 1000.000, critical 2000.000");
    const disk = await run("check_disk", "-w", "0%", "-c", "0%", "-p", "/");
    assert.match(disk?.attrs["perf./"] ?? "", /^\d+[A-Z]*B$/);
    assert.equal((await run("check_tcp", "-H", "127.0.0.1", "-p", port))?.status, "Ok");
    listener.close();
    await accepting;
    assert.equal((await run("check_tcp", "-H", "127.0.0.1", "-p", port))?.status, "Critical");
    assert.equal(
      (await run("check_file_age", "-w", "0", "-c", "1", "-f", "/etc/passwd"))?.status,
      "Critical",
    );
  },
});

Deno.test({
  name: "a program that the sandbox does not let be run makes the check unavailable",
  permissions: { run: false },
  async fn() {
    const check = makeCheck(EXEC_CHECK, { name: "mine", program: "/bin/true" });
    await assert.rejects(gather(check), FactUnavailableError);
  },
});

Deno.test("options that cannot be meant are refused", () => {
  const program = "/bin/true";
  assert.match(refusals(EXEC_CHECK, { name: "error", program }).join(), /cannot be error/);
  assert.match(refusals(EXEC_CHECK, { name: "a b", program }).join(), /letters, digits/);
  assert.match(refusals(EXEC_CHECK, { name: "a", program: "true" }).join(), /absolute path/);
  assert.match(
    refusals(EXEC_CHECK, { name: "a", program, env: { LD_PRELOAD: "x" } }).join(),
    /cannot be set/,
  );
  assert.match(refusals(EXEC_CHECK, { name: "a", program, shell: true }).join(), /shell/);
  assert.deepEqual(refusals(EXEC_CHECK, { name: "a", program }), []);
});

Deno.test("property: any output is read", () => {
  const json = fc.json({ maxDepth: 3 });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        json,
        fc.array(json).map((all) => all.join("\n")),
      ),
      (stdout) => {
        const { events } = parseExecEvents(stdout);
        for (const { description } of events) assert.doesNotMatch(description, /[^\P{Cc}\n]/u);
      },
    ),
  );
});
