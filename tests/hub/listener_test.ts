import assert from "node:assert/strict";
import { deadline, Stage } from "./fake_agent.ts";

for (
  const [how, fault] of Object.entries({
    throws: () => {
      throw new Error("a listener's own fault");
    },
    rejects: () => Promise.reject(new Error("a listener's own fault")),
  })
) {
  Deno.test(`a listener that ${how} changes nothing`, deadline, async () => {
    await using stage = await Stage.start({ onEvent: fault });
    const agent = await stage.registered({ capabilities: ["alert_ack"] });
    agent.say("alert_events", { events: [] });
    assert.equal((await agent.next("ack")).payload.ok, true);
    agent.socket.close();
    await stage.event("agent_disconnected");
    assert.deepEqual(stage.events.all.map(({ type }) => type), [
      "agent_connected",
      "agent_registered",
      "alerts",
      "agent_disconnected",
    ]);
  });
}

Deno.test("when its end is told, an agent is not among the connected any more", deadline, async () => {
  const connected: number[] = [];
  await using stage = await Stage.start({
    onEvent: ({ type }) => {
      if (type === "agent_disconnected" || type === "session_ended") {
        connected.push(stage.hub.agents().length);
      }
    },
  });
  const agent = await stage.registered();
  stage.hub.startSession(agent.agentId, { type: "chat", userName: "ann" });
  agent.socket.close();
  await stage.event("agent_disconnected");
  assert.deepEqual(connected, [0, 0]);
});

for (const moment of ["agent_connected", "agent_registered", "agent_disconnected"]) {
  Deno.test(`a listener may close the hub at ${moment}`, deadline, async () => {
    const closings: Promise<void>[] = [];
    await using stage = await Stage.start({
      onEvent: ({ type }) => {
        if (type === moment) closings.push(stage.hub.close());
      },
    });
    const agent = stage.dial();
    if (moment !== "agent_connected") await agent.register();
    if (moment === "agent_disconnected") agent.socket.close();
    if (moment === "agent_registered") {
      await agent.next("disconnect");
      agent.socket.close();
    }
    await agent.closed;
    await stage.hub.close();
    await Promise.all(closings);
    assert.equal(closings.length, 1);
  });
}
