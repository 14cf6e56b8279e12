import assert from "node:assert/strict";
import fc from "fast-check";
import { SegmentHeap } from "../../lib/alerts/journal_heap.ts";
import { KeyTable } from "../../lib/alerts/journal_keys.ts";
import { RushLane } from "../../lib/alerts/journal_rush.ts";
import { Segment } from "../../lib/alerts/journal_segment.ts";

Deno.test("a key keeps its number until it is removed, however its hash collides with others", () => {
  const call = fc.record({
    remove: fc.boolean(),
    // Few places, at the table's end too, so that most keys are not where their hash says.
    low: fc.constantFrom(0, 1, 2, 510, 511, 512, 1023, 0xffffffff),
    high: fc.nat({ max: 30 }),
  });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 400, size: "max" }), (calls) => {
      const table = new KeyTable([1, 2]);
      const ids = new Map<string, number>();
      for (const { remove, low, high } of calls) {
        const name = `${low}.${high}`;
        const known = ids.get(name);
        if (remove && known !== undefined) {
          table.remove(known);
          ids.delete(name);
        } else {
          const id = table.internHash(low, high);
          if (known !== undefined) assert.equal(id, known);
          else assert.ok(![...ids.values()].includes(id), "two keys have one number");
          assert.deepEqual([table.low(id), table.high(id)], [low, high]);
          ids.set(name, id);
        }
        assert.equal(table.size, ids.size);
      }
      for (const [name, id] of ids) {
        const [low = NaN, high = NaN] = name.split(".").map(Number);
        assert.equal(table.internHash(low, high), id);
      }
    }),
  );
});

Deno.test("a hundred thousand keys are all told apart, and their hashes find them again", () => {
  const table = new KeyTable([123, 456]);
  const ids = Array.from({ length: 100_000 }, (_, number) => table.intern(`key ${number}`));
  assert.equal(new Set(ids).size, ids.length);
  for (const [number, id] of ids.entries()) {
    assert.equal(table.intern(`key ${number}`), id);
    assert.equal(table.internHash(table.low(id), table.high(id)), id);
  }
  for (const id of ids) table.remove(id);
  assert.equal(table.size, 0);
});

Deno.test("keys that hurry no more are cleared away before they outnumber the rest", () => {
  const keys = new KeyTable([1, 2]);
  const lane = new RushLane(keys);
  const stays = keys.intern("stays");
  lane.add(stays);
  for (let number = 0; number < 50_000; number++) {
    const id = keys.intern(`${number}`);
    if (number % 2 === 0) lane.add(id);
    else lane.addInFront(id);
    lane.leave(id);
    keys.remove(id);
    assert.ok(lane.size <= 1100, `${lane.size} entries for one key`);
  }
  assert.equal(lane.next(), stays);
});

Deno.test("segments come out of the heap oldest first, and do not stay in it for nothing", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 500 }), { size: "max", maxLength: 300 }), (orders) => {
      const heap = new SegmentHeap();
      for (const order of orders) {
        const segment = new Segment(order);
        segment.superseded = 1;
        heap.add(segment);
      }
      const found: number[] = [];
      for (let first = heap.first(); first !== undefined; first = heap.first()) {
        found.push(first.order);
        heap.removeFirst();
        assert.equal(first.crowded, false);
      }
      assert.deepEqual(found, [...orders].sort((a, b) => a - b));
    }),
  );
  const heap = new SegmentHeap();
  const stays = new Segment(0);
  stays.superseded = 1;
  heap.add(stays);
  for (let order = 1; order < 10_000; order++) {
    heap.add(new Segment(order));
    assert.ok(heap.size <= 64);
  }
  assert.equal(heap.first(), stays);
});
