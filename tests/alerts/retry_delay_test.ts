import assert from "node:assert/strict";
import fc from "fast-check";
import { retryDelayMs } from "../../lib/alerts/retry_delay.ts";

Deno.test("the waits double from 1 s up to 5 min", () => {
  const waits = Array.from({ length: 11 }, (_, index) => retryDelayMs(index + 1, undefined, () => 0.5));
  const seconds = waits.map((ms) => ms / 1000);
  assert.deepEqual(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  assert.equal(retryDelayMs(100_000, undefined, () => 0.5), 300_000);
});

Deno.test("a wait is spread by a quarter to either side", () => {
  assert.equal(retryDelayMs(3, undefined, () => 0), 3000);
  assert.equal(retryDelayMs(3, undefined, () => 1), 5000);
});

Deno.test("nobody comes back before the time asked for, which is heeded up to 1 h", () => {
  assert.deepEqual([0, 1].map((chance) => retryDelayMs(1, 60, () => chance)), [60_000, 75_000]);
  assert.deepEqual([0, 1].map((chance) => retryDelayMs(1, 86_400, () => chance)), [3_600_000, 4_500_000]);
  assert.equal(retryDelayMs(1, Infinity, () => 0), 3_600_000);
});

Deno.test("a time asked for that is shorter than the ladder's does not shorten the wait", () => {
  assert.equal(retryDelayMs(9, 2, () => 0.5), 256_000);
});

Deno.test("whatever a server asks for, the wait is a sane number", () => {
  const asked = fc.option(fc.oneof(fc.double(), fc.integer()), { nil: undefined });
  const chance = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(fc.property(fc.integer({ min: 1, max: 5000 }), asked, chance, (failures, askedSec, random) => {
    const delayMs = retryDelayMs(failures, askedSec, () => random);
    assert.ok(delayMs >= 750 && delayMs <= 4_500_000, `${delayMs}`);
    if (askedSec !== undefined && askedSec > 0) assert.ok(delayMs >= Math.min(askedSec * 1000, 3_600_000));
  }));
});
