import assert from "node:assert/strict";
import { command } from "../../lib/cli/check.ts";
import { alertKey } from "../../lib/alerts/event.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { capture } from "./captured_context.ts";
import { pawl } from "./pawl_process.ts";

const TREE = new URL("../fixtures/tools_v2", import.meta.url).pathname;

/** A configuration that shows a small recorded host, and what else it is to say. */
function recorded(folder: TempFolder, rest = ""): string[] {
  const host = `[host]\nprocfs = "${TREE}/proc"\nsysfs = "${TREE}/sys"\n`;
  return ["--config", folder.write("pawl.toml", `state_dir = "${folder.at("state")}"\n${rest}\n${host}`)];
}

Deno.test("a check that is named prints what it finds, the thresholds, and nothing on stderr", async () => {
  await using folder = new TempFolder();
  const { code, out, err } = await capture(command, "filefd", ...recorded(folder));
  assert.deepEqual([code, err], [0, ""]);
  const [heading = "", ...rows] = out.trimEnd().split("\n");
  assert.match(heading, /^status +check +target +value +thresholds$/);
  assert.equal(rows.length, 1);
  assert.match(rows[0] ?? "", /^Ok +filefd::filefd_usage +system +50\.0 % +warning ≥ 80 %, critical ≥ 90 %$/);
});

Deno.test("what it finds does not change the exit code, and the worst comes first", async () => {
  await using folder = new TempFolder();
  const config = recorded(
    folder,
    "[[check.filefd]]\nwarn_ge = 10\ncritical_ge = 20\n[[check.uptime]]\n",
  );
  const { code, out } = await capture(command, ...config);
  assert.equal(code, 0);
  const [, first = "", ...others] = out.trimEnd().split("\n");
  assert.match(first, /^Critical +filefd::filefd_usage +system +50\.0 % +.* ≥ 20 %$/);
  assert(others.length > 0 && others.every((row) => !row.startsWith("Critical")), out);
});

Deno.test("--json is one array of the events it would raise, those that say Ok included", async () => {
  await using folder = new TempFolder();
  const agentId = "0b8e7c1a-1f5e-4e43-9a55-6d1c2f7f9a10";
  Deno.mkdirSync(folder.at("state"), { mode: 0o700 });
  Deno.writeTextFileSync(folder.at("state/agent_id"), `${agentId}\n`);
  const config = recorded(
    folder,
    '[labels]\nsite = "cellar"\n[[check.filefd]]\nlabels = { team = "storage" }\n',
  );
  const { code, out, err } = await capture(command, "--json", ...config);
  assert.deepEqual([code, err], [0, ""]);
  const events = JSON.parse(out);
  assert.equal(events.length, 1);
  const [{ event_time, ...event }] = events;
  assert(Math.abs(event_time - Date.now() / 1000) < 60 && Number.isInteger(event_time));
  const labels = {
    check: "filefd::filefd_usage",
    target: "system",
    site: "cellar",
    team: "storage",
    from_agent: agentId,
  };
  assert.deepEqual(event, {
    event_status: "Ok",
    alert_key: alertKey(labels),
    labels,
    attrs: { current_value: "50.0 %", threshold_desc: "warning ≥ 80 %, critical ≥ 90 %" },
    description: "open files of the system 50.0 %",
  });
});

Deno.test("a name that is none is one line with the nearest, and exit code 2", async () => {
  await using folder = new TempFolder();
  const config = recorded(folder);
  const cases: [string[], RegExp][] = [
    [
      ["filefdd"],
      /^pawl: cannot run the check "filefdd": there is none, did you mean filefd\? known are cpu, /,
    ],
    [
      ["http"],
      /^pawl: cannot run the check http without a configuration: it needs urls; add \[\[check\.http\]\]/,
    ],
    [["cpu\u001b[31m\nroot"], /^pawl: cannot run the check "cpu/],
    [["--jsn"], /^pawl: unknown option '--jsn'/],
  ];
  for (const [words, message] of cases) {
    const { code, out, err } = await capture(command, ...words, ...config);
    assert.deepEqual([code, out], [2, ""], words.join(" "));
    assert.match(err, message);
    assert.equal(err.indexOf("\n"), err.length - 1, "one line");
    assert(!err.includes("\u001b"), "no escape sequence");
  }
});

Deno.test("a check that fails is an event, one that may not look is told apart, and the code stays 0", async () => {
  await using folder = new TempFolder();
  Deno.mkdirSync(folder.at("proc/sys/fs"), { recursive: true });
  Deno.writeTextFileSync(folder.at("proc/sys/fs/file-nr"), "what no kernel writes\n");
  const text = `[host]\nprocfs = "${folder.at("proc")}"\nsysfs = "${folder.at("nothing")}"\n`;
  const config = ["--config", folder.write("pawl.toml", text)];
  const broken = await capture(command, "filefd", ...config);
  assert.equal(broken.code, 0);
  assert.match(broken.out, /^Critical +filefd::gather +system +failed +check filefd of system failed: /m);
  const [event] = JSON.parse((await capture(command, "filefd", "--json", ...config)).out);
  assert.deepEqual([event.labels.check, event.event_status], ["filefd::gather", "Critical"]);
});

Deno.test("what this process may not see is said with what would unlock it, and is no event", async () => {
  const { code, out } = await pawl(["check", "zombie", "--state-dir", "/nonexistent"]);
  assert.equal(code, 0);
  assert.match(
    out,
    /^unavailable:\n {2}zombie: .*set \[host\] procfs to a bind mount/,
  );
  const json = await pawl(["check", "zombie", "--json", "--state-dir", "/nonexistent"]);
  assert.deepEqual([json.code, JSON.parse(json.out)], [0, []]);
});

Deno.test("without a terminal there are plain lines: no escape sequences, no spinner", async () => {
  for (const env of [{}, { NO_COLOR: "1" }, { FORCE_COLOR: "1" }]) {
    const { code, out, err } = await pawl(["check", "cpu", "mem"], { env });
    assert.equal(code, 0);
    assert.match(out, /^Ok|^Warning|^Critical/m);
    // deno-lint-ignore no-control-regex
    assert(!/[\u001b\r]/.test(out + err), JSON.stringify(out + err));
  }
});

Deno.test("a reader that goes away early is no failure", async () => {
  const script = `"$0" run -q --config deno.json -A main.ts check | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", script, Deno.execPath()],
    cwd: new URL("../../", import.meta.url),
  }).output();
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  assert.match(lines[0] ?? "", /^status/);
  assert.equal(lines.at(-1), "0");
  assert.doesNotMatch(new TextDecoder().decode(stderr), /rror|pawl:/);
});
