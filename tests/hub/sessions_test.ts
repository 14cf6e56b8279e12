import assert from "node:assert/strict";
import type { HubSession } from "../../lib/hub/mod.ts";
import { AGENT_ID, deadline, type FakeAgent, OTHER_ID, Stage } from "./fake_agent.ts";

const request = { type: "inspect", userName: "ann", params: { plugin: "disk", depth: 2 } };

/** Starts a session that the agent has accepted. */
async function accepted(stage: Stage, agent: FakeAgent): Promise<HubSession> {
  const session = stage.hub.startSession(AGENT_ID, request);
  agent.ack((await agent.next("session_start")).id);
  assert.deepEqual(await session.accepted, { ok: true });
  return session;
}

Deno.test("a session is started, streams, and ends with its report", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered();
  const session = stage.hub.startSession(AGENT_ID, request);
  const start = await agent.next("session_start");
  assert.deepEqual(start.payload, {
    session_id: session.sessionId,
    session_type: "inspect",
    user_name: "ann",
    params: { plugin: "disk", target: "", message: "", depth: 2 },
  });
  agent.ack(start.id);
  assert.deepEqual(await session.accepted, { ok: true });
  const session_id = session.sessionId;
  agent.say("session_output", { session_id, delta: "loo", stage: "thinking" });
  agent.say("session_output", { session_id, delta: "king", stage: "thinking" });
  agent.say("session_output", { session_id, done: true, report: "# All well" });
  const outputs: [string, boolean][] = [];
  for await (const { delta, done } of session.outputs) outputs.push([delta, done]);
  assert.deepEqual(outputs, [["loo", false], ["king", false], ["", true]]);
  assert.deepEqual(await session.final, { report: "# All well" });
  const told = stage.events.all.flatMap((event) => event.type.startsWith("session_") ? event.type : []);
  assert.deepEqual(told, ["session_output", "session_output", "session_output", "session_ended"]);
});

Deno.test("a refused session has ended", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered();
  const session = stage.hub.startSession(AGENT_ID, request);
  agent.ack((await agent.next("session_start")).id, { ok: false, error: "max concurrent sessions reached" });
  assert.deepEqual(await session.accepted, { ok: false, error: "max concurrent sessions reached" });
  assert.deepEqual(await session.final, { error: "max concurrent sessions reached" });
  for await (const output of session.outputs) assert.fail(`unexpected output ${output.delta}`);
});

Deno.test("a session that failed tells why and with which code", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered();
  const session = await accepted(stage, agent);
  agent.say("session_error", {
    session_id: session.sessionId,
    error: "no such plugin",
    code: "missing_plugin",
  });
  agent.say("session_output", { session_id: session.sessionId, done: true });
  assert.deepEqual(await session.final, { error: "no such plugin", code: "missing_plugin" });
});

Deno.test("a session is cancelled by message and ends with its final output", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered();
  const session = await accepted(stage, agent);
  session.cancel("never mind");
  const { payload } = await agent.next("session_cancel");
  assert.deepEqual(payload, { session_id: session.sessionId, reason: "never mind" });
  agent.say("session_output", { session_id: session.sessionId, done: true });
  assert.deepEqual(await session.final, {});
  session.cancel("again");
  assert.equal((await session.input("hello?")).ok, false);
  assert.equal(agent.heard.filter(({ type }) => type === "session_cancel").length, 1);
});

Deno.test("input resolves with the agent's answer where that was agreed upon", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered({ capabilities: ["session_input_ack"] });
  const session = await accepted(stage, agent);
  const answered = session.input("hello");
  const input = await agent.next("session_input");
  assert.deepEqual(input.payload, { session_id: session.sessionId, message: "hello" });
  agent.ack(input.id, { ok: false, error: "not a chat session" });
  assert.deepEqual(await answered, { ok: false, error: "not a chat session" });
});

Deno.test("input resolves at once where no answer will come", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered();
  const session = await accepted(stage, agent);
  assert.deepEqual(await session.input("hello"), { ok: true });
  assert.equal((await agent.next("session_input")).payload.message, "hello");
});

Deno.test("everything settles when the connection ends", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered({ capabilities: ["session_input_ack"] });
  const running = await accepted(stage, agent);
  const answered = running.input("hello");
  const waiting = stage.hub.startSession(AGENT_ID, request);
  agent.socket.close();
  assert.equal((await running.final).error, "the connection was closed");
  assert.deepEqual(await answered, { ok: false, error: "the connection was closed" });
  assert.equal((await waiting.accepted).ok, false);
  assert.equal((await waiting.final).error, "the connection was closed");
  for await (const output of running.outputs) assert.fail(`unexpected output ${output.delta}`);
  assert.equal((await stage.event("session_ended")).sessionId, running.sessionId);
  assert.equal((await stage.event("session_ended")).sessionId, waiting.sessionId);
  await stage.event("agent_disconnected");
});

Deno.test("sessions run side by side without mixing", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered();
  const [one, two] = [await accepted(stage, agent), await accepted(stage, agent)];
  agent.say("session_output", { session_id: two.sessionId, delta: "two", stage: "answer" });
  agent.say("session_output", { session_id: one.sessionId, delta: "one", stage: "answer" });
  agent.say("session_output", { session_id: one.sessionId, done: true, report: "1" });
  agent.say("session_output", { session_id: two.sessionId, done: true, report: "2" });
  assert.deepEqual([await one.final, await two.final], [{ report: "1" }, { report: "2" }]);
  for await (const { delta } of one.outputs) assert.notEqual(delta, "two");
});

Deno.test("another agent's messages about a session change nothing", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered();
  const stranger = await stage.registered({ agentId: OTHER_ID, capabilities: ["heartbeat_ack"] });
  const session = await accepted(stage, agent);
  stranger.say("session_output", { session_id: session.sessionId, done: true, report: "forged" });
  stranger.say("heartbeat", {});
  await stranger.next("ack");
  agent.say("session_output", { session_id: session.sessionId, done: true, report: "real" });
  assert.deepEqual(await session.final, { report: "real" });
});

Deno.test("output nobody reads is bounded, and the final one is kept", deadline, async () => {
  await using stage = await Stage.start({ maxOutputChars: 10_000 });
  const agent = await stage.registered();
  const session = await accepted(stage, agent);
  for (let i = 0; i < 200; i++) {
    agent.say("session_output", { session_id: session.sessionId, delta: "x".repeat(100), stage: "answer" });
  }
  agent.say("session_output", { session_id: session.sessionId, done: true });
  await session.final;
  let read = 0;
  let last = false;
  for await (const { done } of session.outputs) {
    read++;
    last = done;
  }
  assert.equal(last, true);
  assert.equal(read + session.droppedOutputs, 201);
  assert.ok(read > 10 && read < 100, `${read} were kept`);
});

Deno.test("no session starts on an agent that is not connected", deadline, async () => {
  await using stage = await Stage.start();
  assert.throws(() => stage.hub.startSession(AGENT_ID, request), /not connected/);
});
