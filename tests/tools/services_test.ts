import assert from "node:assert/strict";
import { servicesTools } from "../../lib/tools/services.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { FakeSystemd } from "../fakes/fake_systemd.ts";
import { isPlainJson, runTool } from "./service_tool_rig.ts";

const toolsOf = (systemd: FakeSystemd) =>
  servicesTools({ busSocket: systemd.socket, privateSocket: "/nonexistent/socket" });

Deno.test("service_status tells the state, since when, and how it ended", async () => {
  await using systemd = new FakeSystemd();
  const clock = new FakeClock();
  systemd.units.set("web.service", {
    description: "The web",
    activeState: "failed",
    subState: "failed",
    properties: {
      "org.freedesktop.systemd1.Unit": {
        StateChangeTimestamp: ["t", BigInt(clock.wallMs() - 600_000) * 1000n],
      },
      "org.freedesktop.systemd1.Service": {
        Result: ["s", "oom-kill"],
        ExecMainCode: ["i", 2],
        ExecMainStatus: ["i", 9],
        CPUUsageNSec: ["t", 2_500_000_000n],
      },
    },
  });
  const { text, data } = await runTool(toolsOf(systemd), "service_status", { unit: "web" }, { clock });
  assert.match(text, /^web.service: failed \(failed\) since 2023-11-14T22:03:21Z \(10 min ago\)$/m);
  assert.match(text, /^result +oom-kill$/m);
  assert.match(text, /^exit status +9$/m);
  assert.match(text, /^cpu time +2.5 s$/m);
  assert.ok(isPlainJson(data));
});

Deno.test("service_list_failed is short where nothing failed, and tells how each ended", async () => {
  await using systemd = new FakeSystemd();
  systemd.units.set("web.service", {});
  assert.equal((await runTool(toolsOf(systemd), "service_list_failed")).text, "0 of 1 units have failed");
  systemd.units.set("job.service", {
    description: "Job",
    activeState: "failed",
    properties: { "org.freedesktop.systemd1.Service": { Result: ["s", "timeout"] } },
  });
  const { text, data } = await runTool(toolsOf(systemd), "service_list_failed");
  assert.match(text, /^1 of 2 units have failed\n.*\njob.service +timeout .*Job$/);
  assert.ok(isPlainJson(data));
});

Deno.test("systemd_timers shows the next one first; a time beyond all dates is none", async () => {
  await using systemd = new FakeSystemd();
  const timer = (nextUs: bigint) => ({
    properties: { "org.freedesktop.systemd1.Timer": { NextElapseUSecRealtime: ["t", nextUs] } },
  } as const);
  systemd.units.set("late.timer", timer(9_007_199_254_740_991n));
  systemd.units.set("soon.timer", timer(1_700_000_000_000_000n));
  systemd.units.set("off.timer", { ...timer(0n), activeState: "inactive" });
  const { text, data } = await runTool(toolsOf(systemd), "systemd_timers");
  assert.match(
    text,
    /^2 of 3 timers\n.*\nsoon.timer +active +2023-11-14T22:13:20Z .*soon.service\nlate.timer/,
  );
  assert.ok(isPlainJson(data));
  assert.match(
    (await runTool(toolsOf(systemd), "systemd_timers", { show_all: true })).text,
    /^3 of 3 timers/,
  );
});

Deno.test("without systemd the tools are unavailable", async () => {
  const tools = servicesTools({ busSocket: "/nonexistent/a", privateSocket: "/nonexistent/b" });
  for (
    const [name, args] of [["service_status", { unit: "x" }], ["service_list_failed", {}], [
      "systemd_timers",
      {},
    ]] as const
  ) {
    await assert.rejects(runTool(tools, name, args), { name: "FactUnavailableError" });
  }
});
