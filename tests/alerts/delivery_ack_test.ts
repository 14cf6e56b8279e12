import assert from "node:assert/strict";
import { DeliveryRig, must, range, sizes } from "./delivery_rig.ts";

Deno.test("with acks a batch is settled by its ack and by nothing else", async () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(100);
  const [batch] = rig.writeAll();
  await rig.clock.tick(60_000);
  assert.equal(rig.queue.length, 100);
  assert.equal(rig.delivery.flushed, false);
  assert.equal(rig.delivery.acked(must(batch).id, true), true);
  assert.equal(rig.queue.length, 0);
  assert.equal(rig.delivery.flushed, true);
  assert.deepEqual(rig.delivery.figures, { batches: 1, delivered: 100, rejected: 0, resent: 0 });
});

Deno.test("at most 8 batches are under way; each ack makes room for one more and says so", () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(2000);
  const batches = rig.all();
  assert.deepEqual(sizes(batches), Array(8).fill(100));
  const { wakes } = rig;
  rig.delivery.acked(must(batches[3]).id, true); // acks may come out of order
  assert.equal(rig.wakes, wakes + 1);
  assert.deepEqual(rig.all().map(({ events }) => events[0]), [800]);
  for (const batch of batches) rig.delivery.acked(batch.id, true);
  assert.deepEqual(rig.all().map(({ events }) => events[0]), range(9, 16).map((n) => n * 100));
});

Deno.test("what was not acked goes out first on the next connection, in order, with the same ids", () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(1000);
  const first = rig.writeAll();
  rig.delivery.acked(must(first[2]).id, true);
  rig.delivery.detach({ answered: true }); // even where the hub said goodbye: it acks what it has stored
  assert.equal(rig.queue.length, 900);
  assert.equal(rig.next(), undefined);
  rig.attach();
  const second = rig.all();
  const kept = first.filter((_, index) => index !== 2);
  assert.deepEqual(second.slice(0, 7).map(({ id }) => id), kept.map(({ id }) => id));
  assert.deepEqual(second.slice(0, 7).map(({ events }) => events), kept.map(({ events }) => events));
  assert.deepEqual(second.slice(7).map(({ events }) => events[0]), [800]);
  assert.equal(rig.delivery.figures.resent, 700);
});

Deno.test("an ack that comes twice counts once, one that is unknown or late not at all", () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(300);
  const [a, b, c] = rig.all();
  assert.equal(rig.delivery.acked(must(a).id, true), true);
  assert.equal(rig.delivery.acked(must(a).id, true), false);
  assert.equal(rig.delivery.acked(crypto.randomUUID(), true), false);
  rig.delivery.detach({ answered: false });
  assert.equal(rig.delivery.acked(must(b).id, true), false, "there is no connection");
  rig.attach();
  assert.equal(rig.delivery.acked(must(b).id, true), false, "it was not sent on this connection yet");
  assert.equal(rig.queue.length, 200);
  rig.all();
  assert.equal(rig.delivery.acked(must(b).id, true), true);
  assert.equal(rig.delivery.acked(must(c).id, true), true);
  assert.equal(rig.delivery.figures.delivered, 300);
});

Deno.test("an ack is worth nothing on a connection where none was agreed upon", () => {
  using rig = new DeliveryRig();
  rig.attach(false);
  rig.push(10);
  const [batch] = rig.all();
  assert.equal(rig.delivery.acked(must(batch).id, true), false);
  assert.equal(rig.queue.length, 10);
});

Deno.test("what was sent with acks and not acked is sent again where there are none, and settled by time", async () => {
  using rig = new DeliveryRig();
  rig.attach(true);
  rig.push(150);
  const first = rig.writeAll();
  await rig.clock.tick(10_000);
  rig.delivery.detach({ answered: true });
  rig.attach(false);
  assert.deepEqual(rig.writeAll().map(({ id }) => id), first.map(({ id }) => id));
  await rig.clock.tick(2000);
  assert.equal(rig.queue.length, 0);
});

Deno.test("what is written late on a connection that is gone touches nothing on the next", async () => {
  using rig = new DeliveryRig();
  rig.attach(false);
  rig.push(10);
  const old = must(rig.next());
  rig.delivery.detach({ answered: false });
  rig.attach(false);
  old.written();
  await rig.clock.tick(10_000);
  assert.equal(rig.queue.length, 10, "only what was written on this connection ages");
  rig.writeAll();
  old.written();
  await rig.clock.tick(2000);
  assert.equal(rig.queue.length, 0);
});

Deno.test("an ack that does not come within a minute of the writing shows that the connection is dead", async () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(1);
  rig.next()?.written();
  await rig.clock.tick(59_999);
  assert.deepEqual(rig.unanswered, []);
  await rig.clock.tick(1);
  assert.deepEqual(rig.unanswered, ["the hub did not ack alert events within 60000 ms"]);
});

Deno.test("acks that come keep the connection, however long batches follow each other", async () => {
  using rig = new DeliveryRig();
  rig.attach();
  for (let round = 0; round < 10; round++) {
    rig.push(1);
    const batch = rig.next();
    batch?.written();
    await rig.clock.tick(45_000);
    rig.delivery.acked(batch?.id ?? "", true);
  }
  assert.deepEqual(rig.unanswered, []);
});
