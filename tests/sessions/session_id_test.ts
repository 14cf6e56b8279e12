import assert from "node:assert/strict";
import { settle } from "../fakes/fake_clock.ts";
import { job, Rig } from "./rig.ts";

Deno.test("an id stays taken until its final output was handed to the socket; the slot is back before", async () => {
  const rig = new Rig({ limit: 1 });
  rig.link.holdFinals = true;
  rig.start("diagnose", "a");
  job(rig.diagnose.runs).resolve("");
  await settle();
  assert.equal(rig.limiter.active, 0);
  assert.equal(rig.start("diagnose", "a"), "duplicate session_id");
  assert.equal(rig.limiter.active, 0);
  assert.equal(rig.start("diagnose", "b"), "");
  rig.link.sendFinals();
  job(rig.diagnose.runs).resolve("");
  await settle();
  assert.equal(rig.start("diagnose", "a"), "");
});

Deno.test("an id whose cancel is under way is taken", () => {
  const rig = new Rig();
  rig.start("diagnose", "a");
  rig.scope.cancel("a", "enough");
  assert.equal(rig.start("diagnose", "a"), "duplicate session_id");
});

for (const how of ["resolves", "rejects"]) {
  Deno.test(`abandoned work that ${how} late leaves the new session of its id alone`, async () => {
    const rig = new Rig({ limit: 1 });
    rig.start("diagnose", "a");
    const old = job(rig.diagnose.runs);
    rig.scope.cancel("a", "enough");
    await rig.clock.tick(1000);
    assert.equal(rig.start("diagnose", "a"), "");
    assert.equal(rig.limiter.active, 1);

    await old.stream("answer", "from the grave");
    if (how === "resolves") old.resolve("old report");
    else old.reject(new Error("old failure"));
    await settle();
    assert.equal(rig.limiter.active, 1, "the slot is the new session's");
    assert.deepEqual(rig.said("a"), ["final"], "only the old session's end");
    assert.equal(job(rig.diagnose.runs).signal.aborted, false);

    job(rig.diagnose.runs).resolve("new report");
    await settle();
    assert.deepEqual(rig.said("a"), ["final", "final report=new report"]);
    assert.equal(rig.limiter.active, 0);
  });

  Deno.test(`work of a lost connection that ${how} late leaves the next one's session alone`, async () => {
    const rig = new Rig({ limit: 2 });
    rig.start("diagnose", "a");
    const old = job(rig.diagnose.runs);
    const { closed } = rig.reconnect();
    assert.equal(rig.start("diagnose", "a"), "", "the new connection starts empty");
    await rig.clock.tick(1000);
    await closed;
    assert.equal(rig.limiter.active, 1);

    await old.stream("answer", "from the grave");
    if (how === "resolves") old.resolve("old report");
    else old.reject(new Error("old failure"));
    await settle();
    assert.equal(rig.limiter.active, 1);
    assert.deepEqual(rig.said("a"), []);
    job(rig.diagnose.runs).resolve("new report");
    await settle();
    assert.deepEqual(rig.said("a"), ["final report=new report"]);
  });
}

Deno.test("an abandoned chat's late turn does not speak in the next chat of its id", async () => {
  const rig = new Rig();
  const old = await rig.openChat("a");
  rig.input("loop", "a");
  await settle();
  rig.scope.cancel("a", "enough");
  await rig.clock.tick(1000);
  const chat = await rig.openChat("a");
  assert.notEqual(chat, old);
  await job(old.turns).stream("answer", "late");
  job(old.turns).reject(new Error("late"));
  await settle();
  assert.deepEqual(rig.said("a"), ["final"]);
  assert.equal(chat.closed, 0);
  await rig.scope.close("end of test");
});

Deno.test("a link that calls back twice does not free the id of a newer session", async () => {
  const rig = new Rig();
  const callbacks: (() => void)[] = [];
  rig.link.final = (_id, _output, onSent) => callbacks.push(onSent);
  rig.start("diagnose", "a");
  job(rig.diagnose.runs).resolve("");
  await settle();
  callbacks[0]?.();
  assert.equal(rig.start("diagnose", "a"), "");
  callbacks[0]?.();
  assert.equal(rig.start("diagnose", "a"), "duplicate session_id");
});

Deno.test("any string may be an id", async () => {
  const rig = new Rig({ limit: 4 });
  for (const id of ["__proto__", "constructor", " ", "ü\u0000😀"]) {
    assert.equal(rig.start("diagnose", id), "");
    assert.equal(job(rig.diagnose.runs).request.sessionId, id);
    job(rig.diagnose.runs).resolve("");
    await settle();
    assert.deepEqual(rig.said(id), ["final"]);
  }
});
