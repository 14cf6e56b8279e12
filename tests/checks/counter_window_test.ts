import assert from "node:assert/strict";
import fc from "fast-check";
import { CounterWindow } from "../../lib/checks/counter_window.ts";

Deno.test("the first reading tells nothing, the second what came since", () => {
  const window = new CounterWindow();
  assert.equal(window.add(0, 100), undefined);
  assert.equal(window.add(10_000, 103), 3);
});

Deno.test("what came within the last minute stays counted, what is older does not", () => {
  const window = new CounterWindow();
  window.add(0, 0);
  assert.equal(window.add(30_000, 5), 5);
  assert.equal(window.add(60_000, 5), 5);
  assert.equal(window.add(90_000, 5), 0);
});

Deno.test("readings that are more than a minute apart count by the minute", () => {
  const window = new CounterWindow();
  window.add(0, 0);
  assert.equal(window.add(300_000, 50), 10);
});

Deno.test("of what came around the minute's start, its share counts", () => {
  const window = new CounterWindow();
  window.add(0, 0);
  window.add(50_000, 10); // a fifth of it within the minute before 100 s
  assert.equal(window.add(100_000, 17), 7 + 2);
});

Deno.test("a counter that began anew tells nothing until the next reading", () => {
  const window = new CounterWindow();
  window.add(0, 1000);
  window.add(10_000, 1001);
  assert.equal(window.add(20_000, 4), undefined);
  assert.equal(window.add(30_000, 6), 2);
});

Deno.test("the growth is never negative, never more than what was counted, and memory is bounded by the minute", () => {
  const steps = fc.array(
    fc.record({ ms: fc.integer({ min: 1, max: 90_000 }), grown: fc.nat({ max: 1000 }) }),
  );
  fc.assert(fc.property(steps, (readings) => {
    const window = new CounterWindow();
    let [atMs, count] = [0, 0];
    window.add(atMs, count);
    for (const { ms, grown } of readings) {
      atMs += ms;
      count += grown;
      const value = window.add(atMs, count);
      assert.ok(value !== undefined && value >= 0 && value <= count, String(value));
      const lastMinutes = grown * Math.min(1, 60_000 / ms);
      assert.ok(value + 1e-6 >= lastMinutes, `${value} ${grown}`);
    }
  }));
});
