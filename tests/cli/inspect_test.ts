import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { pawl } from "./pawl_process.ts";

const EVERYTHING = { permissions: ["-A"] };

Deno.test("inspect prints a report and keeps it; diagnose lists and shows what is kept", async () => {
  await using folder = new TempFolder();
  const config = folder.write("pawl.toml", `state_dir = "${folder.at("state")}"\n`);
  const inspect = await pawl(["inspect", "mem", "--config", config], EVERYTHING);
  assert.deepEqual([inspect.code, inspect.err.includes("error")], [0, false], inspect.err);
  assert.match(inspect.out, /^# Inspection: mem on .*\n/);
  assert.match(inspect.out, /^\*\*Verdict:\*\* \S/m);
  assert(!inspect.err.includes("\u001b"), "no terminal, no escape sequences");

  const diagnose = await pawl(["diagnose", "mem", "--json", "--config", config], EVERYTHING);
  const record = JSON.parse(diagnose.out);
  assert.deepEqual([record.mode, record.plugin, record.target], ["alert", "mem", "localhost"]);
  assert(record.steps.length > 1);

  const list = await pawl(["diagnose", "list", "--config", config], EVERYTHING);
  assert.match(list.out, /^id +status +by +of +verdict\n/);
  assert.equal(list.out.trimEnd().split("\n").length, 3);
  const json = JSON.parse((await pawl(["diagnose", "list", "--json", "--config", config], EVERYTHING)).out);
  assert.equal(json[0].id, record.id);
  assert.deepEqual(json.map(({ mode, report }: Record<string, unknown>) => [mode, report]), [
    ["alert", undefined],
    ["inspect", undefined],
  ]);
  const shown = await pawl(["diagnose", "show", json[1].id, "--config", config], EVERYTHING);
  assert.equal(shown.out, inspect.out);
  const missing = await pawl(["diagnose", "show", "nothing", "--config", config], EVERYTHING);
  assert.deepEqual([missing.code, missing.out], [1, ""]);
  assert.match(missing.err, /^pawl: cannot show the diagnosis nothing: there is no such record/);
});

Deno.test("a plugin that nobody knows is refused with those that are known", async () => {
  await using folder = new TempFolder();
  const { code, err, out } = await pawl(["inspect", "mysql", "--state-dir", folder.at("state")], EVERYTHING);
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^pawl: cannot inspect mysql: there is no such check here; known are system, cpu, mem, /);
});

Deno.test("a state folder that cannot be written costs the record, not the report", async () => {
  await using folder = new TempFolder();
  const inTheWay = folder.write("state", "a file");
  const { code, err, out } = await pawl(["inspect", "mem", "--state-dir", inTheWay], EVERYTHING);
  assert.equal(code, 0);
  assert.match(out, /^# Inspection: mem/);
  assert.equal(err.match(/diagnose\.record_not_kept/g)?.length, 1, err);
});

Deno.test("within the agent's own permissions a report says what is not to be seen", async () => {
  await using folder = new TempFolder();
  const { code, out } = await pawl(["inspect", "mem", "--state-dir", folder.at("state")]);
  assert.equal(code, 0);
  assert.match(out, /mem::memory\\_usage/);
  assert.match(out, /## What could not be seen\n\n(?:- .*\n)*- .*top\\_mem\\_processes.*: unavailable: /);
});
