import assert from "node:assert/strict";
import { settle } from "../fakes/fake_clock.ts";
import { FakeChat, job, Rig } from "./rig.ts";

Deno.test("a chat is opened without a shell, and its first message is the first turn", async () => {
  const rig = new Rig();
  assert.equal(rig.start("chat", "s1", { message: "why is it slow?", model: "small" }), "");
  await settle();
  const { gate, ...request } = job(rig.chat.opens).request;
  assert.ok(gate, "its tools pass a gate");
  assert.deepEqual(request, {
    sessionId: "s1",
    userName: "ada",
    allowShell: false,
    params: { plugin: "", target: "", message: "why is it slow?", model: "small" },
  });
  const turns = job(rig.chat.chats).turns;
  assert.deepEqual(turns.map((turn) => turn.request), ["why is it slow?"]);
  await job(turns).stream("tool_call", "uptime");
  job(turns).resolve("because of swap");
  await settle();
  assert.deepEqual(rig.said(), ["output tool_call:uptime", "turnDone answer:because of swap"]);
  assert.equal(rig.limiter.active, 1, "the chat goes on");
  await rig.scope.close("end of test");
});

Deno.test("a chat without a first message waits for input", async () => {
  const rig = new Rig();
  const chat = await rig.openChat();
  assert.equal(chat.turns.length, 0);
  rig.input("hello");
  await settle();
  assert.deepEqual(chat.turns.map((turn) => turn.request), ["hello"]);
  job(chat.turns).resolve("");
  await rig.scope.close("end of test");
});

Deno.test("turns run one at a time, in order", async () => {
  const rig = new Rig();
  const chat = await rig.openChat();
  for (const message of ["one", "two", "three"]) rig.input(message);
  for (const [index, message] of ["one", "two", "three"].entries()) {
    await settle();
    assert.equal(chat.turns.length, index + 1);
    assert.equal(job(chat.turns).request, message);
    job(chat.turns).resolve(`reply ${index + 1}`);
  }
  await settle();
  assert.deepEqual(rig.said(), [
    "turnDone answer:reply 1",
    "turnDone answer:reply 2",
    "turnDone answer:reply 3",
  ]);
  await rig.scope.close("end of test");
});

Deno.test("empty messages are ignored, also as the first", async () => {
  const rig = new Rig({ capabilities: ["session_input_ack"] });
  rig.start("chat", "s1", { message: " \n" });
  await settle();
  assert.equal(rig.input(""), "");
  assert.equal(rig.input(" \t\n"), "");
  await settle();
  const chat = job(rig.chat.chats);
  assert.equal(chat.turns.length, 0);
  rig.input("  indented");
  await settle();
  assert.equal(job(chat.turns).request, "  indented", "what is not empty is passed on as it is");
  job(chat.turns).resolve("");
  await rig.scope.close("end of test");
});

Deno.test("a failed turn ends with stage error, and the chat goes on", async () => {
  const rig = new Rig();
  const chat = await rig.openChat();
  rig.input("one");
  rig.input("two");
  await settle();
  job(chat.turns).reject(new Error("the model is gone", { cause: new TypeError("status 503") }));
  await settle();
  job(chat.turns).resolve("fine");
  await settle();
  assert.deepEqual(rig.said(), ["turnDone error:the model is gone: status 503", "turnDone answer:fine"]);
  await rig.scope.close("end of test");
});

Deno.test("a reply over the bound is cut and says so", async () => {
  const rig = new Rig({ maxReplyBytes: 4 });
  const chat = await rig.openChat();
  rig.input("?");
  await settle();
  job(chat.turns).resolve("abcdefg");
  await settle();
  assert.deepEqual(rig.said(), ["turnDone answer:abcd\n\n[cut here: 3 bytes left out]"]);
  await rig.scope.close("end of test");
});

Deno.test("what a turn emits after its end is discarded", async () => {
  const rig = new Rig();
  const chat = await rig.openChat();
  rig.input("one");
  rig.input("two");
  await settle();
  const first = job(chat.turns);
  first.resolve("done");
  await settle();
  await first.stream("answer", "and another thing");
  assert.deepEqual(rig.said(), ["turnDone answer:done"]);
  job(chat.turns).resolve("");
  await rig.scope.close("end of test");
});

Deno.test("eight turns wait besides the running one, a ninth is refused", async () => {
  const rig = new Rig({ capabilities: ["session_input_ack"] });
  const chat = await rig.openChat();
  // All at once on a resting chat: the first is the one that runs.
  for (let n = 0; n < 9; n++) assert.equal(rig.input(`turn ${n}`), "", `turn ${n}`);
  assert.equal(rig.input("too many"), "input queue full");
  await settle();
  assert.equal(rig.input("still too many"), "input queue full");
  job(chat.turns).resolve("");
  await settle();
  assert.equal(rig.input("turn 9"), "");
  assert.equal(rig.input("too many again"), "input queue full");
  for (let n = 1; n < 10; n++) {
    assert.equal(job(chat.turns).request, `turn ${n}`);
    job(chat.turns).resolve("");
    await settle();
  }
  assert.equal(chat.turns.length, 10);
  await rig.scope.close("end of test");
});

Deno.test("messages that come while the chat is being opened wait, the first one of the start included", async () => {
  const rig = new Rig({ capabilities: ["session_input_ack"] });
  rig.chat.hold = true;
  rig.start("chat", "s1", { message: "0" });
  for (let n = 1; n < 8; n++) assert.equal(rig.input(String(n)), "");
  assert.equal(rig.input("8"), "input queue full");
  const chat = new FakeChat();
  job(rig.chat.opens).resolve(chat);
  for (let n = 0; n < 8; n++) {
    await settle();
    job(chat.turns).resolve("");
  }
  await settle();
  assert.deepEqual(chat.turns.map((turn) => turn.request), [..."01234567"]);
  await rig.scope.close("end of test");
});

Deno.test("input is answered only where both ends agreed on it", async () => {
  const rig = new Rig({ capabilities: ["alert_ack"] });
  const chat = await rig.openChat();
  for (let n = 0; n < 12; n++) assert.equal(rig.input("x"), undefined);
  assert.equal(rig.input("x", "nobody"), undefined);
  await settle();
  assert.deepEqual(rig.link.records.map((record) => record.kind), ["ack"], "only the start was answered");
  job(chat.turns).resolve("");
  rig.scope.cancel("s1", "end of test");
  await settle();
});

Deno.test("input for no session, or for one that is no chat, says so", () => {
  const rig = new Rig({ capabilities: ["session_input_ack"] });
  assert.equal(rig.input("hello", "nobody"), "session not found");
  rig.start("diagnose");
  assert.equal(rig.input("hello"), "not a chat session");
});

Deno.test("input for a session that ends or has ended finds none", async () => {
  const rig = new Rig({ capabilities: ["session_input_ack"] });
  rig.link.holdFinals = true;
  const chat = await rig.openChat();
  rig.input("work");
  rig.start("diagnose", "d");
  await settle();
  rig.scope.cancel("s1", "enough");
  rig.scope.cancel("d", "enough");
  assert.equal(rig.input("more"), "session not found");
  assert.equal(rig.input("more", "d"), "session not found");
  job(chat.turns).resolve("");
  await rig.clock.tick(1000);
  assert.deepEqual(rig.said(), ["final"]);
  assert.equal(rig.input("more"), "session not found", "although the id is still taken");
});
