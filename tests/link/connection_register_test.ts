import assert from "node:assert/strict";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import type { RegisterAck } from "../fakes/fake_hub.ts";
import { until } from "../fakes/until.ts";
import { AGENT_ID, ConnectionRig, FakeSelf } from "./connection_rig.ts";

Deno.test("it dials the endpoint with exactly the protocol's headers", async () => {
  for (const token of [undefined, "", "s3cret"]) {
    await using rig = await ConnectionRig.start({}, token === undefined ? {} : { token });
    const { handshake } = await rig.dialled();
    assert.equal(handshake.path, "/api/v1/agent/ws");
    const own = Object.fromEntries(
      Object.entries(handshake.headers).filter(([name]) => name.startsWith("x-")),
    );
    assert.deepEqual(own, {
      "x-agent-id": AGENT_ID,
      ...(token && { "x-agent-token": token }),
      "x-proto-version": "1",
    });
  }
});

Deno.test("register tells what the agent knows of itself, and what it can do", async () => {
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  const { type, id, payload } = await connection.next("register");
  assert.equal(connection.received[0]?.type, "register", "nothing goes before it");
  assert.equal(type, "register");
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(payload, {
    ...new FakeSelf().register(),
    capabilities: ["alert_ack", "heartbeat_ack", "session_input_ack"],
  });
});

Deno.test("what register needs is prepared while the server answers the dial, and register waits for it", async () => {
  const prepared = Promise.withResolvers<void>();
  let plugins = ["not known yet"];
  let dialled: number | undefined;
  const self = Object.assign(new FakeSelf(), {
    prepare: () => {
      dialled = rig.hub.handshakes.length;
      return prepared.promise;
    },
    register: () => ({ ...new FakeSelf().register(), plugins }),
  });
  await using rig = await ConnectionRig.start({}, { self });
  const connection = await rig.dialled();
  assert.equal(dialled, 0, "before the server has seen anything");
  await settle();
  assert.deepEqual(connection.received, []);
  plugins = ["cpu"];
  prepared.resolve();
  assert.deepEqual((await connection.next("register")).payload.plugins, ["cpu"]);
});

Deno.test("an agent that is stopped while it prepares registers no more", async () => {
  const prepared = Promise.withResolvers<void>();
  const self = Object.assign(new FakeSelf(), { prepare: () => prepared.promise });
  await using rig = await ConnectionRig.start({}, { self });
  const connection = await rig.dialled();
  rig.stop.abort();
  prepared.resolve();
  assert.deepEqual(await rig.life, { end: { kind: "stopped" }, registered: false });
  assert.deepEqual(connection.received, []);
});

const acks: [string, RegisterAck][] = [["with its id", {}], ["without ref_id", { refId: "absent" }]];
for (const [what, ack] of acks) {
  Deno.test(`an ack ${what} registers`, async () => {
    await using rig = await ConnectionRig.start({ ack });
    await rig.registered();
    rig.stop.abort();
    assert.deepEqual(await rig.life, { end: { kind: "stopped" }, registered: true });
  });
}

Deno.test("an ack of something else is ignored", async () => {
  await using rig = await ConnectionRig.start({ ack: { refId: "wrong" } });
  const connection = await rig.dialled();
  const register = await connection.next("register");
  await settle();
  assert.equal(rig.sessions.scopes.length, 0);
  connection.ackRegister(register);
  await until("it is registered", () => rig.sessions.scopes.length === 1);
});

Deno.test("a second ack changes nothing", async () => {
  await using rig = await ConnectionRig.start({ capabilities: ["alert_ack"] });
  const connection = await rig.registered();
  connection.ackRegister(await connection.next("register"), { ok: false, error: "no" });
  connection.send({ type: "ack", payload: { ok: false } });
  connection.send({ type: "session_cancel", payload: { session_id: "last" } });
  await until("the last message was read", () => rig.sessions.scope.calls.length > 0);
  assert.equal(rig.sessions.scopes.length, 1);
  assert.equal(rig.events.filter(({ type }) => type === "registered").length, 1);
});

Deno.test("a refusal ends it, with the server's reason", async () => {
  for (
    const [error, reason] of [["too many agents", "too many agents"], [undefined, "the hub gave no reason"]]
  ) {
    await using rig = await ConnectionRig.start({ ack: { ok: false, ...(error && { error }) } });
    const connection = await rig.dialled();
    assert.deepEqual(await rig.life, {
      end: { kind: "not_registered", reason: `register rejected: ${reason}` },
      registered: false,
    });
    assert.equal((await connection.closed).code, 1000);
    assert.equal(rig.sessions.scopes.length, 0);
  }
});

Deno.test("a warning is logged", async () => {
  await using rig = await ConnectionRig.start({ ack: { warning: "please upgrade" } });
  await rig.registered();
  assert.deepEqual(
    rig.log.records.find(({ event }) => event === "link.hub_warning")?.fields["warning"],
    "please upgrade",
  );
});

Deno.test("capabilities are the hub's answer; what it makes up beside them does no harm", async () => {
  await using rig = await ConnectionRig.start({ ack: { capabilities: ["session_input_ack", "teleport"] } });
  await rig.registered();
  assert.ok(rig.sessions.scope.capabilities.has("session_input_ack"));
  assert.ok(!rig.sessions.scope.capabilities.has("alert_ack"));
});

Deno.test("no ack in time ends it", async () => {
  const clock = new FakeClock();
  await using rig = await ConnectionRig.start({ stall: "register" }, { clock });
  const connection = await rig.dialled();
  await connection.next("register");
  await clock.tick(9999);
  assert.equal(rig.events.length, 1);
  await clock.tick(1);
  const { end, registered } = await rig.life;
  assert.deepEqual(end, { kind: "not_registered", reason: "no ack of register within 10000 ms" });
  assert.equal(registered, false);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("an ack that comes while the goodbye is under way registers nothing any more", async () => {
  await using rig = await ConnectionRig.start({ stall: "register", answerClose: false }, {
    timings: { registerMs: 20, closeMs: 60 },
  });
  const connection = await rig.dialled();
  const register = await connection.next("register");
  await connection.closed;
  connection.ackRegister(register);
  const { end, registered } = await rig.life;
  assert.deepEqual([end.kind, registered], ["not_registered", false]);
  assert.equal(rig.sessions.scopes.length, 0);
  assert.deepEqual(rig.events.map(({ type }) => type), ["connecting", "ended"]);
});

Deno.test("a ping before the ack is ignored, a disconnect obeyed", async () => {
  await using rig = await ConnectionRig.start({
    stall: "register",
    beforeAck: [
      { type: "ping" },
      "no JSON",
      { type: "disconnect", payload: { reason: "maintenance", retry_after_sec: 7 } },
    ],
  });
  const connection = await rig.dialled();
  assert.deepEqual(await rig.life, {
    end: { kind: "disconnected", reason: "maintenance", retryAfterSec: 7 },
    registered: false,
  });
  assert.deepEqual([(await connection.closed).how, (await connection.closed).code], ["close", 1000]);
});

Deno.test("what comes for sessions before the ack is handled after it, in order, unreadable starts too", async () => {
  await using rig = await ConnectionRig.start({
    beforeAck: [
      { type: "session_start", payload: { session_id: "a" } },
      { type: "session_input", payload: { session_id: "a", message: "hello" } },
      { type: "session_start", payload: { session_id: 7 } },
      { type: "session_cancel", payload: { session_id: "a", reason: "enough" } },
    ],
  });
  const connection = await rig.registered();
  await connection.next("ack");
  assert.deepEqual(rig.sessions.scope.calls, [
    "start a",
    "input a hello",
    "start unreadable",
    "cancel a enough",
  ]);
});

Deno.test("no more than 64 such messages are kept", async () => {
  const many = Array.from({ length: 100 }, () => ({ type: "session_start", payload: { session_id: "a" } }));
  await using rig = await ConnectionRig.start({ beforeAck: many });
  await rig.registered();
  await until("they are handled", () => rig.sessions.scope.calls.length > 0);
  assert.equal(rig.sessions.scope.calls.length, 64);
  assert.equal(rig.log.events("warning").length, 36);
});

Deno.test("an agent that cannot say who it is, is not registered; its socket is closed", async () => {
  class Nameless extends FakeSelf {
    override register(): never {
      throw new Error("no name");
    }
  }
  await using rig = await ConnectionRig.start({}, { self: new Nameless() });
  const connection = await rig.dialled();
  const { end } = await rig.life;
  assert.deepEqual(end, { kind: "not_registered", reason: "cannot fill in register: no name" });
  assert.equal((await connection.closed).how, "close");
});

Deno.test("sessions that cannot be opened end it before it counts as registered", async () => {
  const sessions = {
    open(): never {
      throw new Error("no memory");
    },
  };
  await using rig = await ConnectionRig.start({}, { sessions });
  await rig.dialled();
  assert.deepEqual(await rig.life, {
    end: { kind: "not_registered", reason: "cannot open sessions: no memory" },
    registered: false,
  });
});

Deno.test("the token is in no event and in no log line", async () => {
  const token = "s3cret-token-of-the-agent";
  for (const script of [{}, { refuse: { status: 401 } }, { refuse: { status: 503 } }]) {
    await using rig = await ConnectionRig.start(script, { token });
    const life = rig.run();
    if (!("refuse" in script)) {
      await until("it is registered", () => rig.sessions.scopes.length > 0);
      rig.stop.abort();
    }
    await life;
    assert.doesNotMatch(JSON.stringify([rig.events, rig.log.records]), new RegExp(token));
  }
});

Deno.test("a hub that cannot be dialled is an ordinary end, with the wait it asks for", async () => {
  await using rig = await ConnectionRig.start({ refuse: { status: 503, headers: { "Retry-After": "9" } } });
  const { end, registered } = await rig.run();
  assert.ok(end.kind === "dial_failed");
  assert.deepEqual([end.retryAfterSec, registered], [9, false]);
  await using closed = await ConnectionRig.start({ refuse: { status: 401 } });
  assert.equal((await closed.run()).end.kind, "unauthorized");
});

Deno.test("one life can follow the other", async () => {
  await using rig = await ConnectionRig.start();
  for (let life = 0; life < 3; life++) {
    const connection = await rig.registered();
    connection.cut("fin");
    assert.equal((await rig.life).end.kind, "lost");
  }
  assert.equal(rig.hub.connections.length, 3);
});
