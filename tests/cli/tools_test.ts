import assert from "node:assert/strict";
import { command } from "../../lib/cli/tools.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { capture } from "./captured_context.ts";

/** A configuration that shows a small recorded host. */
function recorded(folder: TempFolder): string[] {
  const tree = new URL("../fixtures/tools_v2", import.meta.url).pathname;
  return ["--config", folder.write("pawl.toml", `[host]\nprocfs = "${tree}/proc"\nsysfs = "${tree}/sys"\n`)];
}

Deno.test("tools lists one name a line, with what it is for; a family alone on request", async () => {
  await using folder = new TempFolder();
  const config = recorded(folder);
  const all = await capture(command, ...config);
  assert.deepEqual([all.code, all.err], [0, ""]);
  const lines = all.out.trimEnd().split("\n");
  assert.ok(
    lines.length >= 30 && lines.every((line) => /^[a-z][a-z0-9_]* +[A-Z].{10,}$/.test(line)),
    all.out,
  );
  assert.equal((await capture(command, "list", ...config)).out, all.out);
  const cpu = await capture(command, "list", "--family", "cpu", ...config);
  assert.deepEqual(cpu.out.trimEnd().split("\n").map((line) => line.split(" ", 1)[0]), [
    "cpu_overview",
    "load",
    "top_cpu_processes",
  ]);
  const wrong = await capture(command, "list", "--family", "cpus", ...config);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /^pawl: cannot list the family "cpus": there is none; known are cpu, .*\n$/);
  const json = JSON.parse((await capture(command, "list", "--json", "--family", "cpu", ...config)).out);
  assert.equal(json[0].inputSchema.properties.delay_ms.default, 500);
});

Deno.test("tools run prints what the tool tells, as text or as JSON", async () => {
  await using folder = new TempFolder();
  const config = recorded(folder);
  const text = await capture(command, "run", "sysctl_get", "key=vm.swappiness", ...config);
  assert.deepEqual(text, { code: 0, out: "vm.swappiness = 60\n", err: "" });
  const { out } = await capture(command, "run", "sysctl_get", "key=vm.swappiness", "--json", ...config);
  const { duration_ms, ...rest } = JSON.parse(out);
  assert.equal(typeof duration_ms, "number");
  assert.deepEqual(rest, {
    name: "sysctl_get",
    data: { key: "vm.swappiness", value: "60" },
    truncated: false,
    text: "vm.swappiness = 60",
  });
});

Deno.test("what is typed wrong is one line and exit code 2; what goes wrong is exit code 1", async () => {
  await using folder = new TempFolder();
  const config = recorded(folder);
  const cases: [string[], number, RegExp][] = [
    [["sysctl_gt"], 2, /^pawl: there is no tool "sysctl_gt", did you mean sysctl_get/],
    [["sysctl_get"], 2, /^pawl: cannot run sysctl_get: key is missing; it takes key\n$/],
    [["sysctl_get", "key"], 2, /^pawl: cannot read the argument "key": it has to be key=value\n$/],
    [["sysctl_get", "key=a", "key=b"], 2, /^pawl: cannot take the argument key twice; keep one of them\n$/],
    [["sysctl_get", "keys=a"], 2, /no argument "keys", did you mean key\?/],
    [["sysctl_get", "key=../x"], 2, /key must be a name/],
    [["sysctl_get", "key=vm.gone"], 1, /^pawl: cannot read vm.gone: this kernel has no such setting\n$/],
    [["process_detail", "pid=4711"], 1, /^pawl: cannot look at process 4711: there is none/],
  ];
  for (const [words, code, message] of cases) {
    const result = await capture(command, "run", ...words, ...config);
    assert.deepEqual([result.code, result.out], [code, ""], words.join(" "));
    assert.match(result.err, message);
    assert.equal(result.err.indexOf("\n"), result.err.length - 1);
  }
});
