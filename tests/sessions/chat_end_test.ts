import assert from "node:assert/strict";
import { settle } from "../fakes/fake_clock.ts";
import { FakeChat, job, Rig } from "./rig.ts";

const minuteMs = 60_000;

Deno.test("a chat that cannot be opened fails with chat_init_failed", async () => {
  const rig = new Rig();
  rig.chat.hold = true;
  rig.start("chat", "s1", { message: "hello" });
  job(rig.chat.opens).reject(new Error("no model is configured"));
  await settle();
  assert.deepEqual(rig.said(), ["error chat_init_failed: no model is configured", "final"]);
  assert.equal(rig.limiter.active, 0);
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("a chat that nobody writes in ends after 30 minutes and says why", async () => {
  const rig = new Rig({ capabilities: ["session_input_ack"] });
  const chat = await rig.openChat();
  await rig.clock.tick(30 * minuteMs - 1);
  assert.deepEqual(rig.said(), []);
  await rig.clock.tick(1);
  assert.deepEqual(rig.said(), ["output answer:This chat has ended: nobody wrote for 30 min.", "final"]);
  assert.equal(chat.closed, 1);
  assert.equal(rig.limiter.active, 0);
  assert.equal(rig.clock.pendingTimers, 0);
  assert.equal(rig.input("hello?"), "session not found");
});

Deno.test("a chat is not idle while a turn runs, however long; the time counts from the turn's end", async () => {
  const rig = new Rig({ chatIdleMs: 5000 });
  const chat = await rig.openChat();
  await rig.clock.tick(4000);
  rig.input("take your time");
  await rig.clock.tick(100_000);
  job(chat.turns).resolve("done");
  await rig.clock.tick(4999);
  assert.deepEqual(rig.said(), ["turnDone answer:done"]);
  await rig.clock.tick(1);
  assert.deepEqual(rig.said().slice(1), [
    "output answer:This chat has ended: nobody wrote for 5 s.",
    "final",
  ]);
});

Deno.test("an empty message does not keep a chat awake", async () => {
  const rig = new Rig({ chatIdleMs: 5000 });
  await rig.openChat();
  await rig.clock.tick(4000);
  rig.input("  ");
  await rig.clock.tick(1000);
  assert.equal(rig.said().at(-1), "final");
});

Deno.test("a chat that is never opened and that nobody writes in ends as idle, too", async () => {
  const rig = new Rig({ chatIdleMs: 5000 });
  rig.chat.hold = true;
  rig.start("chat");
  await rig.clock.tick(5000);
  assert.equal(job(rig.chat.opens).signal.aborted, true);
  await rig.clock.tick(1000);
  assert.deepEqual(rig.said(), ["output answer:This chat has ended: nobody wrote for 5 s.", "final"]);
  assert.equal(rig.limiter.active, 0);
});

Deno.test("a cancelled chat closes its handle once, before the final output", async () => {
  const rig = new Rig();
  const chat = await rig.openChat();
  const closing = Promise.withResolvers<void>();
  chat.closing = closing.promise;
  rig.scope.cancel("s1", "enough");
  await settle();
  assert.equal(chat.closed, 1);
  assert.deepEqual(rig.said(), []);
  closing.resolve();
  await settle();
  assert.deepEqual(rig.said(), ["final"]);
  assert.equal(chat.closed, 1);
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("a handle that never closes holds the session up for 1 s", async () => {
  const rig = new Rig();
  const chat = await rig.openChat();
  chat.closing = new Promise(() => {});
  rig.scope.cancel("s1", "enough");
  await rig.clock.tick(999);
  assert.equal(rig.limiter.active, 1);
  await rig.clock.tick(1);
  assert.deepEqual(rig.said(), ["final"]);
  assert.equal(rig.limiter.active, 0);
  assert.equal(chat.closed, 1);
});

Deno.test("a turn that ignores its signal: the handle is closed when the session ends, and only then", async () => {
  const rig = new Rig();
  const chat = await rig.openChat();
  rig.input("loop");
  await settle();
  rig.scope.cancel("s1", "enough");
  await rig.clock.tick(999);
  assert.equal(chat.closed, 0);
  await rig.clock.tick(1);
  assert.equal(chat.closed, 1);
  job(chat.turns).resolve("at last");
  await settle();
  assert.equal(chat.closed, 1);
  assert.deepEqual(rig.said(), ["final"]);
});

Deno.test("messages that wait when a chat is cancelled are dropped", async () => {
  const rig = new Rig();
  const chat = await rig.openChat();
  rig.input("one");
  rig.input("two");
  await settle();
  rig.scope.cancel("s1", "enough");
  job(chat.turns).resolve("discarded");
  await settle();
  assert.deepEqual(rig.said(), ["final"]);
  assert.equal(chat.turns.length, 1);
});

Deno.test("a chat that opens only after its session was given up is closed, once", async () => {
  const rig = new Rig();
  rig.chat.hold = true;
  rig.start("chat", "s1", { message: "hello" });
  rig.scope.cancel("s1", "enough");
  await rig.clock.tick(1000);
  assert.deepEqual(rig.said(), ["final"]);
  const chat = new FakeChat();
  job(rig.chat.opens).resolve(chat);
  await settle();
  assert.equal(chat.closed, 1);
  assert.equal(chat.turns.length, 0);
});

Deno.test("a chat that opens after the cancel, but in time, is closed before the final output", async () => {
  const rig = new Rig();
  rig.chat.hold = true;
  rig.start("chat", "s1", { message: "hello" });
  rig.scope.cancel("s1", "enough");
  const chat = new FakeChat();
  job(rig.chat.opens).resolve(chat);
  await settle();
  assert.equal(chat.closed, 1);
  assert.equal(chat.turns.length, 0);
  assert.deepEqual(rig.said(), ["final"]);
});

Deno.test("a chat whose opening fails after the cancel gets only its final output", async () => {
  const rig = new Rig();
  rig.chat.hold = true;
  rig.start("chat");
  rig.scope.cancel("s1", "enough");
  job(rig.chat.opens).reject(new Error("aborted"));
  await settle();
  assert.deepEqual(rig.said(), ["final"]);
});

Deno.test("a chat without a close function ends like any other", async () => {
  const rig = new Rig();
  rig.chat.hold = true;
  rig.start("chat");
  job(rig.chat.opens).resolve({ turn: () => Promise.resolve("") });
  await settle();
  rig.scope.cancel("s1", "enough");
  await settle();
  assert.deepEqual(rig.said(), ["final"]);
});
