import assert from "node:assert/strict";
import { command } from "../../lib/cli/silence.ts";
import { silencesText } from "../../lib/cli/silence_text.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { LocalRig } from "../local/local_rig.ts";
import { capture } from "./captured_context.ts";

Deno.test("a silence is begun, listed and ended through the agent that runs", async () => {
  await using rig = await LocalRig.start();
  const at = ["--socket", rig.server.address];
  const begun = await capture(
    command,
    "check=disk::*",
    "target=/a=b",
    "--for",
    "1h30m",
    "--reason",
    "works",
    ...at,
  );
  assert.deepEqual(begun, {
    code: 0,
    err: "",
    out: "00000001: silent until 2023-11-14T23:43:20Z; one open alert fits now\n",
  });
  assert.deepEqual(rig.port.running[0]?.matchers, { check: "disk::*", target: "/a=b" });
  const listed = await capture(command, "list", ...at);
  assert.match(
    listed.out,
    /^ID +LEFT +UNTIL +OPEN +FITS +REASON\n00000001 .* 1 +check=disk::\* target=\/a=b +works\n$/,
  );
  const json = await capture(command, "list", "--json", ...at);
  assert.deepEqual(JSON.parse(json.out), { silences: rig.port.running });
  const ended = await capture(command, ...at, "end", "00000001");
  assert.deepEqual([ended.code, ended.out], [0, "ended 00000001\n"]);
  assert.equal((await capture(command, "list", ...at)).out, "no silences\n");
  const again = await capture(command, "end", "00000001", ...at);
  assert.equal(again.code, 1);
  assert.match(again.err, /^pawl: cannot end 00000001: there is no silence 00000001; /);
});

Deno.test("--all ends every one", async () => {
  await using rig = await LocalRig.start();
  const at = ["--socket", rig.server.address];
  for (const target of ["a", "b"]) await capture(command, `target=${target}`, "--for", "2h", ...at);
  assert.equal((await capture(command, "end", "--all", ...at)).out, "ended 00000001\nended 00000002\n");
  assert.deepEqual(rig.port.running, []);
  assert.deepEqual(await capture(command, "end", "--all", ...at), { code: 0, out: "", err: "" });
});

Deno.test("what makes no sense is refused before anybody is asked", async () => {
  const cases: [string[], RegExp][] = [
    [[], /say which alerts: label=value/],
    [["--for", "2h"], /say which alerts/],
    [["check=x"], /--for is missing/],
    [["check"], /"check" names no label; write label=value/],
    [["=x", "--for", "2h"], /"=x" names no label/],
    [["a=1", "a=2", "--for", "2h"], /the label a is there twice/],
    [["a=1", "--for", "2 hours"], /write a duration/],
    [["a=1", "--for", "0s"], /from 1s to 366d/],
    [["end"], /say which silences to end/],
    [["end", "--all", "1"], /say which silences to end/],
  ];
  for (const [argv, message] of cases) {
    const { code, out, err } = await capture(command, ...argv);
    assert.deepEqual([code, out], [2, ""], argv.join(" "));
    assert.match(err, message);
    assert.match(err, /^pawl: [^\n]+\n$/);
  }
});

Deno.test("without an agent it says so", async () => {
  await using folder = new TempFolder();
  const at = ["--socket", folder.at("none.sock")];
  for (const argv of [["a=b", "--for", "1h"], ["list"], ["end", "1"], ["end", "--all"]]) {
    const { code, out, err } = await capture(command, ...argv, ...at);
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, /^pawl: no agent listens on [^\n]*none\.sock; start one with "pawl run", [^\n]*\n$/);
  }
});

Deno.test("an older agent, and something else than an agent, are told as such", async () => {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ method }) => {
    return method === "GET"
      ? new Response("<html>")
      : Response.json({ error: "there is nothing at /v1/silences" }, { status: 404 });
  });
  const at = ["--url", `http://127.0.0.1:${server.addr.port}`];
  const older = await capture(command, "a=b", "--for", "1h", ...at);
  assert.match(
    older.err,
    /^pawl: cannot silence: the agent is of a version that knows no silences; restart it\n$/,
  );
  const other = await capture(command, "list", ...at);
  assert.match(other.err, /^pawl: cannot read the answer: what http:[^\n]* answers is not an agent's; /);
  assert.deepEqual([older.code, other.code], [1, 1]);
});

Deno.test("what was written as a reason cannot steer the terminal", () => {
  const silence = {
    id: "1",
    matchers: { a: "\x1b[2J" },
    reason: "x\ny",
    created: 0,
    until: 7300,
    matching: 0,
  };
  const text = silencesText([silence], 0);
  assert.ok(!text.includes("\x1b"));
  assert.equal(text.split("\n").length, 3);
  assert.match(text, /2 h 2 min/);
});
