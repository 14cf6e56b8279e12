import assert from "node:assert/strict";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";
import { numbered } from "../alerts/delivery_rig.ts";
import { ConnectionRig } from "./connection_rig.ts";

/**
 * An abandoned socket has a close frame to write behind megabytes that nobody reads. The runtime offers no way to
 * end that, nor to wait for its end: it comes some time after the connection is gone.
 */
const ABANDONING = { sanitizeOps: false };

Deno.test(
  "a hub that stops reading fills neither the socket nor the outbox; in the end it is given up",
  ABANDONING,
  async () => {
    await using rig = await ConnectionRig.start({ stopReadingAfter: 2 }, { timings: { writeMs: 150 } });
    await rig.registered();
    const { scope } = rig.sessions;
    const wide = "x".repeat(10_000);
    for (let n = 0; n < 5000; n++) rig.queue.push(numbered(n, wide));
    rig.delivery.wake();
    for (let n = 0; n < 3000; n++) scope.outlet.output("s", "answer", wide);
    const { end, registered } = await rig.life;
    assert.deepEqual(end, { kind: "lost", reason: "a message could not be written within 150 ms" });
    assert.equal(registered, true);
    // What left the queue is what the kernel and the socket's high water hold: not all 50 MB of it.
    assert.ok(rig.queue.waiting > 3000, `${rig.queue.waiting} wait`);
    assert.equal(rig.queue.length, 5000);
  },
);

Deno.test("a hub that asks much and reads nothing is given up", ABANDONING, async () => {
  await using rig = await ConnectionRig.start({}, { timings: { writeMs: 60_000 } });
  const connection = await rig.registered();
  connection.stopReading();
  const flood = () => {
    for (let count = 0; count < 5000; count++) {
      connection.send(`{"type":"session_start","id":"${"m".repeat(2000)}","payload":{}}`);
    }
  };
  while (!rig.events.some(({ type }) => type === "ended")) {
    flood();
    await new Promise((resolve) => setTimeout(resolve, 1));
    rig.sessions.scope.calls.length = rig.sessions.scope.starts.length = 0;
  }
  assert.deepEqual((await rig.life).end, {
    kind: "lost",
    reason: "the hub asks much and does not read the answers",
  });
});

Deno.test(
  "a producer that waits for room is let go on as the hub reads, and at the end of the connection",
  ABANDONING,
  async () => {
    await using rig = await ConnectionRig.start();
    const connection = await rig.registered();
    const { outlet } = rig.sessions.scope;
    const piece = "y".repeat(100_000);
    for (let passed = 0; passed < 200; passed++) await outlet.output("s", "answer", piece);
    connection.stopReading();
    let waiting = 0;
    const stuck = (async () => {
      for (;; waiting++) {
        await outlet.output("s", "answer", piece);
        if (rig.events.some(({ type }) => type === "ended")) return;
      }
    })();
    await until("it waits", async () => {
      const before = waiting;
      await new Promise((resolve) => setTimeout(resolve, 30));
      return waiting === before;
    });
    connection.cut("reset");
    await rig.life;
    await stuck;
  },
);

Deno.test("a slow reader that gets on is kept", ABANDONING, async () => {
  const clock = new FakeClock();
  await using rig = await ConnectionRig.start({}, { clock });
  const connection = await rig.registered();
  const { outlet } = rig.sessions.scope;
  connection.stopReading();
  for (let count = 0; count < 200; count++) outlet.output("s", "answer", "z".repeat(60_000));
  await clock.tick(9000);
  connection.resumeReading();
  await until("it is all read", async () => {
    await clock.tick(50);
    return connection.receivedOf("session_output").reduce(
      (sum, { payload }) => sum + payload.delta.length,
      0,
    ) ===
      200 * 60_000;
  });
  assert.ok(!rig.events.some(({ type }) => type === "ended"));
});
