import assert from "node:assert/strict";
import { KnownSecrets } from "../../lib/host/known_secrets.ts";
import { SessionAudit, type SessionAuditOptions } from "../../lib/sessions/audit.ts";
import type { DispatcherOptions } from "../../lib/sessions/dispatcher.ts";
import { RemotePolicy, type RemoteSettings } from "../../lib/sessions/remote_policy.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import { FakeAuditLog } from "./fake_audit_log.ts";
import { job, Rig } from "./rig.ts";

const UNWRITABLE = "not allowed by host policy: the audit log cannot be written";

interface AuditRigOptions extends DispatcherOptions {
  settings?: RemoteSettings;
  audited?: Partial<SessionAuditOptions>;
}

/** Sessions whose audit a test looks into. */
class AuditedRig extends Rig {
  readonly log: FakeAuditLog;
  #ids = 0;

  constructor({ settings, audited, ...options }: AuditRigOptions = {}) {
    const log = new FakeAuditLog();
    const clock = new FakeClock();
    super({
      audit: new SessionAudit({ log, clock, hub: () => "hub.example:8443", ...audited }),
      policy: new RemotePolicy(clock, settings),
      ...options,
    });
    this.log = log;
  }

  /** As `start`, but the ack comes once the audit has been written. */
  async ask(type: string, id: string, about: Record<string, string> = {}): Promise<string | undefined> {
    const { user = "ada", ...params } = about;
    const messageId = `ask${++this.#ids}`;
    this.scope.start(messageId, {
      session_id: id,
      session_type: type,
      user_name: user,
      params: { plugin: "", target: "", message: "", ...params },
    });
    await settle();
    return this.link.answer(messageId);
  }
}

Deno.test("a session is written down before it is answered, and once it is over", async () => {
  const rig = new AuditedRig();
  assert.equal(await rig.ask("inspect", "s1", { plugin: "redis", target: "10.0.0.7:6379" }), "");
  assert.deepEqual(rig.log.events, [{
    event: "session.asked",
    hub: "hub.example:8443",
    session: "s1",
    type: "inspect",
    user: "ada",
    plugin: "redis",
    target: "10.0.0.7:6379",
  }, { event: "session.started", session: "s1" }]);
  job(rig.diagnose.runs).stream("answer", "12345");
  await rig.clock.tick(1500);
  job(rig.diagnose.runs).resolve("report");
  await settle();
  assert.deepEqual(rig.log.events.slice(2), [{
    event: "session.ended",
    session: "s1",
    type: "inspect",
    user: "ada",
    outcome: "finished",
    duration_ms: 1500,
    turns: 0,
    tool_runs: 0,
    output_bytes: 11,
  }]);
});

Deno.test("nothing is answered and nothing runs until the audit is on the disk", async () => {
  const rig = new AuditedRig();
  rig.log.hold = true;
  assert.equal(await rig.ask("diagnose", "s1"), undefined);
  assert.equal(rig.diagnose.runs.length, 0);
  assert.equal(rig.limiter.active, 1, "its slot is kept for it");
  assert.equal(await rig.ask("diagnose", "s1"), undefined, "the duplicate waits to be written down as well");
  rig.log.release();
  await settle();
  assert.equal(rig.diagnose.runs.length, 1);
  assert.deepEqual(
    rig.link.records.flatMap((record) => record.kind === "ack" ? [record.error ?? "ok"] : []).sort(),
    ["duplicate session_id", "ok"],
  );
  rig.scope.close("end of test");
});

Deno.test("while the audit cannot be written sessions are refused in the ack, until it can again", async () => {
  const rig = new AuditedRig({ settings: { users: ["ada"] } });
  rig.log.broken = true;
  for (const type of ["inspect", "diagnose", "chat"]) assert.equal(await rig.ask(type, type), UNWRITABLE);
  assert.equal(rig.diagnose.runs.length + rig.chat.opens.length, 0);
  assert.equal(rig.limiter.active, 0);
  assert.equal(rig.dispatcher.activeSessions, 0);
  assert.match(await rig.ask("chat", "x", { user: "eve" }) ?? "", /the user "eve"$/, "others are told why");
  assert.deepEqual(rig.dispatcher.figures.started, {});
  rig.log.broken = false;
  assert.equal(await rig.ask("diagnose", "diagnose"), "", "the id is free");
  rig.scope.close("end of test");
});

Deno.test("sessions that fail for the audit's sake do not use up the hour", async () => {
  const rig = new AuditedRig({ settings: { maxSessionsPerHour: 1 } });
  rig.log.broken = true;
  for (let n = 0; n < 5; n++) assert.equal(await rig.ask("diagnose", "a"), UNWRITABLE);
  rig.log.broken = false;
  assert.equal(await rig.ask("diagnose", "a"), "");
  assert.match(await rig.ask("diagnose", "b") ?? "", /more than 1 sessions within an hour$/);
  rig.scope.close("end of test");
});

Deno.test("what is sent to a session that is not answered yet reaches it", async () => {
  const rig = new AuditedRig();
  rig.log.hold = true;
  await rig.ask("chat", "c", { message: "one" });
  rig.input("two", "c");
  rig.log.release();
  await settle();
  const [chat] = rig.chat.chats;
  job(chat?.turns ?? []).resolve("1");
  await settle();
  job(chat?.turns ?? []).resolve("2");
  await settle();
  assert.deepEqual(chat?.turns.map(({ request }) => request), ["one", "two"]);
  rig.scope.close("end of test");
  await rig.clock.tick(1000);
});

Deno.test("a session that is cancelled before it is answered never runs, and still gets its final output", async () => {
  const rig = new AuditedRig();
  rig.log.hold = true;
  await rig.ask("diagnose", "s1");
  rig.scope.cancel("s1", "never mind");
  await rig.clock.tick(5000);
  assert.deepEqual(rig.link.records, [], "the ack comes first");
  rig.log.release();
  await settle();
  assert.deepEqual(rig.link.records.map(({ kind }) => kind), ["ack", "final"]);
  assert.equal(rig.diagnose.runs.length, 0);
  assert.equal(rig.limiter.active, 0);
  assert.equal(rig.log.of("session.ended")[0]?.["outcome"], "cancelled");
});

Deno.test("an agent that stops refuses what it has not answered, at once", async () => {
  const rig = new AuditedRig();
  rig.log.hold = true;
  assert.equal(await rig.ask("diagnose", "s1"), undefined);
  await rig.scope.stop("the agent stops");
  assert.deepEqual(rig.link.records.map((record) => record.kind === "ack" && record.error), [
    "agent is stopping",
  ]);
  assert.equal(rig.limiter.active, 0);
  rig.log.release();
  await settle();
  assert.equal(rig.diagnose.runs.length, 0);
  assert.equal(rig.link.records.length, 1);
});

Deno.test("a connection that is lost before the answer costs no slot", async () => {
  const rig = new AuditedRig();
  rig.log.hold = true;
  await rig.ask("diagnose", "s1");
  await rig.reconnect().closed;
  assert.equal(rig.limiter.active, 0);
  rig.log.release();
  await settle();
  assert.equal(rig.diagnose.runs.length, 0);
  assert.equal(await rig.ask("diagnose", "s1"), "");
  rig.scope.close("end of test");
});

Deno.test("every refusal is written down with its words before it is answered", async () => {
  const rig = new AuditedRig({ settings: { users: ["ada"], sessions: ["diagnose"] }, chatRunner: undefined });
  await rig.ask("diagnose", "a", { user: "eve" });
  await rig.ask("chat", "b");
  await rig.ask("diagnose", "");
  await rig.ask("diagnose", "c");
  await rig.ask("diagnose", "c");
  rig.scope.start("m", undefined);
  await settle();
  assert.deepEqual(
    rig.log.of("session.refused").map(({ session, user, reason }) => [session, user, reason]),
    [
      ["a", "eve", 'not allowed by host policy: the user "eve"'],
      ["b", "ada", "not allowed by host policy: the session type chat"],
      ["", "ada", "missing session_id"],
      ["c", "ada", "duplicate session_id"],
      ["", "", "invalid payload"],
    ],
  );
  rig.log.hold = true;
  assert.equal(await rig.ask("chat", "d"), undefined, "not before it is written");
  rig.log.release();
  await settle();
  assert.equal(rig.log.of("session.refused").length, 6);
  assert.equal(rig.link.records.filter(({ kind }) => kind === "ack").length, 7);
  rig.scope.close("end of test");
});

Deno.test("a session of an unknown type is answered as ever, and written down as refused", async () => {
  const rig = new AuditedRig();
  assert.equal(await rig.ask("dance", "a"), "");
  assert.deepEqual(rig.link.of("a").map(({ kind }) => kind), ["error", "final"]);
  assert.deepEqual(rig.log.events.map(({ event, reason }) => [event, reason]), [
    ["session.refused", "unknown session type dance"],
  ]);
});

Deno.test("a hub that asks without end does not push out what was written before", async () => {
  const rig = new AuditedRig({ settings: { sessions: ["diagnose"] }, audited: { maxRefusalsPerMinute: 5 } });
  for (let n = 0; n < 40; n++) await rig.ask(n % 2 ? "chat" : "dance", `s${n}`);
  assert.equal(rig.log.events.length, 5);
  await rig.ask("diagnose", "at last");
  assert.deepEqual(rig.log.events[5], { event: "refusals.unlisted", count: 35 });
  assert.equal(rig.log.of("session.started").length, 1);
  rig.scope.close("end of test");
});

Deno.test("hostile names are cut, masked and kept on one line", async () => {
  const rig = new AuditedRig();
  const user = "eve\n\u001b[31m" + "x".repeat(100_000);
  await rig.ask("diagnose", "s\n1", {
    user,
    target: "postgres://u:hunter2@db/x",
    plugin: "password=hunter2",
  });
  const [asked] = rig.log.of("session.asked");
  assert.ok(String(asked?.["user"]).length < 400);
  assert.match(String(asked?.["user"]), /^eve \\u001b\[31mxxx/);
  assert.equal(asked?.["session"], "s 1");
  assert.doesNotMatch(JSON.stringify(rig.log.events), /hunter2/);
  rig.scope.close("end of test");
});

Deno.test("secrets that are known by their value are masked wherever a hub puts them", async () => {
  const known = new KnownSecrets(["tr1cky-v4lue"]);
  const rig = new AuditedRig({ audited: { secrets: () => known } });
  await rig.ask("diagnose", "tr1cky-v4lue", { user: "tr1cky-v4lue", target: "x tr1cky-v4lue x" });
  await job(rig.diagnose.runs).request.gate?.enter("log_grep", { pattern: "tr1cky-v4lue" });
  job(rig.diagnose.runs).reject(new Error("no tr1cky-v4lue there"));
  await settle();
  assert.equal(rig.log.events.length, 4);
  assert.doesNotMatch(JSON.stringify(rig.log.events), /tr1cky/);
});

Deno.test("how a session ended is told: failed, cancelled, given up, limited", async () => {
  const rig = new AuditedRig({ settings: { maxMs: 60_000 } });
  await rig.ask("diagnose", "failed");
  job(rig.diagnose.runs).reject(new Error("no password=hunter2 there"));
  await rig.ask("diagnose", "cancelled");
  rig.scope.cancel("cancelled", "enough");
  job(rig.diagnose.runs).resolve("");
  await rig.ask("diagnose", "abandoned");
  rig.scope.cancel("abandoned", "enough");
  await rig.clock.tick(1000);
  await rig.ask("diagnose", "limited");
  await rig.clock.tick(60_000);
  job(rig.diagnose.runs).resolve("half");
  await settle();
  assert.deepEqual(
    rig.log.of("session.ended").map(({ session, outcome, reason }) => [session, outcome, reason]),
    [
      ["failed", "failed", "no password=*** there"],
      ["cancelled", "cancelled", "enough"],
      ["abandoned", "abandoned", "enough"],
      ["limited", "limited", "the limit of 1 minute is reached"],
    ],
  );
});

Deno.test("a tool is written down before it runs, and its end before anybody hears of it", async () => {
  const rig = new AuditedRig();
  await rig.ask("diagnose", "s1");
  const { gate } = job(rig.diagnose.runs).request;
  assert.ok(gate);
  rig.log.hold = true;
  let entered = false;
  const entering = gate.enter("log_tail", { path: "/var/log/x", password: "hunter2" }).finally(() =>
    entered = true
  );
  await settle();
  assert.equal(entered, false);
  rig.log.release();
  const pass = await entering;
  assert.deepEqual(rig.log.of("tool.asked"), [{
    event: "tool.asked",
    session: "s1",
    user: "ada",
    call: 1,
    tool: "log_tail",
    args: { path: "/var/log/x", password: "***" },
  }]);
  await rig.clock.tick(20);
  rig.log.hold = true;
  let left = false;
  const leaving = pass.leave({ status: "timed_out", bytes: 0, error: "too late" }).finally(() => left = true);
  await settle();
  assert.equal(left, false);
  rig.log.release();
  await leaving;
  assert.deepEqual(rig.log.of("tool.ended"), [{
    event: "tool.ended",
    session: "s1",
    user: "ada",
    call: 1,
    tool: "log_tail",
    status: "timed_out",
    duration_ms: 20,
    bytes: 0,
    error: "too late",
  }]);
  rig.scope.close("end of test");
});

Deno.test("a tool that cannot be written down does not run, nor is a result told that cannot", async () => {
  const rig = new AuditedRig();
  await rig.ask("diagnose", "s1");
  const { gate } = job(rig.diagnose.runs).request;
  assert.ok(gate);
  const pass = await gate.enter("disk_overview", {});
  rig.log.broken = true;
  await assert.rejects(gate.enter("disk_overview", {}), { message: UNWRITABLE, kind: "not_allowed" });
  await assert.rejects(pass.leave({ status: "ok", bytes: 3 }), { message: UNWRITABLE, kind: "not_allowed" });
  rig.log.broken = false;
  await gate.enter("disk_overview", {});
  rig.scope.cancel("s1", "enough");
  await assert.rejects(gate.enter("disk_overview", {}), /the session is over$/);
  assert.equal(rig.log.of("tool.asked").length, 2);
  await rig.clock.tick(1000);
});

Deno.test("a tool that a limit keeps from running is written down once", async () => {
  const rig = new AuditedRig({ settings: { maxToolRuns: 1 } });
  await rig.ask("diagnose", "s1");
  const { gate } = job(rig.diagnose.runs).request;
  assert.ok(gate);
  await gate.enter("disk_overview", {});
  for (let n = 0; n < 3; n++) await assert.rejects(gate.enter("disk_overview", {}), /more than 1 tool runs/);
  await settle();
  assert.deepEqual(rig.log.of("tool.refused").map(({ call, reason }) => [call, reason]), [
    [2, "more than 1 tool runs in a session"],
  ]);
  rig.scope.close("end of test");
});

Deno.test("very long arguments are cut, whatever they are", async () => {
  const rig = new AuditedRig();
  await rig.ask("diagnose", "s1");
  const { gate } = job(rig.diagnose.runs).request;
  const args = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, "v".repeat(50_000)]));
  await gate?.enter("x".repeat(100_000), args);
  const [asked] = rig.log.of("tool.asked");
  assert.ok(JSON.stringify(asked).length < 10_000);
  rig.scope.close("end of test");
});
