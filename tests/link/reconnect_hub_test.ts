import assert from "node:assert/strict";
import { systemClock } from "../../lib/clock.ts";
import { Backoff } from "../../lib/link/backoff.ts";
import { runForever } from "../../lib/link/reconnect.ts";
import { ServerPool } from "../../lib/link/server_pool.ts";
import { SuspensionDetector } from "../../lib/link/suspension.ts";
import { range } from "../alerts/delivery_rig.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";
import { alertNumbers, ConnectionRig } from "./connection_rig.ts";

/** Quick ladders, so that tests need not turn a clock. */
const quick = new Backoff({ firstMs: 2, maxMs: 10, unauthorizedFirstMs: 2, unauthorizedMaxMs: 10 });

function loop(rig: ConnectionRig, clock?: FakeClock): { end: () => Promise<void> } {
  const stop = new AbortController();
  const running = runForever({
    connection: rig.connection,
    waits: new ServerPool({
      urls: [new URL("ws://hub")],
      backoff: clock ? new Backoff() : quick,
      clock: clock ?? systemClock,
      random: () => 0,
    }),
    suspension: new SuspensionDetector(clock ? { clock } : { clock: new FakeClock() }),
    logger: rig.log.logger,
    onEvent: (event) => rig.events.push(event),
    ...(clock && { clock }),
  }, stop.signal);
  return {
    end: async () => {
      stop.abort();
      await running;
    },
  };
}

Deno.test("alerts survive a hub that misbehaves in a new way on every connection", async () => {
  await using rig = await ConnectionRig.start((index) =>
    [
      { refuse: { status: 503 } },
      { cutAtUpgrade: "reset" as const },
      { cutAfter: { messages: 1, how: "fin" as const } },
      { ack: { ok: false, error: "not yet" } },
      { refuse: { status: 401 } },
      { cutAfter: { messages: 4, how: "reset" as const } },
      { cutAfter: { messages: 9, how: "fin" as const }, capabilities: ["alert_ack"] },
      { capabilities: ["alert_ack"], verdict: () => "duplicate" as const },
    ][Math.min(index, 7)] ?? {}
  );
  rig.push(3000);
  const { end } = loop(rig);
  await until("all are settled", () => rig.queue.length === 0);
  await end();
  const seen = alertNumbers(...rig.hub.connections);
  assert.deepEqual([...new Set(seen)].sort((a, b) => a - b), range(0, 3000));
  assert.equal(rig.hub.handshakes.length, 8);
  for (const connection of rig.hub.connections) assert.deepEqual(connection.violations, []);
});

Deno.test("a machine that slept leaves its connection and dials a new one at once", async () => {
  const clock = new FakeClock();
  await using rig = await ConnectionRig.start({}, { clock });
  const { end } = loop(rig, clock);
  await rig.hub.nextConnection();
  await until("it is registered", () => rig.sessions.scopes.length === 1);
  clock.suspendedSec = 900;
  await clock.tick(2000);
  const second = await rig.hub.nextConnection();
  await second.next("register");
  await until("it is registered", () => rig.sessions.scopes.length === 2);
  assert.deepEqual(rig.sessions.scopes[0]?.calls, ["close: connection lost"]);
  const ended = end();
  await until("it has ended", async () => {
    await clock.tick(5);
    return clock.pendingTimers === 0;
  });
  await ended;
});

Deno.test("a machine that slept during a stalled dial dials anew at once", async () => {
  const clock = new FakeClock();
  await using rig = await ConnectionRig.start((index) => index === 0 ? { stall: "accept" } : {}, { clock });
  const { end } = loop(rig, clock);
  await rig.hub.nextHandshake();
  clock.suspendedSec = 900;
  await clock.tick(2000);
  await rig.hub.nextConnection();
  assert.equal(rig.hub.probes.length, 0, "nobody asks why a dial failed that was given up");
  const ended = end();
  await until("it has ended", async () => {
    await clock.tick(5);
    return clock.pendingTimers === 0;
  });
  await ended;
});

Deno.test("two loops in one process keep out of each other's way", async () => {
  await using one = await ConnectionRig.start({ capabilities: ["alert_ack"] });
  await using other = await ConnectionRig.start({ cutAfter: { messages: 3, how: "reset" } });
  const [first, second] = [loop(one), loop(other)];
  const connection = await one.hub.nextConnection();
  other.push(10);
  for (let cut = 0; cut < 5; cut++) await other.hub.nextConnection();
  one.push(500);
  await until("all are settled", () => one.queue.length === 0);
  assert.equal(one.hub.connections.length, 1);
  await second.end();
  one.push(1);
  await until("it came", () => alertNumbers(connection).length === 501);
  await first.end();
});
