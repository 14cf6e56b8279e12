import assert from "node:assert/strict";
import { FakeClock } from "../fakes/fake_clock.ts";
import { deadline, OTHER_ID, Stage } from "./fake_agent.ts";

Deno.test("the latest heartbeat is kept, and acked where that was agreed upon", deadline, async () => {
  const clock = new FakeClock();
  await using stage = await Stage.start({ clock });
  const agent = await stage.registered({ capabilities: ["heartbeat_ack"] });
  agent.say("heartbeat", { active_sessions: 1, active_alerts: 2, cpu_pct: 3.5 });
  await agent.next("ack");
  await clock.tick(5_000);
  const id = agent.say("heartbeat", { active_sessions: 0, active_alerts: 4 });
  const ack = await agent.next("ack");
  assert.deepEqual([ack.ref_id, ack.payload.ok], [id, true]);
  assert.deepEqual(stage.hub.agents()[0]?.heartbeat, {
    atMs: clock.wallMs(),
    payload: { active_sessions: 0, active_alerts: 4 },
  });
  assert.equal((await stage.event("heartbeat")).heartbeat.cpu_pct, 3.5);
  assert.equal((await stage.event("heartbeat")).heartbeat.active_alerts, 4);
});

Deno.test("without the extension a heartbeat is kept and not acked", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered();
  agent.say("heartbeat", { active_alerts: 1 });
  await stage.event("heartbeat");
  const gone = stage.hub.disconnect(agent.agentId, "enough", 5);
  await agent.next("disconnect");
  agent.socket.close();
  await gone;
  assert.deepEqual(agent.heard.map(({ type }) => type), ["ack", "disconnect"]);
});

Deno.test("registered agents are pinged regularly, others are not", deadline, async () => {
  const clock = new FakeClock();
  await using stage = await Stage.start({ clock, pingIntervalMs: 30_000, registerTimeoutMs: 600_000 });
  const agent = await stage.registered();
  const silent = stage.dial({ agentId: OTHER_ID });
  await silent.opened;
  await clock.tick(30_000);
  await agent.next("ping");
  await clock.tick(30_000);
  await agent.next("ping");
  assert.equal(agent.heard.filter(({ type }) => type === "ping").length, 2);
  assert.deepEqual(silent.heard, []);
});
