import assert from "node:assert/strict";
import type { Agent, ScheduledCheck } from "../lib/agent.ts";
import { FixtureFacts } from "../lib/host/fixture.ts";
import { AgentRig } from "./agent_rig.ts";
import { ScriptedCheck } from "./checks/scripted_check.ts";
import { TempFolder } from "./config/temp_folder.ts";
import { until } from "./fakes/until.ts";
import type { FakeConnection } from "./fakes/fake_hub.ts";

/** `check status` of each event that came, oldest first. */
function told(connection: FakeConnection): string[] {
  return connection.receivedOf("alert_events").flatMap(({ payload }) =>
    payload.events.map(({ labels, event_status }) => `${labels["check"]} ${event_status}`)
  );
}

/** Asks the agent's own HTTP. */
async function ask(path: string, at: string, body?: unknown, method = "GET") {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const response = await fetch(`http://localhost${at}`, {
    client,
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: JSON.parse(await response.text() || "null") };
}

function options(
  stateDir: string,
  ...checks: ScriptedCheck[]
): Partial<ConstructorParameters<typeof Agent>[0]> {
  return {
    stateDir,
    random: () => 0,
    checks: () => checks.map((check) => ({ check, pace: { intervalMs: 20 } })),
    local: { listen: `${stateDir}/pawl.sock` },
    timings: { heartbeatMs: 10, closeMs: 500 },
  };
}

Deno.test("an alert that is silenced over the agent's own HTTP is held, and told when the silence is ended", async () => {
  await using folder = new TempFolder();
  const socket = folder.at("pawl.sock");
  const check = new ScriptedCheck(["Ok"]);
  await using rig = await AgentRig.start({ capabilities: ["alert_ack"] }, options(folder.path, check));
  const connection = await rig.registered();
  const order = { matchers: { check: "fake::*", target: "thing" }, for_sec: 3600, reason: "test" };
  const begun = await ask(socket, "/v1/silences", order, "POST");
  assert.equal(begun.status, 201);
  check.acts = ["Critical"];
  await until("it is open", async () => (await ask(socket, "/v1/alerts")).json.alerts.length === 1);
  const { alerts, silences } = (await ask(socket, "/v1/status")).json;
  assert.deepEqual(
    alerts.map(({ check, target, status, silenced }: Record<string, unknown>) => [
      ...[check, target, status, silenced],
    ]),
    [["fake::level", "thing", "Critical", true]],
  );
  assert.equal(silences, 1);
  assert.equal((await ask(socket, "/v1/silences")).json.silences[0].matching, 1);
  assert.deepEqual(told(connection), []);
  await ask(socket, `/v1/silences/${begun.json.id}`, undefined, "DELETE");
  await until("it is told", () => told(connection).length === 1);
  assert.deepEqual(told(connection), ["fake::level Critical"]);
  await connection.next((message) => message.type === "heartbeat" && message.payload.active_alerts === 1);
});

Deno.test("a problem that vanished while the agent was down is ended by the next one in the same state folder", async () => {
  await using folder = new TempFolder();
  {
    await using rig = await AgentRig.start(
      { capabilities: ["alert_ack"] },
      options(folder.path, new ScriptedCheck(["Critical"])),
    );
    const connection = await rig.registered();
    await until("it is told", () => told(connection).length === 1);
  }
  await using rig = await AgentRig.start(
    { capabilities: ["alert_ack"] },
    options(folder.path, new ScriptedCheck(["Ok"])),
  );
  const connection = await rig.registered();
  await until("it is over", () => told(connection).length > 0);
  assert.deepEqual(told(connection), ["fake::level Ok"]);
});

/** A check by name that looks at nothing, and needs what the host tells or does not. */
function needing(plugin: string, fact: "memory" | "loadAverages"): ScheduledCheck {
  return { check: { plugin, target: "it", gather: () => Promise.resolve([]) }, needs: [{ fact }] };
}

Deno.test("register leaves out what the host does not let be seen, before any check has looked; so after a change", async () => {
  const host = new FixtureFacts({
    memory: { totalBytes: 1000, availableBytes: 250, swapTotalBytes: 0, swapFreeBytes: 0 },
  });
  await using rig = await AgentRig.start({}, {
    host,
    checks: () => [needing("seeing", "memory"), needing("blind", "loadAverages")],
  });
  const first = await rig.registered();
  assert.deepEqual((await first.next("register")).payload.plugins, ["seeing"]);
  await rig.agent.reconfigure({
    checks: () => [needing("blinder", "loadAverages"), needing("other", "memory")],
    token: "another",
  });
  const second = await rig.registered(2);
  assert.deepEqual((await second.next("register")).payload.plugins, ["other"]);
});
