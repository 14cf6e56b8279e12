import assert from "node:assert/strict";
import { SeededRandom } from "./seeded_random.ts";

const draw = (random: SeededRandom, count = 1000) => Array.from({ length: count }, () => random.next());

Deno.test("the same seed gives the same numbers, another seed others", () => {
  assert.deepEqual(draw(new SeededRandom(7)), draw(new SeededRandom(7)));
  assert.notDeepEqual(draw(new SeededRandom(7)), draw(new SeededRandom(8)));
});

Deno.test("numbers are spread over their range", () => {
  const random = new SeededRandom(1);
  const counts = new Array(10).fill(0);
  for (const number of draw(random, 10_000)) counts[Math.floor(number * 10)]++;
  assert.ok(counts.every((count) => count > 850 && count < 1150), String(counts));
  const seen = new Set(Array.from({ length: 1000 }, () => random.int(3, 7)));
  assert.deepEqual([...seen].sort(), [3, 4, 5, 6, 7]);
  const sizes = Array.from({ length: 3000 }, () => random.magnitude(1, 1000));
  assert.ok(Math.min(...sizes) === 1 && Math.max(...sizes) <= 1000);
  for (const [from, to] of [[1, 10], [10, 100], [100, 1001]] as const) {
    const share = sizes.filter((size) => size >= from && size < to).length / sizes.length;
    assert.ok(share > 0.28 && share < 0.39, `${share} of them from ${from} to ${to}`);
  }
});

Deno.test("a fork is moved by its name alone", () => {
  const used = new SeededRandom(5);
  draw(used);
  used.fork("a");
  assert.deepEqual(draw(used.fork("b")), draw(new SeededRandom(5).fork("b")));
  assert.notDeepEqual(draw(used.fork("b")), draw(used.fork("c")));
  assert.notDeepEqual(draw(used.fork(1)), draw(used.fork(2)));
});
