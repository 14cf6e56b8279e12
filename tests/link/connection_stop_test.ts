import assert from "node:assert/strict";
import type { Behaviour } from "../fakes/fake_hub.ts";
import { until } from "../fakes/until.ts";
import { alertNumbers, ConnectionRig } from "./connection_rig.ts";
import { range } from "../alerts/delivery_rig.ts";

/** Bounds short enough that a hub which lets each of them pass costs no test a second. */
const SHORT = { closeMs: 60, flushMs: 100, dialMs: 5000 };

Deno.test("stop: sessions first, then what they and the alerts still have to say, then the close frame", async () => {
  for (const capabilities of [[], ["alert_ack"]]) {
    await using rig = await ConnectionRig.start({ capabilities });
    const connection = await rig.registered();
    const { scope } = rig.sessions;
    scope.onStop = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      scope.outlet.output("s", "answer", "last words");
      scope.outlet.final("s", {}, () => {});
    };
    rig.push(450);
    rig.stop.abort();
    assert.deepEqual(await rig.life, { end: { kind: "stopped" }, registered: true });
    assert.deepEqual(await connection.closed, { how: "close", code: 1000, reason: "agent stopping" });
    assert.deepEqual(scope.calls, ["stop: the agent is stopping", "close: connection lost"]);
    const outputs = connection.receivedOf("session_output").map((
      { payload },
    ) => [payload.delta, payload.done]);
    assert.deepEqual(outputs, [["last words", false], ["", true]]);
    assert.deepEqual(alertNumbers(connection), range(0, 450));
    assert.deepEqual([rig.queue.length, rig.delivery.figures.delivered], [0, 450]);
    assert.deepEqual(connection.violations, []);
  }
});

Deno.test("sessions that are asked for while it stops reach the scope, which refuses them", async () => {
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  const { scope } = rig.sessions;
  scope.onStop = async () => {
    connection.send({ type: "session_start", id: "m1", payload: { session_id: "late" } });
    await until("it came", () => scope.calls.includes("start late"));
  };
  rig.stop.abort();
  await rig.life;
  assert.equal(connection.receivedOf("ack").at(-1)?.ref_id, "m1", "it was answered before the goodbye");
});

const stubborn: [string, Behaviour][] = [
  ["never answers the goodbye", { answerClose: false }],
  ["fell silent", { silentAfter: 1 }],
  ["reads nothing any more", { stopReadingAfter: 2 }],
  ["reads nothing any more and owes acks", { stopReadingAfter: 2, capabilities: ["alert_ack"] }],
  ["acks no alerts", { capabilities: ["alert_ack"], verdict: () => "withhold" }],
  ["refuses all alerts", { capabilities: ["alert_ack"], verdict: () => ({ refuse: "disk full" }) }],
];
for (const [what, behaviour] of stubborn) {
  Deno.test(`stop against a hub that ${what} takes no longer than its bounds, and loses no alert silently`, async () => {
    await using rig = await ConnectionRig.start(behaviour, { timings: SHORT });
    await rig.registered();
    rig.push(50_000);
    const startMs = performance.now();
    rig.stop.abort();
    const { end } = await rig.life;
    assert.equal(end.kind, "stopped");
    assert.ok(performance.now() - startMs < 5000);
    const { delivered, rejected } = rig.delivery.figures;
    assert.equal(delivered + rejected + rig.queue.length, 50_000);
  });
}

Deno.test("stop against a hub that vanishes meanwhile", async () => {
  for (const how of ["fin", "reset"] as const) {
    await using rig = await ConnectionRig.start({}, { timings: SHORT });
    const connection = await rig.registered();
    rig.sessions.scope.onStop = () => connection.cut(how);
    rig.stop.abort();
    assert.equal((await rig.life).end.kind, "stopped");
  }
});

Deno.test("alerts raised during the goodbye stay in the queue: they are not taken for delivered", async () => {
  await using rig = await ConnectionRig.start({ answerClose: false }, { timings: { closeMs: 2000 } });
  const connection = await rig.registered();
  rig.push(5);
  await connection.next("alert_events");
  rig.stop.abort();
  await connection.closed;
  rig.push(7);
  await new Promise((resolve) => setTimeout(resolve, 20));
  connection.close(1000); // now the goodbye is answered
  await rig.life;
  assert.deepEqual(alertNumbers(connection), range(0, 5));
  assert.deepEqual([rig.queue.length, rig.delivery.figures.delivered], [7, 5]);
});

Deno.test("stop while it is dialling, at whatever point, dials nothing to its end", async () => {
  for (const stall of ["accept", "upgrade"] as const) {
    await using rig = await ConnectionRig.start({ stall });
    const life = rig.run();
    await rig.hub.nextHandshake();
    rig.stop.abort();
    assert.deepEqual(await life, { end: { kind: "stopped" }, registered: false });
    assert.equal(rig.hub.connections.length, 0);
  }
});

Deno.test("stop before it is begun", async () => {
  await using rig = await ConnectionRig.start();
  rig.stop.abort();
  assert.deepEqual(await rig.run(), { end: { kind: "stopped" }, registered: false });
  assert.equal(rig.hub.handshakes.length, 0);
});

Deno.test("stop while it registers: it says goodbye, and a late ack begins nothing", async () => {
  await using rig = await ConnectionRig.start({ stall: "register", answerClose: false }, { timings: SHORT });
  const connection = await rig.dialled();
  const register = await connection.next("register");
  rig.push(10);
  rig.stop.abort();
  await connection.closed;
  connection.ackRegister(register);
  assert.deepEqual(await rig.life, { end: { kind: "stopped" }, registered: false });
  assert.equal(rig.sessions.scopes.length, 0);
  assert.equal(rig.queue.length, 10);
});

Deno.test("an ack that crosses the stop begins nothing either", async () => {
  await using rig = await ConnectionRig.start({ stall: "register" });
  const connection = await rig.dialled();
  const register = await connection.next("register");
  connection.ackRegister(register);
  rig.stop.abort(); // the ack is on its way
  assert.equal((await rig.life).end.kind, "stopped");
  assert.equal(rig.sessions.scopes.length, 0);
});

Deno.test("disconnect during the stop, and the stop during a disconnect: the first counts", async () => {
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  rig.sessions.scope.onStop = async () => {
    connection.send({ type: "disconnect", payload: { retry_after_sec: 60 } });
    connection.send({ type: "session_cancel", payload: { session_id: "x" } });
    await until("it was read", () => rig.sessions.scope.calls.some((call) => call.startsWith("cancel")));
  };
  rig.stop.abort();
  assert.equal((await rig.life).end.kind, "stopped");

  await using other = await ConnectionRig.start();
  const second = await other.registered();
  other.sessions.scope.onStop = () => other.stop.abort();
  second.send({ type: "disconnect", payload: { retry_after_sec: 60 } });
  assert.equal((await other.life).end.kind, "disconnected");
});

Deno.test("a machine that slept during the goodbye does not cut it short", async () => {
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  rig.sessions.scope.onStop = () => rig.suspended.abort(60);
  rig.stop.abort();
  assert.equal((await rig.life).end.kind, "stopped");
  assert.equal((await connection.closed).how, "close");
});
