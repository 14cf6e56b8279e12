import assert from "node:assert/strict";
import fc from "fast-check";
import { offTheList, SESSION_TYPES } from "../../lib/sessions/policy.ts";
import {
  DEFAULT_REMOTE_SETTINGS,
  RemotePolicy,
  type RemoteSettings,
} from "../../lib/sessions/remote_policy.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import { job, Rig } from "./rig.ts";

/** A rig whose policy has these settings. */
function policyRig(settings: RemoteSettings): Rig {
  return new Rig({ policy: new RemotePolicy(new FakeClock(), settings), limit: 1000 });
}

/** A start by this user. @returns the ack's error. */
function startBy(rig: Rig, user_name: string, session_id: string, session_type = "diagnose", more = {}) {
  const params = { plugin: "", target: "", message: "", ...more };
  return rig.startRaw({ session_id, session_type, user_name, params });
}

Deno.test("types that are not on the list are refused in the ack, each by its name", () => {
  const rig = policyRig({ sessions: ["inspect"] });
  assert.equal(rig.start("inspect", "a", { plugin: "cpu" }), "");
  assert.equal(rig.start("diagnose", "b"), "not allowed by host policy: the session type diagnose");
  assert.equal(rig.start("chat", "c"), "not allowed by host policy: the session type chat");
  assert.equal(rig.limiter.active, 1);
  rig.scope.close("end of test");
});

Deno.test("an empty list of types lets no session begin", () => {
  const rig = policyRig({ sessions: [] });
  for (const type of SESSION_TYPES) {
    assert.equal(rig.start(type, type), `not allowed by host policy: the session type ${type}`);
  }
});

Deno.test("users that no pattern names are refused in the ack", () => {
  const rig = policyRig({ users: ["ada", "ops-*"] });
  assert.equal(startBy(rig, "ada", "a"), "");
  assert.equal(startBy(rig, "ops-bob", "b"), "");
  assert.equal(startBy(rig, "Ada", "c"), 'not allowed by host policy: the user "Ada"');
  assert.equal(startBy(rig, "", "d"), 'not allowed by host policy: the user ""');
  assert.equal(startBy(rig, "ada ", "e"), 'not allowed by host policy: the user "ada "');
  rig.scope.close("end of test");
});

Deno.test("a hostile user name is told short and on one line", () => {
  const rig = policyRig({ users: ["ada"] });
  const error = startBy(rig, "a\nb" + "x".repeat(1_000_000) + "\ud800", "a") ?? "";
  assert.match(error, /^not allowed by host policy: the user "a\\nbx+"$/);
  assert.ok(error.length < 150);
});

Deno.test("no more sessions begin within an hour than are allowed, over all connections", async () => {
  const clock = new FakeClock();
  const policy = new RemotePolicy(clock, { maxSessionsPerHour: 2 });
  const rig = new Rig({ policy });
  const refusal = "not allowed by host policy: more than 2 sessions within an hour";
  assert.equal(rig.start("diagnose", "a"), "");
  job(rig.diagnose.runs).resolve("");
  await settle();
  await clock.tick(1_800_000);
  await rig.reconnect().closed;
  assert.equal(rig.start("diagnose", "b"), "");
  assert.equal(rig.start("diagnose", "c"), refusal);
  await clock.tick(1_799_999);
  assert.equal(rig.start("diagnose", "d"), refusal);
  await clock.tick(1);
  assert.equal(rig.start("diagnose", "e"), "", "the first one is an hour ago");
  assert.equal(rig.start("diagnose", "f"), refusal);
  const closed = rig.scope.close("end of test");
  await rig.clock.tick(1000);
  await closed;
});

Deno.test("what is refused does not count as a session of the hour", () => {
  const rig = policyRig({ maxSessionsPerHour: 1, users: ["ada"] });
  assert.match(startBy(rig, "eve", "a") ?? "", /the user/);
  assert.equal(startBy(rig, "ada", "b"), "");
  rig.scope.close("end of test");
});

Deno.test("other settings hold from the next start on, and the hour's count stays", () => {
  const policy = new RemotePolicy(new FakeClock(), { maxSessionsPerHour: 5 });
  const rig = new Rig({ policy });
  assert.equal(rig.start("diagnose", "a"), "");
  policy.configure({ sessions: ["diagnose"], maxSessionsPerHour: 1 });
  assert.match(rig.start("chat", "b") ?? "", /the session type chat$/);
  assert.match(rig.start("diagnose", "c") ?? "", /more than 1 sessions within an hour$/);
  rig.scope.close("end of test");
});

Deno.test("whatever else a request says, it is never let in that the rules keep out", () => {
  fc.assert(
    fc.property(
      fc.subarray([...SESSION_TYPES]),
      fc.array(fc.constantFrom("ada", "ops-*", "b?b"), { maxLength: 3 }),
      fc.constantFrom(...SESSION_TYPES),
      fc.oneof(fc.string(), fc.constantFrom("ada", "ops-1", "bob", "*", "ops-*")),
      (sessions, users, type, user) => {
        const refusal = offTheList({ type, user }, { sessions, users });
        const isNamed = users.length === 0 ||
          users.some((one) =>
            one === "ada" ? user === "ada" : one === "b?b" ? /^b.b$/s.test(user) : user.startsWith("ops-")
          );
        assert.equal(refusal === undefined, sessions.includes(type) && isNamed);
      },
    ),
  );
});

Deno.test("nothing that a hub adds to a request widens what is allowed", () => {
  const rig = policyRig({ sessions: ["inspect"], users: ["ada"] });
  const more = { sessions: ["chat"], users: ["eve"], allow: "*", tools: ["*"], policy: null };
  assert.match(startBy(rig, "ada", "a", "chat", more) ?? "", /the session type chat$/);
  assert.match(startBy(rig, "eve", "b", "inspect", more) ?? "", /the user "eve"$/);
});

Deno.test("the defaults allow every type and everybody, within limits", () => {
  assert.equal(offTheList({ type: "chat", user: "" }, DEFAULT_REMOTE_SETTINGS), undefined);
  const limits = Object.entries(DEFAULT_REMOTE_SETTINGS).filter(([name]) => name.startsWith("max"));
  assert.equal(limits.length, 6);
  for (const [name, value] of limits) assert.ok(Number.isSafeInteger(value), name);
});
