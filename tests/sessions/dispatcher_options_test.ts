import assert from "node:assert/strict";
import { Dispatcher } from "../../lib/sessions/dispatcher.ts";
import { SessionLimiter } from "../../lib/sessions/limiter.ts";
import { FakeSessionLink } from "../fakes/fake_session_link.ts";
import { Rig } from "./rig.ts";

Deno.test("a bound that makes no sense is refused by name", () => {
  for (const value of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => new Dispatcher({ chatIdleMs: value }), /chatIdleMs must be a whole number from 1 to/);
    assert.throws(() => new Dispatcher({ maxReplyBytes: value }), /maxReplyBytes must be a whole number/);
    assert.throws(() => new SessionLimiter({ limit: value }), RangeError);
  }
  // A timer set for longer would fire at once.
  assert.throws(() => new Dispatcher({ chatIdleMs: 2 ** 31 }), RangeError);
  assert.ok(new Dispatcher({ chatIdleMs: 2 ** 31 - 1 }));
});

Deno.test("a dispatcher without options runs nothing and says so", async () => {
  const link = new FakeSessionLink();
  const scope = new Dispatcher().open(link);
  const params = { plugin: "cpu", target: "", message: "" };
  scope.start("m1", { session_id: "a", session_type: "inspect", user_name: "", params });
  scope.start("m2", { session_id: "a", session_type: "chat", user_name: "", params });
  assert.equal(link.answer("m1"), "diagnose engine not available");
  assert.equal(link.answer("m2"), "chat engine not available");
  await scope.close("end of test");
});

Deno.test("three sessions run at once unless told otherwise, on all connections together", async () => {
  const rig = new Rig();
  const dispatcher = new Dispatcher({ diagnoseRunner: rig.diagnose, clock: rig.clock });
  const [one, two] = [new FakeSessionLink(), new FakeSessionLink()];
  const scopes = [dispatcher.open(one), dispatcher.open(two)] as const;
  const params = { plugin: "", target: "", message: "" };
  const start = (scope: 0 | 1, id: string): void =>
    scopes[scope].start(id, { session_id: id, session_type: "diagnose", user_name: "", params });
  start(0, "a");
  start(0, "b");
  start(1, "c");
  start(1, "d");
  assert.deepEqual([one.answer("a"), one.answer("b"), two.answer("c")], ["", "", ""]);
  assert.equal(two.answer("d"), "max concurrent sessions reached");
  assert.equal(dispatcher.activeSessions, 3);
  assert.deepEqual(scopes.map((scope) => scope.activeSessions), [2, 1]);
  const closed = scopes.map((scope) => scope.close("end of test"));
  await rig.clock.tick(1000);
  await Promise.all(closed);
});

Deno.test("a slot given back twice counts once", () => {
  const limiter = new SessionLimiter({ limit: 2 });
  const [first, second] = [limiter.tryAcquire(), limiter.tryAcquire()];
  assert.equal(limiter.tryAcquire(), undefined);
  first?.();
  first?.();
  assert.equal(limiter.active, 1);
  second?.();
  assert.equal(limiter.active, 0);
});
