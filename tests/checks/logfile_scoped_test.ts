import assert from "node:assert/strict";
import { LOGFILE_CHECK } from "../../lib/checks/logfile.ts";
import type { Need } from "../../lib/host/need.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { REPOSITORY } from "../cli/pawl_process.ts";

/** Looks, has the log rotated by its parent, looks again, and prints the lines. */
const SCRIPT = `
import { LOGFILE_CHECK } from "${new URL("lib/checks/logfile.ts", REPOSITORY)}";
import { found, makeCheck } from "${new URL("tests/checks/check_rig.ts", REPOSITORY)}";
const check = makeCheck(LOGFILE_CHECK, { paths: [Deno.args[0]] });
const lines = async () => (await found(check, "logfile::match")).map(({ attrs }) => attrs.lines ?? "").join("");
await lines();
console.log("looked");
await Deno.stdin.read(new Uint8Array(1));
console.log(await lines());
`;

function reads(paths: readonly string[]): string[] {
  const needs: readonly Need[] = LOGFILE_CHECK.needs({ paths } as Parameters<typeof LOGFILE_CHECK.needs>[0]);
  return needs.flatMap((need) => "read" in need ? [need.read] : []);
}

Deno.test("a log is granted by its name, and a pattern by its folder", () => {
  assert.deepEqual(reads(["/var/log/app.log"]), ["/var/log/app.log", "/var/log/app.log.1"]);
  assert.deepEqual(reads(["/var/log/app*.log", "/srv/**/x.log"]), ["/var/log", "/srv"]);
});

Deno.test("a log whose folder may not be listed is followed over a rotation", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "old\n");
  const script = folder.write("look.ts", SCRIPT);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "--no-prompt",
      `--allow-read=${reads([log]).join(",")}`,
      "--config",
      "deno.json",
      script,
      log,
    ],
    cwd: REPOSITORY,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await output.read()).value, "looked\n");
  Deno.writeTextFileSync(log, "before\n", { append: true });
  Deno.renameSync(log, `${log}.1`);
  Deno.writeTextFileSync(log, "after\n");
  const input = child.stdin.getWriter();
  await input.write(new Uint8Array(1));
  let said = "";
  for (let part = await output.read(); !part.done; part = await output.read()) said += part.value;
  await input.close().catch(() => {});
  assert.equal((await child.status).success, true);
  assert.equal(said, "before\nafter\n");
});
