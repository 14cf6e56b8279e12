import assert from "node:assert/strict";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";
import { ConnectionRig, FakeSelf } from "./connection_rig.ts";

Deno.test("the first heartbeat goes out at once, then one every 30 s", async () => {
  const clock = new FakeClock();
  await using rig = await ConnectionRig.start({}, { clock });
  const connection = await rig.registered();
  const { payload } = await connection.next("heartbeat");
  assert.deepEqual(payload, { active_sessions: 0, active_alerts: 2, cpu_pct: 12.5 });
  for (let beat = 2; beat <= 3; beat++) {
    connection.send({ type: "ping" });
    await clock.tick(29_999);
    assert.equal(connection.receivedOf("heartbeat").length, beat - 1);
    await clock.tick(1);
    await connection.next("heartbeat");
  }
  const told = rig.events.filter(({ type }) => type === "heartbeat");
  assert.equal(told.length, 3);
  rig.stop.abort();
  await tickToEnd(rig, clock);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a heartbeat that cannot be filled in is left out; the next one comes", async () => {
  let calls = 0;
  class Moody extends FakeSelf {
    override heartbeat() {
      if (++calls === 1) throw new Error("not even a promise");
      return calls === 2 ? Promise.reject(new Error("not now")) : super.heartbeat();
    }
  }
  await using rig = await ConnectionRig.start({}, { self: new Moody(), timings: { heartbeatMs: 5 } });
  const connection = await rig.registered();
  await connection.next("heartbeat");
  assert.deepEqual(rig.log.events("error"), ["link.heartbeat_failed", "link.heartbeat_failed"]);
});

Deno.test("a heartbeat that is never filled in holds nothing up, and is not asked for twice", async () => {
  let calls = 0;
  class Hanging extends FakeSelf {
    override heartbeat() {
      calls++;
      return new Promise<never>(() => {});
    }
  }
  await using rig = await ConnectionRig.start({}, { self: new Hanging(), timings: { heartbeatMs: 5 } });
  const connection = await rig.registered();
  rig.push(3);
  await connection.next("alert_events");
  await until("beats were missed", () => rig.log.events("warning").length > 2);
  assert.equal(calls, 1);
  rig.stop.abort();
  assert.equal((await rig.life).end.kind, "stopped");
});

Deno.test("a heartbeat filled in late is sent on no later connection", async () => {
  const late = Promise.withResolvers<Awaited<ReturnType<FakeSelf["heartbeat"]>>>();
  let calls = 0;
  class Late extends FakeSelf {
    override heartbeat() {
      return ++calls === 1 ? late.promise : super.heartbeat();
    }
  }
  await using rig = await ConnectionRig.start({}, { self: new Late() });
  (await rig.registered()).cut("fin");
  await rig.life;
  const second = await rig.registered();
  await second.next("heartbeat");
  late.resolve({ active_sessions: 99, active_alerts: 0 });
  rig.stop.abort();
  await rig.life;
  assert.deepEqual(second.receivedOf("heartbeat").map(({ payload }) => payload.active_sessions), [0]);
});

Deno.test("under heartbeat_ack, one that is not answered for 10 s ends the connection", async () => {
  const clock = new FakeClock();
  await using rig = await ConnectionRig.start({
    capabilities: ["heartbeat_ack"],
    verdict: () => "withhold",
  }, { clock });
  const connection = await rig.registered();
  await connection.next("heartbeat");
  await clock.tick(10); // it is noticed that it was written
  await clock.tick(9980);
  assert.ok(!rig.events.some(({ type }) => type === "ended"));
  connection.send({ type: "ping" }); // other messages are no answer
  await clock.tick(100);
  const { end, registered } = await rig.life;
  assert.deepEqual(end, { kind: "lost", reason: "the hub did not answer a heartbeat within 10000 ms" });
  assert.equal(registered, true);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("under heartbeat_ack, answers keep it alive, also those that come at once or twice", async () => {
  const clock = new FakeClock();
  await using rig = await ConnectionRig.start({
    capabilities: ["heartbeat_ack"],
    verdict: () => "duplicate",
  }, { clock });
  const connection = await rig.registered();
  for (let beat = 0; beat < 4; beat++) {
    await connection.next("heartbeat");
    await until("its ack was read", async () => {
      await clock.tick(1);
      return clock.pendingDelaysMs.every((delayMs) => delayMs > 10_000);
    });
    await clock.tick(30_000 - clock.monotonicMs() % 30_000);
    await clock.tick(1000 + beat);
  }
  assert.ok(!rig.events.some(({ type }) => type === "ended"));
});

Deno.test("without heartbeat_ack nobody waits for an answer", async () => {
  const clock = new FakeClock();
  await using rig = await ConnectionRig.start({}, { clock });
  const connection = await rig.registered();
  await connection.next("heartbeat");
  await clock.tick(60_000);
  assert.ok(!rig.events.some(({ type }) => type === "ended"));
});

async function tickToEnd(rig: ConnectionRig, clock: FakeClock): Promise<void> {
  await until("it ended", async () => {
    await clock.tick(5);
    return rig.events.some(({ type }) => type === "ended");
  });
  await rig.life;
}
