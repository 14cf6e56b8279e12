import assert from "node:assert/strict";
import type { Finding } from "../../lib/checks/check.ts";
import { SYSTEMD_CHECK } from "../../lib/checks/systemd.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { FakeSystemd } from "../fakes/fake_systemd.ts";
import { until } from "../fakes/until.ts";
import { gather, makeCheck, MapMemory, refusals } from "./check_rig.ts";

const of = (findings: readonly Finding[], dimension: string) =>
  Object.fromEntries(
    findings.filter(({ labels }) => labels.check === `systemd::${dimension}`)
      .map(({ labels, status }) => [labels.target, status]),
  );

function checkOf(systemd: FakeSystemd, settings: Record<string, unknown> = {}, memory = new MapMemory()) {
  return makeCheck(SYSTEMD_CHECK, { socket: systemd.socket, ...settings }, { memory });
}

Deno.test("units have to be in the expected state; one that does not exist is not", async () => {
  await using systemd = new FakeSystemd();
  systemd.units.set("web.service", {});
  systemd.units.set("mid.service", { activeState: "reloading", subState: "reload" });
  systemd.units.set("job.timer", { activeState: "inactive", subState: "dead" });
  const findings = await gather(
    checkOf(systemd, { units: ["web", "mid", "job.timer", "gone", "web.service"] }),
  );
  assert.deepEqual(of(findings, "state"), {
    "web.service": "Ok",
    "mid.service": "Ok",
    "job.timer": "Critical",
    "gone.service": "Critical",
  });
  const gone = findings.find(({ labels }) => labels.target === "gone.service");
  assert.equal(gone?.description, "unit gone.service is inactive (dead), not active: it is not-found");
  const inactive = await gather(
    checkOf(systemd, { units: ["job.timer"], expected_active_state: "inactive" }),
  );
  assert.deepEqual(of(inactive, "state"), { "job.timer": "Ok" });
});

Deno.test("every unit that failed is told of, until it has no longer failed, over restarts of the agent too", async () => {
  await using systemd = new FakeSystemd();
  const memory = new MapMemory();
  systemd.units.set("a.service", { activeState: "failed", subState: "failed" });
  systemd.units.set("b.service", { activeState: "failed", subState: "failed" });
  systemd.units.set("c.service", {});
  const settings = { units: ["b"], ignore: ["noise-*"] };
  systemd.units.set("noise-1.service", { activeState: "failed" });
  const first = await gather(checkOf(systemd, settings, memory));
  assert.deepEqual(of(first, "failed"), { "a.service": "Warning" }, "b is among the named ones");
  assert.deepEqual(of(first, "state"), { "b.service": "Critical" });
  assert.equal(first.find(({ labels }) => labels.check === "systemd::failed_units")?.value, 2);
  systemd.units.set("a.service", {});
  const anew = checkOf(systemd, settings, memory);
  assert.deepEqual(of(await gather(anew), "failed"), { "a.service": "Ok" });
  assert.deepEqual(of(await gather(anew), "failed"), {});
});

Deno.test("the number of failed units is rated where it has thresholds", async () => {
  await using systemd = new FakeSystemd();
  for (const name of ["a.service", "b.service"]) systemd.units.set(name, { activeState: "failed" });
  const settings = { all_failed: false, failed_units: { warn_ge: 1, critical_ge: 2 } };
  const findings = await gather(checkOf(systemd, settings));
  assert.deepEqual(of(findings, "failed_units"), { systemd: "Critical" });
  assert.deepEqual(of(findings, "failed"), {});
});

Deno.test("systemd that hangs, or is not there, is a failure or unavailable, never a good state", async () => {
  await using systemd = new FakeSystemd();
  systemd.fault = "no systemd";
  await assert.rejects(gather(checkOf(systemd, { units: ["a"] })), FactUnavailableError);
  systemd.fault = "hangs";
  const clock = new FakeClock();
  const gathering = gather(makeCheck(SYSTEMD_CHECK, { socket: systemd.socket }, { clock }));
  const failed = assert.rejects(gathering, { name: "TimeoutError" });
  await until("it was greeted", () => systemd.calls.at(-1) === "Hello" && clock.pendingTimers === 1);
  await clock.tick(5000);
  await failed;
});

Deno.test("an allowed systemctl is asked where no socket answers", async () => {
  const folder = await Deno.makeTempDir();
  const program = `${folder}/systemctl`;
  // Answers as the real one does: one paragraph for each unit asked for, all of them for "*".
  const script = `#!/bin/sh
while [ "$1" != "--" ] && [ "$1" != "--all" ]; do shift; done
if [ "$1" = "--all" ]; then set -- -- web.service bad.service; fi
shift
for unit in "$@"; do
  case $unit in bad.service) state=failed ;; *) state=active ;; esac
  printf 'Id=%s\\nDescription=x\\nLoadState=loaded\\nActiveState=%s\\nSubState=y\\n\\n' "$unit" "$state"
done
`;
  await Deno.writeTextFile(program, script, { mode: 0o755 });
  const settings = { socket: `${folder}/no-bus`, units: ["web"], systemctl: program };
  const findings = await gather(makeCheck(SYSTEMD_CHECK, settings));
  assert.deepEqual(of(findings, "state"), { "web.service": "Ok" });
  assert.deepEqual(of(findings, "failed"), { "bad.service": "Warning" });
  await Deno.writeTextFile(
    program,
    "#!/bin/sh\necho 'System has not been booted with systemd' >&2\nexit 1\n",
  );
  await assert.rejects(gather(makeCheck(SYSTEMD_CHECK, settings)), /has not been booted with systemd/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("units that could be options or patterns are refused", () => {
  for (const unit of ["-a", "a b", "a*", ""]) {
    assert.equal(refusals(SYSTEMD_CHECK, { units: [unit] }).length, 1, unit);
  }
  assert.deepEqual(refusals(SYSTEMD_CHECK, { units: ["ssh", "a@b.service"] }), []);
});
