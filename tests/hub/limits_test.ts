import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeFrame, Opcode } from "../fakes/fake_hub.ts";
import { AGENT_ID, deadline, Stage } from "./fake_agent.ts";

Deno.test("garbage is skipped and the connection stands", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered({ capabilities: ["heartbeat_ack"] });
  const frames = fc.sample(fc.oneof(fc.string(), fc.json()), { numRuns: 100, seed: 7 });
  for (const frame of frames) agent.socket.send(frame);
  agent.socket.send(new Uint8Array([1, 2, 3]));
  agent.say("levitate", { height: 3 });
  agent.say("session_output", { session_id: "nobody's", stage: "answer" });
  agent.say("session_error", { session_id: "nobody's", error: "e", code: "diagnose_failed" });
  agent.say("ack", { ok: true }, { refId: "nothing" });
  agent.say("heartbeat", { active_alerts: "many" });
  const id = agent.say("heartbeat", {});
  assert.equal((await agent.next("ack")).ref_id, id);
  assert.equal(agent.socket.readyState, WebSocket.OPEN);
});

Deno.test(
  "a message that is too big ends the connection; one that just fits does not",
  deadline,
  async () => {
    await using stage = await Stage.start({ maxMessageBytes: 3_000 });
    const agent = await stage.registered({ capabilities: ["heartbeat_ack"] });
    const fitting = JSON.stringify({ type: "heartbeat", id: "1", payload: {}, pad: "" });
    const pad = 3_000 - fitting.length;
    agent.socket.send(fitting.replace('"pad":""', `"pad":"${"é".repeat(pad >> 1)}${"e".repeat(pad % 2)}"`));
    await agent.next("ack");
    agent.socket.send(fitting.replace('"pad":""', `"pad":"${"é".repeat((pad >> 1) + 1)}"`));
    assert.deepEqual(await agent.closed, { code: 4009, reason: "message too big", error: false });
    assert.equal((await stage.event("agent_disconnected")).reason, "message too big");
  },
);

Deno.test("an agent that does not read is given up before the hub's memory fills", deadline, async () => {
  await using stage = await Stage.start({ maxBufferedBytes: 1 << 20 });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: stage.hub.port });
  const write = (bytes: Uint8Array) => connection.write(bytes);
  await write(
    new TextEncoder().encode(
      "GET /api/v1/agent/ws HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nX-Agent-ID: ${AGENT_ID}\r\n` +
        "X-Proto-Version: 1\r\n\r\n",
    ),
  );
  await connection.read(new Uint8Array(4096));
  // A mask of zeros, between the head and the payload, changes nothing.
  const frame = encodeFrame({ opcode: Opcode.text, payload: '{"type":"register","id":"1"}' });
  await write(
    Buffer.concat([new Uint8Array([0x81, 0x80 | (frame.length - 2), 0, 0, 0, 0]), frame.subarray(2)]),
  );
  await stage.event("agent_registered");
  const session = stage.hub.startSession(AGENT_ID, { type: "chat", userName: "ann" });
  let sent = 0;
  while (stage.hub.agents().length > 0 && sent++ < 1_000) await session.input("x".repeat(100_000));
  assert.equal((await stage.event("agent_disconnected")).reason, "does not read");
  assert.equal((await session.final).error, "does not read");
});
