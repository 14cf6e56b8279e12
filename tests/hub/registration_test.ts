import assert from "node:assert/strict";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";
import { AGENT_ID, deadline, OTHER_ID, Stage } from "./fake_agent.ts";

Deno.test("the ack of register names the capabilities that both know", deadline, async () => {
  await using stage = await Stage.start({ capabilities: ["heartbeat_ack", "alert_ack"] });
  const agent = stage.dial({ capabilities: ["alert_ack", "session_input_ack", "telepathy"] });
  const ack = await agent.register();
  assert.equal(ack.payload.ok, true);
  assert.deepEqual(ack.payload.capabilities, ["alert_ack"]);
  assert.deepEqual(stage.hub.agents()[0]?.capabilities, ["alert_ack"]);
});

Deno.test("an agent that lists no capability gets none", deadline, async () => {
  await using stage = await Stage.start();
  const agent = stage.dial();
  assert.deepEqual((await agent.register()).payload.capabilities, []);
});

Deno.test("agents() shows who is registered, and since when", deadline, async () => {
  const clock = new FakeClock();
  await using stage = await Stage.start({ clock });
  const silent = stage.dial({ agentId: OTHER_ID });
  await silent.opened;
  await stage.registered();
  const [agent, ...others] = stage.hub.agents();
  assert.deepEqual(others, []);
  assert.equal(agent?.agentId, AGENT_ID);
  assert.equal(agent?.register.hostname, "web-1");
  assert.equal(agent?.connectedAtMs, clock.wallMs());
  assert.equal(agent?.heartbeat, undefined);
  assert.deepEqual((await stage.event("agent_registered")).agent, agent);
  silent.socket.close();
});

Deno.test("an agent that does not register in time is given up", deadline, async () => {
  const clock = new FakeClock();
  await using stage = await Stage.start({ clock, registerTimeoutMs: 10_000 });
  const agent = stage.dial();
  await agent.opened;
  agent.socket.send("not a register");
  await clock.tick(9_999);
  assert.equal(agent.socket.readyState, WebSocket.OPEN);
  await clock.tick(1);
  assert.deepEqual(await agent.closed, { code: 1000, reason: "did not register in time", error: false });
  assert.equal((await stage.event("agent_disconnected")).reason, "did not register in time");
});

Deno.test("a registered agent may be quiet for as long as it likes", deadline, async () => {
  const clock = new FakeClock();
  await using stage = await Stage.start({ clock });
  const agent = await stage.registered();
  await clock.tick(60_000);
  assert.equal(agent.socket.readyState, WebSocket.OPEN);
});

Deno.test("what comes before register, and a second register, is skipped", deadline, async () => {
  await using stage = await Stage.start({ capabilities: ["alert_ack"] });
  const agent = stage.dial({ capabilities: ["alert_ack"] });
  await agent.opened;
  agent.say("alert_events", { events: [{ event_status: "Info", description: "too early" }] });
  await agent.register("first");
  agent.say("register", { hostname: "second" });
  const id = agent.say("alert_events", { events: [] });
  assert.equal((await agent.next("ack")).ref_id, id);
  assert.deepEqual(stage.hub.alerts(), []);
  assert.equal(stage.hub.agents()[0]?.register.hostname, "first");
});

Deno.test(
  "of two connections with one id the newer wins, and the older is told to leave",
  deadline,
  async () => {
    await using stage = await Stage.start();
    const older = await stage.registered();
    const session = stage.hub.startSession(AGENT_ID, { type: "chat", userName: "ann" });
    const newer = stage.dial();
    await newer.register("web-1-again");
    const { payload } = await older.next("disconnect");
    assert.match(payload.reason, /newer/);
    assert.ok(payload.retry_after_sec >= 1);
    assert.deepEqual(stage.hub.agents().map(({ register }) => register.hostname), ["web-1-again"]);
    older.socket.close();
    assert.match((await session.final).error ?? "", /newer/);
    assert.equal((await stage.event("agent_disconnected")).replaced, true);
    assert.equal(stage.hub.agents().length, 1, "the older one's end does not take the newer one's place");
    newer.socket.close();
    assert.equal((await stage.event("agent_disconnected")).replaced, false);
    await until("the agent is gone", () => stage.hub.agents().length === 0);
  },
);

Deno.test("a displaced connection that does not leave is given up", deadline, async () => {
  const clock = new FakeClock();
  await using stage = await Stage.start({ clock, closeTimeoutMs: 2_000 });
  const older = await stage.registered();
  await stage.registered();
  await older.next("disconnect");
  await clock.tick(2_000);
  assert.equal((await older.closed).code, 1000);
});
