import assert from "node:assert/strict";
import fc from "fast-check";
import { RingBuffer } from "../../lib/alerts/ring_buffer.ts";
import { testQueueContract } from "./queue_contract.ts";

testQueueContract("ring buffer", (capacity) => new RingBuffer<number>(capacity));

Deno.test("a capacity that is no whole number of at least 1 means 1000", () => {
  assert.equal(new RingBuffer().capacity, 1000);
  for (const odd of [0, -1, -0, 2.5, NaN, Infinity, -Infinity, 2 ** 53]) {
    assert.equal(new RingBuffer(odd).capacity, 1000, `${odd}`);
  }
  assert.equal(new RingBuffer(1).capacity, 1);
  assert.equal(new RingBuffer(1001).capacity, 1001);
});

Deno.test("the default keeps the newest 1000", () => {
  const ring = new RingBuffer<number>();
  for (let item = 0; item < 2500; item++) ring.push(item);
  assert.deepEqual([ring.length, ring.dropped], [1000, 1500]);
  const items = ring.drain(5000);
  assert.deepEqual([items.length, items[0], items.at(-1)], [1000, 1500, 2499]);
});

Deno.test("drain removes up to as many as asked, oldest first, and gives [] when none wait", () => {
  const ring = new RingBuffer<string>(4);
  assert.deepEqual(ring.drain(10), []);
  for (const item of ["a", "b", "c"]) ring.push(item);
  assert.deepEqual(ring.drain(0), []);
  assert.deepEqual(ring.drain(-1), []);
  assert.deepEqual(ring.drain(2), ["a", "b"]);
  assert.equal(ring.length, 1);
  assert.deepEqual(ring.drain(2), ["c"]);
  assert.deepEqual(ring.drain(2), []);
  assert.equal(ring.dropped, 0);
});

Deno.test("what is drained is forgotten, what is leased meanwhile stays leased", () => {
  const ring = new RingBuffer<number>(8);
  for (const item of [1, 2, 3, 4]) ring.push(item);
  const lease = ring.take(2);
  assert.ok(lease);
  assert.deepEqual(ring.drain(9), [3, 4]);
  assert.deepEqual([ring.length, ring.waiting], [2, 0]);
  ring.giveBack(lease);
  assert.deepEqual(ring.drain(9), [1, 2]);
});

Deno.test("undefined, null and NaN are items like any other", () => {
  const ring = new RingBuffer<unknown>(2);
  for (const item of [0, undefined, NaN]) ring.push(item);
  assert.deepEqual(ring.drain(3), [undefined, NaN]);
  assert.equal(ring.dropped, 1);
});

Deno.test("pushes and drains in any mixture keep the order, around the ring's end too", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.record({ push: fc.nat({ max: 60 }), drain: fc.nat({ max: 60 }) }), { maxLength: 30 }),
      (capacity, rounds) => {
        const ring = new RingBuffer<number>(capacity);
        let next = 0;
        let expected: number[] = [];
        for (const { push, drain } of rounds) {
          for (let count = 0; count < push; count++) {
            ring.push(next);
            expected.push(next++);
          }
          expected = expected.slice(-capacity);
          assert.equal(ring.length, expected.length);
          assert.deepEqual(ring.drain(drain), expected.splice(0, drain));
        }
      },
    ),
  );
});
