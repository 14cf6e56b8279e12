import assert from "node:assert/strict";
import { command } from "../../lib/cli/version.ts";
import { VERSION } from "../../lib/version.ts";
import { capture } from "./captured_context.ts";

Deno.test("the version is deno.json's", () => {
  const { version } = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));
  assert.equal(VERSION, version);
});

Deno.test("pawl version prints one line for people", async () => {
  const { code, out, err } = await capture(command);
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^pawl \d+\.\d+\.\d+ \(deno \d+\.\d+\.\d+, [a-z]+ (?:amd64|arm64)\)\n$/);
  assert.ok(out.includes(VERSION) && out.includes(Deno.version.deno));
});

Deno.test("pawl version --json prints the same for programs", async () => {
  const { code, out } = await capture(command, "--json");
  assert.equal(code, 0);
  const { version, deno, os, arch } = JSON.parse(out);
  assert.equal((await capture(command)).out, `pawl ${version} (deno ${deno}, ${os} ${arch})\n`);
});
