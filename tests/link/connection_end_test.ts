import assert from "node:assert/strict";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";
import { ConnectionRig } from "./connection_rig.ts";

Deno.test("a hub that is silent for 90 s is given up; any message counts against it", async () => {
  const clock = new FakeClock();
  await using rig = await ConnectionRig.start({}, { clock });
  const connection = await rig.registered();
  for (const message of ["no JSON", '{"type":"ping"}', '{"type":"unknown"}']) {
    await clock.tick(80_000);
    connection.send(message);
    connection.send({ type: "session_cancel", payload: { session_id: "x" } });
    await until("it is read", () => rig.sessions.scope.calls.pop());
  }
  await clock.tick(89_000);
  assert.ok(!rig.events.some(({ type }) => type === "ended"));
  await clock.tick(1000);
  const { end, registered } = await rig.life;
  assert.deepEqual(end, { kind: "lost", reason: "the hub was silent for 90000 ms" });
  assert.equal(registered, true);
  assert.equal(clock.pendingTimers, 0);
});

for (const how of ["fin", "reset"] as const) {
  Deno.test(`cut (${how}) while it registers: not registered`, async () => {
    await using rig = await ConnectionRig.start({ cutAfter: { messages: 1, how } });
    assert.deepEqual(await rig.run(), {
      end: { kind: "not_registered", reason: "the connection broke" },
      registered: false,
    });
  });

  Deno.test(`cut (${how}) while it is registered: lost, and its sessions are closed`, async () => {
    await using rig = await ConnectionRig.start();
    const connection = await rig.registered();
    connection.cut(how);
    assert.deepEqual(await rig.life, {
      end: { kind: "lost", reason: "the connection broke" },
      registered: true,
    });
    assert.deepEqual(rig.sessions.scope.calls, ["close: connection lost"]);
  });

  Deno.test(`cut (${how}) in the middle of a frame: lost`, async () => {
    await using rig = await ConnectionRig.start();
    const connection = await rig.registered();
    connection.sendRaw(new Uint8Array([0x81, 100, 0x7b]));
    connection.cut(how);
    assert.equal((await rig.life).end.kind, "lost");
  });

  Deno.test(`cut (${how}) at the upgrade: not dialled`, async () => {
    await using rig = await ConnectionRig.start({ cutAtUpgrade: how });
    const { end, registered } = await rig.run();
    assert.deepEqual([end.kind, registered], ["dial_failed", false]);
  });

  Deno.test(`cut (${how}) in answer to the goodbye: it ends all the same`, async () => {
    await using rig = await ConnectionRig.start({ answerClose: false });
    const connection = await rig.registered();
    connection.closed.then(() => connection.cut(how));
    rig.stop.abort();
    assert.equal((await rig.life).end.kind, "stopped");
  });
}

Deno.test("a hub that closes the WebSocket: lost, with its code and reason", async () => {
  await using rig = await ConnectionRig.start();
  (await rig.registered()).close(1012, "restarting");
  assert.deepEqual((await rig.life).end, {
    kind: "lost",
    reason: "the hub closed it with code 1012: restarting",
  });
});

Deno.test("disconnect says goodbye in order: sessions end, output and alerts leave, then the close frame", async () => {
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  const { scope } = rig.sessions;
  scope.onStop = () => {
    scope.outlet.final("s", { report: "# the end" }, () => {});
    rig.push(3);
  };
  connection.send({ type: "disconnect", payload: { reason: "maintenance", retry_after_sec: 30 } });
  const { end, registered } = await rig.life;
  assert.deepEqual(end, { kind: "disconnected", reason: "maintenance", retryAfterSec: 30 });
  assert.equal(registered, true);
  assert.deepEqual(await connection.closed, { how: "close", code: 1000, reason: "disconnected by the hub" });
  assert.equal(connection.receivedOf("session_output").at(-1)?.payload.done, true);
  assert.equal(connection.receivedOf("alert_events").length, 1);
  assert.deepEqual(scope.calls, ["stop: the hub disconnected", "close: connection lost"]);
  assert.equal(rig.queue.length, 0, "an answered goodbye settles what was written");
});

Deno.test("disconnect without a payload asks for no wait; a second one changes nothing", async () => {
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  connection.send('{"type":"disconnect"}');
  connection.send({ type: "disconnect", payload: { retry_after_sec: 99 } });
  assert.deepEqual((await rig.life).end, { kind: "disconnected", reason: "", retryAfterSec: 0 });
});

Deno.test("a disconnect and a close frame right behind it: disconnected; nothing counts as read by the hub", async () => {
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  rig.push(1);
  await connection.next("alert_events");
  connection.send({ type: "disconnect", payload: { retry_after_sec: 5 } });
  connection.close(1000, "bye");
  assert.equal((await rig.life).end.kind, "disconnected");
  assert.equal(rig.queue.length, 1, "it may not have been stored: it is sent again");
});

Deno.test("a message that is too big ends it with 4009, registered or not", async () => {
  const tooBig = "x".repeat(2 * 1024 * 1024);
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  connection.send(tooBig);
  assert.equal((await rig.life).end.kind, "lost");
  assert.deepEqual(await connection.closed, { how: "close", code: 4009, reason: "message too big" });

  await using early = await ConnectionRig.start({ stall: "register", beforeAck: [tooBig] });
  const unregistered = await early.dialled();
  assert.equal((await early.life).end.kind, "not_registered");
  assert.equal((await unregistered.closed).code, 4009);
});

Deno.test("a machine that slept does not trust the socket: it is abandoned at once", async () => {
  await using rig = await ConnectionRig.start({ answerClose: false });
  await rig.registered();
  rig.suspended.abort(3600);
  assert.deepEqual(await rig.life, { end: { kind: "suspended", sleptSec: 3600 }, registered: true });
  assert.deepEqual(rig.sessions.scope.calls, ["close: connection lost"]);
});

Deno.test("a machine that slept while dialling gives the dial up", async () => {
  await using rig = await ConnectionRig.start({ stall: "accept" });
  const life = rig.run();
  await rig.hub.nextHandshake();
  rig.suspended.abort(60);
  assert.deepEqual(await life, { end: { kind: "suspended", sleptSec: 60 }, registered: false });
});

Deno.test("nothing is heard of a connection after its life", async () => {
  await using rig = await ConnectionRig.start({}, { timings: { heartbeatMs: 2 } });
  const connection = await rig.registered();
  connection.cut("fin");
  await rig.life;
  const [events, calls] = [rig.events.length, rig.sessions.scope.calls.length];
  const { outlet } = rig.sessions.scope;
  await outlet.output("s", "answer", "late");
  outlet.final("s", {}, () => assert.fail("it was not sent"));
  outlet.ack("m");
  rig.push(1);
  await new Promise((resolve) => setTimeout(resolve, 20)); // ten heartbeats' time
  assert.deepEqual([rig.events.length, rig.sessions.scope.calls.length], [events, calls]);
});

Deno.test("a part that fails at the end does not keep the others from theirs", async () => {
  await using rig = await ConnectionRig.start();
  const connection = await rig.registered();
  rig.delivery.detach = () => {
    throw new Error("the disk is gone");
  };
  rig.sessions.scope.onStop = () => Promise.reject(new Error("a session's fault"));
  rig.stop.abort();
  assert.deepEqual(await rig.life, { end: { kind: "stopped" }, registered: true });
  assert.equal((await connection.closed).code, 1000);
  assert.equal(rig.sessions.scope.calls.at(-1), "close: connection lost");
  assert.deepEqual(rig.log.events("error"), ["link.end_failed", "link.end_failed"]);
});

Deno.test("timings that no timer can keep are refused by name", async () => {
  for (const bad of [0, -1, NaN, Infinity, 2 ** 31]) {
    await assert.rejects(
      ConnectionRig.start({}, { timings: { readMs: bad } }),
      /readMs must be from 1 to 2147483647/,
    );
  }
});

Deno.test("listeners that throw are logged and disturb nothing", async () => {
  await using rig = await ConnectionRig.start();
  rig.events.push = () => {
    throw new Error("a listener's fault");
  };
  const connection = await rig.dialled();
  await connection.next("heartbeat");
  rig.stop.abort();
  assert.equal((await rig.life).end.kind, "stopped");
  assert.deepEqual(new Set(rig.log.events("error")), new Set(["listener.threw"]));
});
