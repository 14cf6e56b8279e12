import assert from "node:assert/strict";
import { ServerNotifier } from "../../lib/alerts/notifiers/server.ts";
import { DeliveryRig, numbered, range } from "./delivery_rig.ts";

Deno.test("the server's notifier takes every event, connected or not", () => {
  using rig = new DeliveryRig();
  const notifier = new ServerNotifier(rig.queue, rig.delivery);
  assert.equal(notifier.name, "server");
  assert.equal(notifier.forward(numbered(0)), true);
  rig.attach();
  assert.equal(notifier.forward(numbered(1)), true);
  assert.deepEqual(rig.next()?.events, [0, 1]);
  rig.delivery.detach({ answered: false });
  assert.equal(notifier.forward(numbered(2)), true);
  assert.equal(rig.queue.waiting, 1);
});

Deno.test("it wakes the connection for each event", () => {
  using rig = new DeliveryRig();
  const notifier = new ServerNotifier(rig.queue, rig.delivery);
  rig.attach();
  const { wakes } = rig;
  for (const n of range(0, 3)) notifier.forward(numbered(n));
  assert.equal(rig.wakes, wakes + 3);
});

Deno.test("it takes events when the buffer is full: the oldest are dropped and counted", () => {
  using rig = new DeliveryRig({ capacity: 10 });
  const notifier = new ServerNotifier(rig.queue, rig.delivery);
  for (const n of range(0, 25)) assert.equal(notifier.forward(numbered(n)), true);
  assert.deepEqual([rig.queue.length, rig.queue.dropped], [10, 15]);
  rig.attach();
  assert.deepEqual(rig.next()?.events, range(15, 25));
});
