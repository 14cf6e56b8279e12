import assert from "node:assert/strict";
import { DeliveryRig, must, type SentBatch } from "./delivery_rig.ts";

const heads = (batches: SentBatch[]) => batches.map(({ events }) => events[0]);

for (const [chance, factor] of [[0, 0.75], [0.5, 1], [0.999999, 1.25]] as const) {
  Deno.test(`a refused batch waits 1, 2, 4, 8 s spread by a quarter (chance ${chance}), then is rejected`, async () => {
    using rig = new DeliveryRig({ random: () => chance });
    rig.attach();
    rig.push(30);
    const { id } = must(rig.next());
    for (const seconds of [1, 2, 4, 8]) {
      rig.delivery.acked(id, false, "disk full");
      const delayMs = seconds * 1000 * factor;
      await rig.clock.tick(delayMs - 1);
      assert.equal(rig.next(), undefined, `before ${delayMs} ms`);
      const { wakes } = rig;
      await rig.clock.tick(2);
      assert.ok(rig.wakes > wakes, "the connection is told");
      assert.equal(must(rig.next()).id, id);
    }
    assert.equal(rig.queue.length, 30);
    rig.delivery.acked(id, false);
    assert.deepEqual(rig.delivery.figures, { batches: 5, delivered: 0, rejected: 30, resent: 120 });
    assert.deepEqual([rig.queue.length, rig.queue.dropped], [0, 30]);
    assert.equal(rig.delivery.flushed, true);
  });
}

Deno.test("a refused batch holds back the younger ones, not those under way", async () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(500);
  const [a, b] = [must(rig.next()), must(rig.next())];
  rig.delivery.acked(a.id, false);
  assert.equal(rig.next(), undefined);
  rig.delivery.acked(b.id, true);
  assert.equal(rig.next(), undefined);
  assert.equal(rig.queue.length, 400);
  await rig.clock.tick(1000);
  assert.deepEqual(heads(rig.all()), [0, 200, 300, 400]);
});

Deno.test("two refused batches are tried again in their order, whoever's wait is shorter", async () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(200);
  const [a, b] = [must(rig.next()), must(rig.next())];
  for (let refusal = 1; refusal <= 2; refusal++) {
    rig.delivery.acked(a.id, false);
    await rig.clock.tick(refusal * 1000);
    assert.equal(must(rig.next()).id, a.id);
  }
  rig.delivery.acked(a.id, false); // a waits 4 s, b 1 s
  rig.delivery.acked(b.id, false);
  await rig.clock.tick(3999);
  assert.deepEqual(heads(rig.all()), []);
  await rig.clock.tick(1);
  assert.deepEqual(heads(rig.all()), [0, 100]);
});

Deno.test("a younger batch that waits long does not make an older one wait as long", async () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(200);
  const [a, b] = [must(rig.next()), must(rig.next())];
  for (const seconds of [1, 2, 4]) {
    rig.delivery.acked(b.id, false);
    await rig.clock.tick(seconds * 1000);
    assert.equal(must(rig.next()).id, b.id);
  }
  rig.delivery.acked(b.id, false); // b waits 8 s
  rig.delivery.acked(a.id, false); // a waits 1 s
  const { wakes } = rig;
  await rig.clock.tick(1000);
  assert.ok(rig.wakes > wakes, "nobody else would wake an idle connection");
  assert.equal(must(rig.next()).id, a.id);
  assert.equal(rig.next(), undefined);
  const later = rig.wakes;
  await rig.clock.tick(7000);
  assert.ok(rig.wakes > later);
  assert.equal(must(rig.next()).id, b.id);
});

Deno.test("when one is tried again, the next that waits has its wake-up too", async () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(200);
  const [a, b] = [must(rig.next()), must(rig.next())];
  rig.delivery.acked(a.id, false);
  await rig.clock.tick(500);
  rig.delivery.acked(b.id, false);
  await rig.clock.tick(500);
  assert.deepEqual(heads(rig.all()), [0]);
  const { wakes } = rig;
  await rig.clock.tick(500);
  assert.ok(rig.wakes > wakes);
  assert.deepEqual(heads(rig.all()), [100]);
});

Deno.test("a rejected batch lets the younger ones go at once", async () => {
  using rig = new DeliveryRig({ maxRefusals: 2 });
  rig.attach();
  rig.push(200);
  const a = must(rig.next());
  rig.delivery.acked(a.id, false);
  await rig.clock.tick(1000);
  rig.next();
  const { wakes } = rig;
  rig.delivery.acked(a.id, false);
  assert.ok(rig.wakes > wakes);
  assert.deepEqual(heads(rig.all()), [100]);
});

Deno.test("refusals are counted over connections, the wait is not: a new hub may take it at once", async () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(10);
  const { id } = must(rig.next());
  for (let refusal = 1; refusal <= 4; refusal++) {
    rig.delivery.acked(id, false);
    rig.delivery.detach({ answered: false });
    rig.attach();
    assert.equal(must(rig.next()).id, id);
  }
  await rig.clock.tick(1);
  rig.delivery.acked(id, false);
  assert.equal(rig.delivery.figures.rejected, 10);
});

Deno.test("a refused batch that is acked or refused once more while it waits is left as it is", async () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(10);
  const { id } = must(rig.next());
  rig.delivery.acked(id, false);
  assert.equal(rig.delivery.acked(id, true), false);
  assert.equal(rig.delivery.acked(id, false), false);
  await rig.clock.tick(1000);
  assert.equal(must(rig.next()).id, id);
});
