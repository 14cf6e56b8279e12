import assert from "node:assert/strict";
import type { AlertStore } from "../../lib/hub/store.ts";
import { AGENT_ID, deadline, Stage } from "./fake_agent.ts";

const alert = (description: string) => ({
  event_time: 1,
  event_status: "Critical",
  alert_key: "k",
  labels: { check: "disk" },
  description,
});

Deno.test("alerts are stored, told of, and then acked", deadline, async () => {
  const seen: number[] = [];
  await using stage = await Stage.start({
    onEvent: (event) => {
      if (event.type === "alerts") seen.push(stage.hub.alerts().length);
    },
  });
  const agent = await stage.registered({ capabilities: ["alert_ack"] });
  const id = agent.say("alert_events", { events: [alert("full"), alert("fuller")] });
  const ack = await agent.next("ack");
  assert.deepEqual([ack.ref_id, ack.payload.ok], [id, true]);
  assert.deepEqual(
    stage.hub.alerts().map(({ agentId, messageId, event }) => [agentId, messageId, event.description]),
    [[AGENT_ID, id, "full"], [AGENT_ID, id, "fuller"]],
  );
  assert.deepEqual(seen, [2]);
});

Deno.test(
  "a batch that is sent again, also on the next connection, is acked and stored once",
  deadline,
  async () => {
    await using stage = await Stage.start();
    const first = await stage.registered({ capabilities: ["alert_ack"] });
    first.say("alert_events", { events: [alert("full")] }, { id: "batch-1" });
    await first.next("ack");
    first.say("alert_events", { events: [alert("full")] }, { id: "batch-1" });
    assert.equal((await first.next("ack")).payload.ok, true);
    first.socket.close();
    const second = await stage.registered({ capabilities: ["alert_ack"] });
    second.say("alert_events", { events: [alert("full")] }, { id: "batch-1" });
    assert.equal((await second.next("ack")).payload.ok, true);
    assert.equal(stage.hub.alerts().length, 1);
    assert.equal(stage.events.all.filter(({ type }) => type === "alerts").length, 1);
  },
);

Deno.test("without the extension alerts are stored and not acked", deadline, async () => {
  await using stage = await Stage.start({ capabilities: ["heartbeat_ack"] });
  const agent = await stage.registered({ capabilities: ["alert_ack", "heartbeat_ack"] });
  agent.say("alert_events", { events: [alert("full")] });
  const id = agent.say("heartbeat", {});
  assert.equal((await agent.next("ack")).ref_id, id);
  assert.equal(stage.hub.alerts().length, 1);
});

Deno.test("a store that fails refuses the batch and harms nothing else", deadline, async () => {
  const store: AlertStore = {
    dropped: 0,
    alerts: () => [],
    add() {
      throw new Error("disk full");
    },
  };
  await using stage = await Stage.start({ store });
  const agent = await stage.registered({ capabilities: ["alert_ack"] });
  const id = agent.say("alert_events", { events: [alert("full")] });
  const ack = await agent.next("ack");
  assert.deepEqual([ack.ref_id, ack.payload.ok], [id, false]);
  assert.doesNotMatch(ack.payload.error ?? "", /disk full/, "the hub's insides are not the agent's business");
  assert.equal(stage.hub.agents().length, 1);
});

Deno.test("a batch that does not fit its schema is refused", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered({ capabilities: ["alert_ack"] });
  const id = agent.say("alert_events", { events: [{ ...alert("x"), event_status: "Fatal" }] });
  const ack = await agent.next("ack");
  assert.deepEqual([ack.ref_id, ack.payload.ok, ack.payload.error], [id, false, "invalid payload"]);
});
