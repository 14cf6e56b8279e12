import assert from "node:assert/strict";
import fc from "fast-check";
import { Opcode } from "../fakes/fake_hub.ts";
import { until } from "../fakes/until.ts";
import { ConnectionRig } from "./connection_rig.ts";

const deep = "[".repeat(100_000) + "]".repeat(100_000);

const garbage: [string, string[]][] = [
  ["text that is no JSON", ["", " ", "{", "nonsense", "{'type':'ping'}", "\u0000", '{"type":"ping"}}']],
  ["JSON that is no message", ["null", "7", "[]", '"ping"', "{}", '{"type":null}', '{"type":["ping"]}']],
  ["fields of wrong types", [
    '{"type":"ping","id":7}',
    '{"type":"ack","id":"x","payload":{"ok":"yes"}}',
    '{"type":"ack","id":"x","ref_id":[],"payload":{}}',
    '{"type":"disconnect","id":"x","payload":{"retry_after_sec":"60"}}',
    '{"type":"disconnect","id":"x","payload":{"retry_after_sec":1e999}}',
    '{"type":"session_input","id":"x","payload":{"session_id":{},"message":7}}',
    '{"type":"session_cancel","id":"x","payload":"all"}',
  ]],
  ["unknown types", ['{"type":"reboot","id":"x"}', '{"type":"__proto__","id":"x"}', '{"type":"","id":"x"}']],
  ["what only agents say", ['{"type":"register","id":"x"}', '{"type":"heartbeat","id":"x","payload":{}}']],
  ["deep nesting", [
    deep,
    `{"type":"ping","id":"x","payload":{"a":${deep}}}`,
    `{"type":"session_cancel","payload":{"x":${deep}}}`,
  ]],
  ["huge numbers", [`{"type":"ping","id":"x","payload":{"n":${"9".repeat(100_000)}}}`]],
  ["keys named __proto__", [
    '{"type":"session_cancel","__proto__":{"type":"disconnect"},"id":"x","payload":{"__proto__":{"session_id":"a"}}}',
  ]],
  ["acks of nothing", [
    '{"type":"ack","id":"x","ref_id":"00000000-0000-4000-8000-000000000000","payload":{"ok":true}}',
    '{"type":"ack","id":"x","payload":{"ok":true}}',
    '{"type":"ack","id":"x"}',
  ]],
];

for (const [what, frames] of garbage) {
  Deno.test(`${what}: skipped, and everything goes on`, async () => {
    await using rig = await ConnectionRig.start({ capabilities: ["alert_ack", "heartbeat_ack"] });
    const connection = await rig.registered();
    for (const frame of frames) connection.send(frame);
    await stillWorks(rig);
    assert.equal(rig.log.events("error").length, 0);
  });
}

Deno.test("garbage before the ack does not keep it from registering", async () => {
  await using rig = await ConnectionRig.start({
    beforeAck: garbage.flatMap(([, frames]) => frames).slice(0, 25),
  });
  await rig.registered();
  await stillWorks(rig);
});

Deno.test("binary messages and fragments and pings in between do not disturb either", async () => {
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  connection.sendBinary(new Uint8Array(1000));
  connection.sendFragmented('{"type":"ping","id":"ü"}', 8);
  connection.sendPing("x");
  connection.sendFrame({ opcode: Opcode.text, payload: "" });
  await stillWorks(rig);
});

Deno.test("a session_start that does not fit is answered all the same", async () => {
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  connection.send({ type: "session_start", id: "m1", payload: { session_id: ["s"] } });
  const ack = await connection.next("ack");
  assert.deepEqual([ack.ref_id, ack.payload], ["m1", { ok: false, error: "invalid payload" }]);
});

Deno.test("any JSON at all is survived", async () => {
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  for (const text of fc.sample(fc.json(), 200)) connection.send(text);
  await stillWorks(rig);
});

Deno.test("a part of ours that throws at a message is logged, and everything goes on", async () => {
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  rig.sessions.scope.input = () => {
    throw new Error("a fault of ours");
  };
  connection.send({ type: "session_input", payload: { session_id: "a", message: "x" } });
  await stillWorks(rig);
  assert.deepEqual(rig.log.events("error"), ["link.message_failed"]);
});

for (
  const [what, bytes] of [
    ["text that is not UTF-8", [0x81, 2, 0xc3, 0x28]],
    ["a reserved opcode", [0x83, 0]],
    ["reserved bits", [0xf1, 0]],
  ] as const
) {
  Deno.test(`what breaks the WebSocket itself (${what}) ends the connection, as lost`, async () => {
    await using rig = await ConnectionRig.start();
    const connection = await rig.registered();
    connection.sendRaw(new Uint8Array(bytes));
    const { end, registered } = await rig.life;
    assert.deepEqual([end.kind, registered], ["lost", true]);
  });
}

/** Messages are still read, alerts still sent, and the connection still stands. */
async function stillWorks(rig: ConnectionRig): Promise<void> {
  const connection = rig.hub.connections.at(-1);
  assert.ok(connection);
  rig.push(1);
  await connection.next("alert_events");
  const { length } = rig.sessions.scope.calls;
  connection.send({ type: "session_cancel", payload: { session_id: "probe" } });
  await until("a message is read", () => rig.sessions.scope.calls.slice(length).includes("cancel probe "));
  assert.ok(!rig.events.some(({ type }) => type === "ended"));
}
