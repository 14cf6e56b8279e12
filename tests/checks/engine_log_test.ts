import { configure, getLogger, type LogRecord, reset } from "@logtape/logtape";
import assert from "node:assert/strict";
import { CheckEngine } from "../../lib/checks/engine.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { type Act, ScriptedCheck } from "./scripted_check.ts";

/** What the engine logs while a check plays its acts, one a second. */
async function logged(acts: Act[], emit: () => void): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  await configure({
    sinks: { memory: (record) => void records.push(record) },
    loggers: [
      { category: "checks", sinks: ["memory"], lowestLevel: "debug" },
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "error" },
    ],
  });
  try {
    const clock = new FakeClock();
    const check = new ScriptedCheck(acts);
    const logger = getLogger("checks");
    await using engine = new CheckEngine({
      checks: [{ check, pace: { intervalMs: 1000 } }],
      clock,
      random: () => 0,
      emit,
      logger,
    });
    engine.start();
    await clock.tick(1000 * (acts.length - 1));
  } finally {
    await reset();
  }
  return records;
}

Deno.test("an unavailable fact is logged once, as a warning, and once when it is back", async () => {
  const refused = new FactUnavailableError("cannot read memory: not permitted");
  const records = await logged(
    [refused, refused, refused, "Ok", "Ok"],
    () => assert.fail("no event was due"),
  );
  assert.deepEqual(records.map(({ level, rawMessage }) => [level, rawMessage]), [
    ["warning", "check.unavailable"],
    ["info", "check.available"],
  ]);
  const { plugin, target, error } = records[0]?.properties ?? {};
  assert.deepEqual([plugin, target, error], ["fake", "thing", refused]);
});

Deno.test("a taker of events that throws is logged each time it does", async () => {
  const broken = new Error("taker is broken");
  const records = await logged(["Critical", "Critical", "Ok"], () => {
    throw broken;
  });
  assert.deepEqual(records.map(({ level, rawMessage }) => [level, rawMessage]), [
    ["error", "check.emit_failed"],
    ["error", "check.emit_failed"],
  ]);
  assert.equal(records[0]?.properties.error, broken);
});

Deno.test("a failing check speaks through its alert alone", async () => {
  let events = 0;
  assert.deepEqual(await logged([new Error("boom"), new Error("boom"), "Ok"], () => events++), []);
  assert.equal(events, 2);
});
