import assert from "node:assert/strict";
import { settle } from "../fakes/fake_clock.ts";
import { job, Rig } from "./rig.ts";

/** Whether a promise has resolved by now. */
function watch(promise: Promise<void>): { readonly resolved: boolean } {
  const state = { resolved: false };
  promise.then(() => state.resolved = true);
  return state;
}

Deno.test("the end of the connection cancels every session and sends nothing more", async () => {
  const rig = new Rig();
  rig.start("diagnose", "a");
  rig.start("inspect", "b", { plugin: "cpu" });
  const chat = await rig.openChat("c");
  const closed = watch(rig.scope.close("the connection was lost"));
  assert.ok(rig.diagnose.runs.every((run) => run.signal.aborted));
  await settle();
  assert.equal(chat.closed, 1);
  assert.equal(closed.resolved, false);
  job(rig.diagnose.runs, 0).resolve("report");
  job(rig.diagnose.runs, 1).reject(new Error("failed"));
  await settle();
  assert.equal(closed.resolved, true);
  assert.deepEqual(rig.link.records.map((record) => record.kind), ["ack", "ack", "ack"]);
  assert.equal(rig.limiter.active, 0);
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("slots of a lost connection come back when its work has settled, 1 s later at most", async () => {
  const rig = new Rig({ limit: 2 });
  rig.start("diagnose", "a");
  rig.start("diagnose", "b");
  const closed = watch(rig.reconnect().closed);
  assert.equal(rig.start("diagnose", "c"), "max concurrent sessions reached");
  assert.equal(rig.dispatcher.activeSessions, 2);
  assert.equal(rig.scope.activeSessions, 0);
  job(rig.diagnose.runs, 0).resolve("");
  await settle();
  assert.equal(rig.start("diagnose", "c"), "");
  await rig.clock.tick(999);
  assert.equal(rig.limiter.active, 2);
  assert.equal(closed.resolved, false);
  await rig.clock.tick(1);
  assert.equal(closed.resolved, true);
  assert.equal(rig.limiter.active, 1);
});

Deno.test("the slot does not wait for a final output that can no longer be sent", async () => {
  const rig = new Rig({ limit: 1 });
  rig.link.holdFinals = true;
  rig.start("diagnose", "a");
  job(rig.diagnose.runs).resolve("");
  await settle();
  await rig.reconnect().closed;
  assert.equal(rig.start("diagnose", "a"), "");
});

Deno.test("a closed scope does nothing", async () => {
  const rig = new Rig({ capabilities: ["session_input_ack"] });
  await rig.scope.close("gone");
  rig.scope.start("m1", {
    session_id: "a",
    session_type: "diagnose",
    user_name: "",
    params: { plugin: "", target: "", message: "" },
  });
  rig.scope.start("m2", undefined);
  rig.scope.input("m3", "a", "hello");
  rig.scope.cancel("a", "enough");
  assert.deepEqual(rig.link.records, []);
  assert.equal(rig.diagnose.runs.length, 0);
  await rig.scope.close("twice");
  await rig.scope.stop("thrice");
});

Deno.test("disposing of a scope closes it", async () => {
  const rig = new Rig();
  {
    await using scope = rig.scope;
    scope.start("m", {
      session_id: "a",
      session_type: "chat",
      user_name: "",
      params: { plugin: "", target: "", message: "" },
    });
    await settle();
    assert.equal(scope.activeSessions, 1);
  }
  assert.equal(rig.limiter.active, 0);
  assert.equal(job(rig.chat.chats).closed, 1);
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("a stop sends the final outputs, because the connection still stands", async () => {
  const rig = new Rig({ capabilities: ["session_input_ack"] });
  rig.start("diagnose", "a");
  rig.start("diagnose", "b");
  await rig.openChat("c");
  const stopped = watch(rig.scope.stop("the agent is being stopped"));
  assert.equal(rig.start("diagnose", "d"), "agent is stopping");
  assert.equal(rig.start("no such type", "d"), "agent is stopping");
  assert.equal(rig.startRaw(undefined), "invalid payload");
  assert.equal(rig.input("hello", "c"), "session not found");
  job(rig.diagnose.runs, 0).resolve("report");
  await rig.clock.tick(999);
  assert.deepEqual([rig.said("a"), rig.said("b"), rig.said("c")], [["final"], [], ["final"]]);
  assert.equal(stopped.resolved, false);
  await rig.clock.tick(1);
  assert.deepEqual(rig.said("b"), ["final"]);
  assert.equal(stopped.resolved, true);
  assert.equal(rig.limiter.active, 0);
  await rig.scope.close("closed");
});

Deno.test("a connection that is lost while the agent stops: nothing more is sent, both waits end", async () => {
  const rig = new Rig();
  rig.start("diagnose", "a");
  const stopped = watch(rig.scope.stop("the agent is being stopped"));
  await rig.clock.tick(400);
  const closed = watch(rig.scope.close("lost"));
  await rig.clock.tick(600);
  assert.deepEqual([stopped.resolved, closed.resolved], [true, true]);
  assert.deepEqual(rig.said("a"), []);
});

Deno.test("a scope without sessions stops and closes at once", async () => {
  const rig = new Rig();
  await rig.scope.stop("done");
  await rig.scope.close("done");
  assert.equal(rig.clock.pendingTimers, 0);
});
