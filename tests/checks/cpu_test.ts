import assert from "node:assert/strict";
import { CPU_CHECK } from "../../lib/checks/cpu.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { cpuReadings, recordedHost } from "../host/recorded_host.ts";
import { gather, makeCheck, refusals } from "./check_rig.ts";

Deno.test("cpu: usage between the check's own two readings, and the load of each processor", async () => {
  const clock = new FakeClock();
  const host = recordedHost({ cpuTimes: cpuReadings(12.5, 95), loadAverages: [1, 14, 2] });
  const check = makeCheck(CPU_CHECK, {}, { host, clock });
  const gathering = gather(check);
  await clock.tick(200);
  assert.deepEqual(await gathering, [{
    labels: { check: "cpu::cpu_usage", target: "cpu" },
    status: "Ok",
    description: "processor usage 12.5 %",
    attrs: { current_value: "12.5 %", threshold_desc: "warning ≥ 80 %, critical ≥ 90 %" },
    value: 12.5,
    detail: "4 processors",
  }, {
    labels: { check: "cpu::load_average", target: "cpu" },
    status: "Warning",
    description: "5-minute load per processor 3.50 ≥ 3",
    attrs: { current_value: "3.50", threshold_desc: "warning ≥ 3, critical ≥ 5" },
    value: 3.5,
    detail: "1.00 14.00 2.00 over 1, 5, 15 min; 4 processors",
  }]);
  const [usage] = await gather(check); // measures since the gather before: no time has to pass
  assert.equal(usage?.status, "Critical");
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("cpu: two checks of one host have a measurement each", async () => {
  const clock = new FakeClock();
  const shared = cpuReadings(10, 20, 30);
  const checks = [1, 2].map(() =>
    makeCheck(CPU_CHECK, {}, { host: recordedHost({ cpuTimes: shared }), clock })
  );
  const gatherings = checks.map((check) => gather(check));
  await clock.tick(200);
  const usages = (await Promise.all(gatherings)).map(([usage]) => usage?.value);
  assert.deepEqual(usages, [10, 10]);
});

Deno.test("cpu: a system without load averages still has a usage", async () => {
  const clock = new FakeClock();
  const host = recordedHost();
  const { loadAverages: _, ...rest } = host.facts;
  host.facts = rest;
  const gathering = gather(makeCheck(CPU_CHECK, {}, { host, clock }));
  await clock.tick(200);
  assert.deepEqual((await gathering).map(({ labels }) => labels.check), ["cpu::cpu_usage"]);
});

Deno.test("cpu: without processor times it is unavailable, and says so", async () => {
  const host = recordedHost();
  host.facts = {};
  await assert.rejects(
    gather(makeCheck(CPU_CHECK, {}, { host, clock: new FakeClock() })),
    FactUnavailableError,
  );
});

Deno.test("cpu: thresholds that are no percentages are refused", () => {
  assert.deepEqual(refusals(CPU_CHECK, { warn_ge: 50, load: { critical_ge: 20 } }), []);
  assert.match(refusals(CPU_CHECK, { warn_ge: 101 }).join(), /^warn_ge: /);
  assert.match(refusals(CPU_CHECK, { load: { warn_ge: -1 } }).join(), /^load.warn_ge: /);
  assert.match(refusals(CPU_CHECK, { load: { warn: 1 } }).join(), /warn/);
});
