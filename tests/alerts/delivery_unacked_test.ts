import assert from "node:assert/strict";
import { DeliveryRig, must, range } from "./delivery_rig.ts";

Deno.test("without acks a batch is settled when the connection has stood 2 s after it was written", async () => {
  using rig = new DeliveryRig();
  rig.attach(false);
  rig.push(150);
  const [a, b] = [must(rig.next()), must(rig.next())];
  await rig.clock.tick(5000);
  assert.equal(rig.queue.length, 150, "not written: it does not age");
  a.written();
  await rig.clock.tick(500);
  b.written();
  await rig.clock.tick(1499);
  assert.equal(rig.queue.length, 150);
  await rig.clock.tick(1);
  assert.equal(rig.queue.length, 50);
  await rig.clock.tick(500);
  assert.equal(rig.queue.length, 0);
  assert.deepEqual(rig.delivery.figures, { batches: 2, delivered: 150, rejected: 0, resent: 0 });
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("flushed means written, as far as can be known", () => {
  using rig = new DeliveryRig();
  rig.attach(false);
  assert.equal(rig.delivery.flushed, true);
  rig.push(1);
  assert.equal(rig.delivery.flushed, false);
  const batch = must(rig.next());
  assert.equal(rig.delivery.flushed, false);
  batch.written();
  assert.equal(rig.delivery.flushed, true);
});

Deno.test("what was younger than 2 s when the connection was lost is sent again, with the same ids", async () => {
  using rig = new DeliveryRig();
  rig.attach(false);
  rig.push(100);
  rig.writeAll();
  await rig.clock.tick(1500);
  rig.push(200);
  const young = rig.writeAll();
  await rig.clock.tick(499);
  rig.push(100);
  const unwritten = rig.all();
  await rig.clock.tick(1);
  rig.delivery.detach({ answered: false });
  assert.equal(rig.queue.length, 300);
  rig.attach(false);
  assert.deepEqual(rig.all().map(({ id }) => id), [...young, ...unwritten].map(({ id }) => id));
  assert.equal(rig.delivery.figures.resent, 300);
});

Deno.test("a goodbye that the hub answered settles everything written, and only that", () => {
  using rig = new DeliveryRig();
  rig.attach(false);
  rig.push(300);
  const batches = rig.all();
  must(batches[0]).written();
  must(batches[1]).written();
  rig.delivery.detach({ answered: true });
  assert.equal(rig.queue.length, 100);
  rig.attach(false);
  assert.deepEqual(rig.all().map(({ id }) => id), [must(batches[2]).id]);
});

Deno.test("there is no limit of 8 batches before the first loss", () => {
  using rig = new DeliveryRig();
  rig.attach(false);
  rig.push(5000);
  assert.equal(rig.writeAll().length, 50);
});

Deno.test("after a loss the window is 8 batches, and has doubled when it is settled", async () => {
  using rig = new DeliveryRig();
  rig.attach(false);
  rig.push(10_000);
  rig.writeAll();
  rig.delivery.detach({ answered: false });
  rig.attach(false);
  assert.equal(rig.writeAll().length, 8);
  await rig.clock.tick(1999);
  assert.equal(rig.writeAll().length, 0);
  await rig.clock.tick(1);
  assert.equal(rig.writeAll().length, 16);
  await rig.clock.tick(2000);
  assert.equal(rig.writeAll().length, 32);
  await rig.clock.tick(2000);
  assert.equal(rig.writeAll().length, 44, "all that is left");
});

Deno.test("batches written one after the other open the window no faster", async () => {
  using rig = new DeliveryRig();
  rig.attach(false);
  rig.push(10_000);
  rig.writeAll();
  rig.delivery.detach({ answered: false });
  rig.attach(false);
  for (const batch of rig.all()) {
    batch.written();
    await rig.clock.tick(10);
  }
  await rig.clock.tick(2000);
  assert.equal(rig.writeAll().length, 16);
});

Deno.test("a loss with nothing under way does not narrow the window", async () => {
  using rig = new DeliveryRig();
  rig.attach(false);
  rig.push(1000);
  rig.writeAll();
  await rig.clock.tick(2000);
  rig.delivery.detach({ answered: false });
  rig.push(2000);
  rig.attach(false);
  assert.equal(rig.writeAll().length, 20);
});

Deno.test("a hub that cuts every few thousand events gets on with every connection", async () => {
  using rig = new DeliveryRig();
  rig.push(20_000);
  const seen = new Set<number>();
  let connections = 0;
  for (; rig.queue.length > 0; connections++) {
    assert.ok(connections < 12, `${seen.size} events after ${connections} connections`);
    rig.attach(false);
    for (let left = 50; left > 0;) {
      const batch = rig.next();
      if (batch !== undefined) {
        batch.written();
        left--;
        for (const event of batch.events) seen.add(event);
      } else if (rig.queue.length > 0) await rig.clock.tick(100);
      else break;
    }
    rig.delivery.detach({ answered: false });
  }
  assert.deepEqual([...seen].sort((a, b) => a - b), range(0, 20_000));
});

Deno.test("no timer is left when a connection is detached", async () => {
  using rig = new DeliveryRig();
  rig.attach(false);
  rig.push(100);
  rig.writeAll();
  assert.equal(rig.clock.pendingTimers, 1);
  rig.delivery.detach({ answered: false });
  assert.equal(rig.clock.pendingTimers, 0);
  await rig.clock.tick(5000);
  assert.equal(rig.queue.length, 100);
});
