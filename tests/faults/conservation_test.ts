import assert from "node:assert/strict";
import { FaultRun } from "./fault_run.ts";
import { faultSchedule } from "./fault_schedule.ts";
import { countFrom, masterSeed } from "./from_environment.ts";
import { say } from "./say.ts";

/** Schedules of seed, seed + 1, …: `PAWL_SEED` says where to begin, `PAWL_SCHEDULES` how many. */
const seed = masterSeed();
const schedules = countFrom("PAWL_SCHEDULES", 6);

Deno.test("whatever fails, every accepted event arrives, in its key's order, and the accounting adds up", async (t) => {
  say(`${schedules} schedules from PAWL_SEED=${seed}`);
  for (let index = 0; index < schedules; index++) {
    const schedule = faultSchedule(seed + index);
    const hub = schedule.capabilities.join(" and ") || "no acks";
    const bounds = schedule.maxEvents === undefined ? "" : `, ${schedule.maxEvents} events at most`;
    await t.step(`seed ${schedule.seed}: ${hub}${bounds}`, async () => {
      const again =
        `again: PAWL_SEED=${schedule.seed} PAWL_SCHEDULES=1 deno test -P tests/faults/conservation_test.ts`;
      try {
        const { faults, log, ...figures } = await new FaultRun(schedule).play();
        say(`seed ${schedule.seed}: ${JSON.stringify(figures)}`);
        assert.equal(faults.length, 0, `${faults.join("\n")}\n${log}`);
      } catch (error) {
        say(again);
        throw new Error(`${again}\n${error instanceof Error ? error.message : error}`, { cause: error });
      }
    });
  }
});
