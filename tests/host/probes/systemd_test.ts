import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock as clock } from "../../../lib/clock.ts";
import { FactUnavailableError } from "../../../lib/host/host_facts.ts";
import { openSystemd } from "../../../lib/host/probes/systemd.ts";
import { parseShow } from "../../../lib/host/probes/systemctl.ts";
import { isUnitName, unitName } from "../../../lib/host/probes/unit_name.ts";
import { FakeSystemd } from "../../fakes/fake_systemd.ts";

const never = new AbortController().signal;
const NEVER = 18_446_744_073_709_551_615n;
const nowhere = "/nonexistent/socket";

const SERVICE = {
  "org.freedesktop.systemd1.Unit": {
    StateChangeTimestamp: ["t", 1_700_000_000_000_000n],
    FragmentPath: ["s", "/lib/systemd/system/web.service"],
  },
  "org.freedesktop.systemd1.Service": {
    MainPID: ["u", 4711],
    Result: ["s", "success"],
    NRestarts: ["u", 3],
    MemoryCurrent: ["t", 4096n],
    CPUUsageNSec: ["t", NEVER],
    ExecMainCode: ["i", 0],
    ExecMainStatus: ["i", 0],
  },
} as const;

Deno.test("units are listed, and one is looked at closely; what is not counted is left out", async () => {
  await using fake = new FakeSystemd();
  fake.units.set("web.service", { description: "Web", properties: SERVICE });
  fake.units.set("bad.service", { activeState: "failed", subState: "failed" });
  using systemd = await openSystemd({ clock, busSocket: fake.socket, privateSocket: nowhere }, never);
  assert.deepEqual((await systemd.units(never)).map(({ name, activeState }) => [name, activeState]), [
    ["web.service", "active"],
    ["bad.service", "failed"],
  ]);
  assert.deepEqual(await systemd.unit("web.service", never), {
    name: "web.service",
    description: "Web",
    loadState: "loaded",
    activeState: "active",
    subState: "running",
    sinceMs: 1_700_000_000_000,
    fragmentPath: "/lib/systemd/system/web.service",
    mainPid: 4711,
    result: "success",
    restarts: 3,
    memoryBytes: 4096,
  });
  const missing = await systemd.unit("gone.service", never);
  assert.deepEqual([missing.name, missing.loadState, missing.activeState], [
    "gone.service",
    "not-found",
    "inactive",
  ]);
});

Deno.test("timers tell what they start, and when", async () => {
  await using fake = new FakeSystemd();
  const timer = {
    Unit: ["s", "job.service"],
    LastTriggerUSec: ["t", 0n],
    NextElapseUSecRealtime: ["t", 5_000_000n],
  } as const;
  fake.units.set("job.timer", { properties: { "org.freedesktop.systemd1.Timer": timer } });
  fake.units.set("idle.timer", {
    properties: { "org.freedesktop.systemd1.Timer": { NextElapseUSecRealtime: ["t", NEVER] } },
  });
  using systemd = await openSystemd({ clock, busSocket: fake.socket, privateSocket: nowhere }, never);
  assert.deepEqual(await systemd.timers(10, never), {
    timers: [
      { name: "job.timer", activeState: "active", unit: "job.service", nextMs: 5000 },
      { name: "idle.timer", activeState: "active", unit: "idle.service" },
    ],
    total: 2,
  });
  assert.equal((await systemd.timers(1, never)).timers.length, 1);
});

Deno.test("without a bus systemd's own socket is spoken to, without a greeting", async () => {
  await using fake = new FakeSystemd({ isBus: false });
  fake.units.set("a.service", {});
  using systemd = await openSystemd({ clock, busSocket: nowhere, privateSocket: fake.socket }, never);
  assert.equal((await systemd.units(never)).length, 1);
  assert.deepEqual(fake.calls, ["ListUnits"]);
});

Deno.test("a host without systemd is told apart from one whose systemd fails", async () => {
  await assert.rejects(
    openSystemd({ clock, busSocket: nowhere, privateSocket: nowhere }, never),
    FactUnavailableError,
  );
  await using fake = new FakeSystemd();
  fake.fault = "no systemd";
  {
    using systemd = await openSystemd({ clock, busSocket: fake.socket, privateSocket: nowhere }, never);
    await assert.rejects(systemd.units(never), FactUnavailableError);
  }
  fake.fault = "refuses";
  const opening = openSystemd({ clock, busSocket: fake.socket, privateSocket: nowhere }, never);
  await assert.rejects(
    opening,
    (error: Error) => !(error instanceof FactUnavailableError) && /REJECTED/.test(error.message),
  );
});

Deno.test("what systemctl prints is read; what is no unit is skipped", () => {
  const text =
    "Id=a.service\nActiveState=active\nSubState=running\nLoadState=loaded\nDescription=A = B\n\nActiveState=x\n\nId=b.timer\n";
  assert.deepEqual(parseShow(text), [
    {
      name: "a.service",
      description: "A = B",
      loadState: "loaded",
      activeState: "active",
      subState: "running",
    },
    { name: "b.timer", description: "", loadState: "unknown", activeState: "unknown", subState: "unknown" },
  ]);
  fc.assert(fc.property(fc.string({ unit: "binary" }), (noise) => {
    for (const { name } of parseShow(noise)) assert.notEqual(name, "");
  }));
});

Deno.test("unit names are checked: none is an option, none has a separator", () => {
  for (
    const name of [
      "ssh",
      "a@b.service",
      "dev-sda1.device",
      "-.mount".slice(1),
      "sys-x\\x2dy.mount",
      "a:b.timer",
    ]
  ) {
    assert.ok(isUnitName(name), name);
  }
  for (const name of ["", "-a", "--all", "a b", "a/b", "a\nb", "a;b", "$(x)", "a*", "x".repeat(256)]) {
    assert.ok(!isUnitName(name), name);
  }
  assert.equal(unitName("ssh"), "ssh.service");
  assert.equal(unitName("backup.timer"), "backup.timer");
  assert.equal(unitName("my.app"), "my.app.service");
});
