import assert from "node:assert/strict";
import { FakeClock } from "../fakes/fake_clock.ts";
import { AGENT_ID, deadline, OTHER_ID, Stage } from "./fake_agent.ts";

Deno.test(
  "an agent is told to leave and when to come back, and gets its last alerts acked",
  deadline,
  async () => {
    await using stage = await Stage.start();
    const agent = await stage.registered({ capabilities: ["alert_ack"] });
    const gone = stage.hub.disconnect(AGENT_ID, "maintenance", 120);
    const { payload } = await agent.next("disconnect");
    assert.deepEqual(payload, { reason: "maintenance", retry_after_sec: 120 });
    agent.say("alert_events", { events: [] });
    assert.equal((await agent.next("ack")).payload.ok, true);
    agent.socket.close(1000, "as you wish");
    assert.equal(await gone, true);
    assert.equal((await stage.event("agent_disconnected")).reason, "maintenance");
    assert.equal(await stage.hub.disconnect(AGENT_ID, "again", 1), false);
  },
);

Deno.test("an agent that was told to leave and stays is given up", deadline, async () => {
  const clock = new FakeClock();
  await using stage = await Stage.start({ clock, closeTimeoutMs: 2_000 });
  const agent = await stage.registered();
  const gone = stage.hub.disconnect(AGENT_ID, "ö".repeat(200), 1); // longer than a close frame's reason may be
  await agent.next("disconnect");
  await clock.tick(1_999);
  assert.equal(stage.hub.agents().length, 1);
  await clock.tick(1);
  assert.equal(await gone, true);
  assert.deepEqual(stage.hub.agents(), []);
  assert.match((await agent.closed).reason, /^ö{40,60}$/);
});

Deno.test(
  "close tells all agents, waits for them, and frees the port and every timer",
  deadline,
  async () => {
    const clock = new FakeClock();
    await using stage = await Stage.start({ clock });
    const agents = [await stage.registered(), await stage.registered({ agentId: OTHER_ID })];
    const closed = stage.hub.close();
    assert.equal(stage.hub.close(), closed);
    for (const agent of agents) {
      assert.match((await agent.next("disconnect")).payload.reason, /stopping/);
      agent.socket.close();
    }
    await closed;
    assert.deepEqual(stage.hub.agents(), []);
    assert.equal(clock.pendingTimers, 0);
    Deno.listen({ hostname: "127.0.0.1", port: stage.hub.port }).close();
  },
);

Deno.test("close does not wait for ever for agents that stay, nor for half a request", deadline, async () => {
  const clock = new FakeClock();
  await using stage = await Stage.start({ clock, closeTimeoutMs: 2_000 });
  const agent = await stage.registered();
  const unregistered = stage.dial({ agentId: OTHER_ID });
  await unregistered.opened;
  using slow = await Deno.connect({ hostname: "127.0.0.1", port: stage.hub.port });
  await slow.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHo"));
  const closed = stage.hub.close();
  await agent.next("disconnect");
  await unregistered.next("disconnect");
  await clock.tick(2_000);
  await closed;
  assert.notEqual((await agent.closed).code, 1005);
  await unregistered.closed;
});
