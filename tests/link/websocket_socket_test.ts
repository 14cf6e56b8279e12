import assert from "node:assert/strict";
import { MessageTooBigError, type OpenSocket } from "../../lib/link/websocket_client.ts";
import { settle } from "../fakes/fake_clock.ts";
import { FakeHub } from "../fakes/fake_hub.ts";
import { until } from "../fakes/until.ts";
import { dialHub } from "./dialling.ts";
import { RecordingLogger } from "./recording_logger.ts";

async function read(socket: OpenSocket): Promise<string[]> {
  const messages: string[] = [];
  for await (const message of socket.messages) messages.push(message);
  return messages;
}

Deno.test("messages come in order, whole, until the hub closes; then its code and reason are known", async () => {
  await using hub = await FakeHub.start();
  const socket = await dialHub(hub);
  const connection = await hub.nextConnection();
  connection.send("one");
  connection.sendFragmented("grün — ✓", 5);
  connection.sendPing("there?");
  await until("the ping was answered", () => connection.pongs.length > 0);
  connection.send("");
  connection.close(4321, "enough");
  assert.deepEqual(await read(socket), ["one", "grün — ✓", ""]);
  assert.deepEqual(await socket.ended, { code: 4321, reason: "enough" });
  assert.deepEqual(connection.pongs, ["there?"]);
});

for (const how of ["fin", "reset"] as const) {
  Deno.test(`a connection that is cut (${how}) ends as 1006`, async () => {
    await using hub = await FakeHub.start();
    const socket = await dialHub(hub);
    (await hub.nextConnection()).cut(how);
    assert.deepEqual(await read(socket), []);
    assert.equal((await socket.ended).code, 1006);
    socket.send("to nobody");
    assert.equal(await socket.close(1000, "", 100), false);
    socket.abandon();
  });
}

Deno.test("binary messages are skipped and logged, with their size and nothing else", async () => {
  const log = new RecordingLogger();
  await using hub = await FakeHub.start();
  const socket = await dialHub(hub, { logger: log.logger });
  const connection = await hub.nextConnection();
  connection.sendBinary(new Uint8Array([1, 2, 3]));
  connection.send("text");
  connection.close();
  assert.deepEqual(await read(socket), ["text"]);
  assert.deepEqual(log.records, [
    { level: "warning", event: "link.binary_message_skipped", fields: { bytes: 3 } },
  ]);
});

for (
  const [what, send] of [
    ["in ASCII", "x".repeat(2 * 1024 * 1024)],
    ["that only bytes make too long", "漢".repeat(400_000)],
    ["in binary", new Uint8Array(1024 * 1024 + 1)],
  ] as const
) {
  Deno.test(`a message of more than 1 MiB ${what} ends the messages, after those before it`, async () => {
    await using hub = await FakeHub.start();
    const socket = await dialHub(hub);
    const connection = await hub.nextConnection();
    connection.send("before");
    if (typeof send === "string") connection.send(send);
    else connection.sendBinary(send);
    connection.send("after");
    const messages: string[] = [];
    await assert.rejects(async () => {
      for await (const message of socket.messages) messages.push(message);
    }, MessageTooBigError);
    assert.deepEqual(messages, ["before"]);
    await socket.close(4009, "message too big", 2000);
    assert.deepEqual(await connection.closed, { how: "close", code: 4009, reason: "message too big" });
  });
}

Deno.test("a message of exactly 1 MiB is taken", async () => {
  await using hub = await FakeHub.start();
  const socket = await dialHub(hub);
  const connection = await hub.nextConnection();
  connection.send("x".repeat(1024 * 1024));
  connection.close();
  assert.deepEqual((await read(socket)).map((message) => message.length), [1024 * 1024]);
});

Deno.test("a goodbye that the hub answers is answered", async () => {
  await using hub = await FakeHub.start();
  const socket = await dialHub(hub);
  const connection = await hub.nextConnection();
  assert.equal(await socket.close(1000, "bye", 2000), true);
  assert.deepEqual(await connection.closed, { how: "close", code: 1000, reason: "bye" });
});

Deno.test("a hub that said goodbye by itself has not answered ours", async () => {
  await using hub = await FakeHub.start();
  const socket = await dialHub(hub);
  const connection = await hub.nextConnection();
  connection.close(1000, "I was first");
  await socket.ended;
  assert.equal(await socket.close(1000, "bye", 2000), false);
});

Deno.test("nor has one whose goodbye crossed ours", async () => {
  await using hub = await FakeHub.start({ answerClose: false });
  const socket = await dialHub(hub);
  const connection = await hub.nextConnection();
  const answered = socket.close(1000, "bye", 2000);
  connection.close(1001, "going away");
  assert.equal(await answered, false);
});

Deno.test("a peer that never answers the goodbye is abandoned at the deadline", async () => {
  await using hub = await FakeHub.start({ answerClose: false });
  const socket = await dialHub(hub);
  const connection = await hub.nextConnection();
  const startMs = performance.now();
  assert.equal(await socket.close(1000, "bye", 40), false);
  assert.ok(performance.now() - startMs < 5000);
  assert.deepEqual(await socket.ended, { code: 1006, reason: "abandoned" });
  assert.deepEqual(await read(socket), []);
  await connection.closed;
});

Deno.test("nothing is heard from an abandoned socket, and nothing is written to it", async () => {
  await using hub = await FakeHub.start();
  const socket = await dialHub(hub);
  const connection = await hub.nextConnection();
  socket.abandon();
  socket.abandon();
  connection.send("hello?");
  socket.send("no");
  assert.deepEqual(await read(socket), []);
  assert.equal(await socket.close(1000, "", 2000), false);
  await connection.closed;
  connection.cut("reset"); // an error event after the end
  await settle();
  assert.equal(connection.messageCount, 0);
});

Deno.test("what is not written yet shows in bufferedBytes, in bytes", async () => {
  await using hub = await FakeHub.start();
  const socket = await dialHub(hub);
  await hub.nextConnection();
  assert.equal(socket.bufferedBytes, 0);
  socket.send("漢字");
  assert.equal(socket.bufferedBytes, 6);
  await until("it is written", () => socket.bufferedBytes === 0);
  await socket.close(1000, "", 2000);
});
