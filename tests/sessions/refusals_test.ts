import assert from "node:assert/strict";
import { settle } from "../fakes/fake_clock.ts";
import { SessionLimiter } from "../../lib/sessions/limiter.ts";
import { job, Rig } from "./rig.ts";

const noParams = { plugin: "", target: "", message: "" };

Deno.test("a payload that does not fit its type is answered with invalid payload", () => {
  const rig = new Rig();
  assert.equal(rig.startRaw(undefined), "invalid payload");
});

Deno.test("a start without a session id is refused, whatever else is wrong with it", () => {
  const rig = new Rig({ diagnoseRunner: undefined, allow: () => "read only" });
  for (const session_type of ["diagnose", "chat", "no such type"]) {
    const error = rig.startRaw({ session_id: "", session_type, user_name: "", params: noParams });
    assert.equal(error, "missing session_id");
  }
});

Deno.test("the host's policy refuses known types, before it is asked who would do the work", () => {
  const rig = new Rig({
    diagnoseRunner: undefined,
    allow: (type) => type === "chat" ? undefined : `${type} is switched off`,
  });
  assert.equal(rig.start("inspect", "a"), "not allowed by host policy: inspect is switched off");
  assert.equal(rig.start("diagnose", "b"), "not allowed by host policy: diagnose is switched off");
  assert.equal(rig.start("chat", "c"), "");
  assert.equal(rig.start("dance", "d"), "", "an unknown type is not the policy's business");
  rig.scope.close("end of test");
});

Deno.test("a policy that throws lets nothing run", () => {
  const rig = new Rig({
    allow: () => {
      throw new Error("no policy file");
    },
  });
  assert.equal(rig.start("inspect"), "not allowed by host policy: the policy could not be asked");
  assert.equal(rig.limiter.active, 0);
});

Deno.test("a type that nobody does the work of is refused, although all slots are taken", async () => {
  const rig = new Rig({ diagnoseRunner: undefined, limit: 1 });
  assert.equal(rig.start("chat", "a"), "");
  assert.equal(rig.start("inspect", "a"), "diagnose engine not available");
  assert.equal(rig.start("diagnose", "a"), "diagnose engine not available");
  await rig.scope.close("end of test");

  const deaf = new Rig({ chatRunner: undefined, limit: 1 });
  deaf.start("diagnose", "a");
  assert.equal(deaf.start("chat", "a"), "chat engine not available");
  job(deaf.diagnose.runs).resolve("");
  await settle();
});

Deno.test("when all slots are taken a start is refused, a duplicate one with the same words", async () => {
  const rig = new Rig({ limit: 2 });
  assert.equal(rig.start("diagnose", "a"), "");
  assert.equal(rig.start("diagnose", "b"), "");
  assert.equal(rig.start("diagnose", "c"), "max concurrent sessions reached");
  assert.equal(rig.start("diagnose", "a"), "max concurrent sessions reached");
  assert.equal(rig.start("no such type", "d"), "max concurrent sessions reached");
  job(rig.diagnose.runs, 0).resolve("");
  await settle();
  assert.equal(rig.start("diagnose", "c"), "");
  assert.equal(rig.diagnose.runs.length, 3);
});

Deno.test("an id that is taken is refused and holds no slot, for unknown types too", () => {
  const rig = new Rig();
  assert.equal(rig.start("diagnose", "a"), "");
  for (const type of ["diagnose", "inspect", "chat", "no such type"]) {
    assert.equal(rig.start(type, "a"), "duplicate session_id");
  }
  assert.equal(rig.limiter.active, 1);
  assert.deepEqual(rig.said("a"), []);
});

Deno.test("no refusal ever asks the limiter for a slot", () => {
  class CountingLimiter extends SessionLimiter {
    asked = 0;
    override tryAcquire(): (() => void) | undefined {
      this.asked++;
      return super.tryAcquire();
    }
  }
  const limiter = new CountingLimiter({ limit: 2 });
  const rig = new Rig({ limiter, chatRunner: undefined });
  rig.start("diagnose", "a");
  assert.equal(limiter.asked, 1);
  rig.start("diagnose", "a");
  rig.start("chat", "b");
  rig.startRaw(undefined);
  assert.equal(limiter.asked, 1);
});

Deno.test("a limiter that throws refuses the start and breaks nothing", () => {
  const rig = new Rig({
    limiter: {
      active: 0,
      limit: 1,
      tryAcquire: () => {
        throw new Error("out of order");
      },
    },
  });
  assert.equal(rig.start("diagnose"), "max concurrent sessions reached");
  assert.equal(rig.dispatcher.activeSessions, 0);
});

Deno.test("an unknown type is acked, told so and ended, and its slot is free at once", () => {
  const rig = new Rig({ limit: 1 });
  assert.equal(rig.start("dance", "a"), "");
  assert.deepEqual(rig.link.records.map((record) => record.kind), ["ack", "error", "final"]);
  assert.deepEqual(rig.said("a"), [
    'error invalid_type: cannot start a session of the unknown type "dance"',
    "final",
  ]);
  assert.equal(rig.limiter.active, 0);
  assert.equal(rig.start("diagnose", "a"), "", "the id is free again as well");
});

Deno.test("an unknown type's id stays taken until its final output was sent", () => {
  const rig = new Rig({ limit: 1 });
  rig.link.holdFinals = true;
  rig.start("dance", "a");
  assert.equal(rig.start("dance", "a"), "duplicate session_id");
  rig.link.sendFinals();
  assert.equal(rig.start("dance", "a"), "");
});

Deno.test("a long name of an unknown type is cut in its error", () => {
  const rig = new Rig();
  rig.start("x".repeat(500_000), "a");
  const [error] = rig.link.of("a");
  assert.ok(error?.kind === "error" && error.message.length <= 1024);
});
