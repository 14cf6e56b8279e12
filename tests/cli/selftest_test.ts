import assert from "node:assert/strict";
import { command } from "../../lib/cli/selftest.ts";
import { runTrials, type Trial } from "../../lib/cli/selftest_trials.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { capture } from "./captured_context.ts";

function recorded(folder: TempFolder): string[] {
  const tree = new URL("../fixtures/tools_v2", import.meta.url).pathname;
  return ["--config", folder.write("pawl.toml", `[host]\nprocfs = "${tree}/proc"\nsysfs = "${tree}/sys"\n`)];
}

Deno.test("each check and tool that fits is tried once, with what it saw, and the sums", async () => {
  await using folder = new TempFolder();
  const { code, out } = await capture(command, "filefd", ...recorded(folder));
  assert.equal(code, 0, out);
  const lines = out.trimEnd().split("\n");
  assert.deepEqual(lines.slice(0, -1).map((line) => line.split(/ {2,}/).slice(0, 3)), [
    ["ok", "check", "filefd"],
    ["ok", "tool", "filefd_top_procs"],
    ["ok", "tool", "filefd_usage"],
  ]);
  assert.match(out, /filefd_usage +5000 of 10000 open files in use \(50\.0 %\)/);
  assert.equal(lines.at(-1), "3 tried: 3 ok, 0 needs input, 0 unavailable, 0 failed");
});

Deno.test("stars stand for anything, quiet leaves the sums, and what fits nothing is said", async () => {
  await using folder = new TempFolder();
  const config = recorded(folder);
  assert.equal(
    (await capture(command, "sysctl_*", "-q", ...config)).out,
    "2 tried: 2 ok, 0 needs input, 0 unavailable, 0 failed\n",
  );
  const none = await capture(command, "nothing_like_it", ...config);
  assert.deepEqual([none.code, none.out], [2, ""]);
  assert.match(none.err, /^pawl: cannot test "nothing_like_it"/);
});

Deno.test("what has to be told what to look at is told apart from what failed", async () => {
  await using folder = new TempFolder();
  const { code, out } = await capture(command, "http", ...recorded(folder));
  assert.equal(code, 0);
  assert.match(out, /^needs input +check +http +it has to be told what to look at, in \[\[check\.http\]\]$/m);
});

Deno.test("a configured check that fails makes the exit code 1, and is named though quiet is asked for", async () => {
  await using folder = new TempFolder();
  const [flag = "", path = ""] = recorded(folder);
  const own = folder.at("proc");
  Deno.mkdirSync(`${own}/sys/fs`, { recursive: true });
  Deno.writeTextFileSync(`${own}/sys/fs/file-nr`, "what no kernel writes\n");
  Deno.writeTextFileSync(path, `[host]\nprocfs = "${own}"\n[[check.filefd]]\n`);
  const { code, out } = await capture(command, "filefd*", "-q", flag, path);
  assert.equal(code, 1, out);
  assert.match(out, /^failed +check +filefd /m);
  assert.match(out, /^3 tried: .* [12] failed$/m);
});

Deno.test("trials that throw are failures of their own, and all results stay in order", async () => {
  const trial = (name: string, run: Trial["run"]): Trial => ({ kind: "tool", name, run });
  const done: string[] = [];
  const results = await runTrials([
    trial("late", async () => {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      return { state: "ok", saw: "late" };
    }),
    trial("broken", () => Promise.reject(new Error("it broke"))),
    ...Array.from(
      { length: 10 },
      (_, index) => trial(`t${index}`, () => Promise.resolve({ state: "ok", saw: "" })),
    ),
  ], ({ name }) => done.push(name));
  assert.deepEqual(results.slice(0, 2), [
    { kind: "tool", name: "late", state: "ok", saw: "late" },
    { kind: "tool", name: "broken", state: "failed", saw: "it broke" },
  ]);
  assert.equal(new Set(done).size, 12);
});
