import assert from "node:assert/strict";
import fc from "fast-check";
import { Backoff, type BackoffState } from "../../lib/link/backoff.ts";
import type { ConnectionEnd } from "../../lib/link/connection_end.ts";

const backoff = new Backoff();
const lost: ConnectionEnd = { kind: "lost", reason: "" };
const notRegistered: ConnectionEnd = { kind: "not_registered", reason: "" };
const undialled: ConnectionEnd = { kind: "dial_failed", reason: "" };
const unauthorized: ConnectionEnd = { kind: "unauthorized", reason: "" };
const busy = (retryAfterSec: number): ConnectionEnd => ({ kind: "dial_failed", reason: "", retryAfterSec });
const sentAway = (retryAfterSec: number): ConnectionEnd => ({
  kind: "disconnected",
  reason: "",
  retryAfterSec,
});

/** The least and the most that a wait can be, in seconds. */
function bounds(end: ConnectionEnd, state: BackoffState = backoff.initial()): [number, number] {
  const delay = (chance: number) => (backoff.next(end, state, () => chance).delayMs ?? NaN) / 1000;
  return [delay(0), delay(1)];
}

/** The middle of each wait when one end follows the other. */
function ladder(ends: ConnectionEnd[]): number[] {
  let state = backoff.initial();
  return ends.map((end) => {
    const { delayMs, state: next } = backoff.next(end, state, () => 0.5);
    state = next;
    return (delayMs ?? NaN) / 1000;
  });
}

Deno.test("lost after a registration: 1 s, then doubling, spread by a quarter either way", () => {
  assert.deepEqual(bounds(lost), [0.75, 1.25]);
  assert.deepEqual(ladder(Array(4).fill(lost)), [1, 2, 4, 8]);
});

for (const [name, end] of [["not dialled", undialled], ["not registered", notRegistered]] as const) {
  Deno.test(`${name}: 1 s, 2 s, 4 s … 300 s, and there it stays`, () => {
    assert.deepEqual(ladder(Array(11).fill(end)), [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    assert.deepEqual(bounds(end, { ordinaryMs: 300_000, unauthorizedMs: 60_000 }), [225, 375]);
  });
}

Deno.test("401: 60 s, 120 s … 1800 s, and never less than 60 s", () => {
  let state = backoff.initial();
  const waits: [number, number][] = [];
  for (let failure = 0; failure < 7; failure++) {
    waits.push(bounds(unauthorized, state));
    state = backoff.next(unauthorized, state, () => 0.5).state;
  }
  assert.deepEqual(waits, [
    [60, 75],
    [90, 150],
    [180, 300],
    [360, 600],
    [720, 1200],
    [1350, 2250],
    [1350, 2250],
  ]);
});

Deno.test("the two ladders are separate", () => {
  const ends = [undialled, unauthorized, undialled, unauthorized, notRegistered, unauthorized];
  const middles = [1, (60 + 75) / 2, 2, 120, 4, 240];
  assert.deepEqual(ladder(ends), middles);
});

Deno.test("disconnect: what the server asked, at least 1 s, at most 1 h, spread upward only", () => {
  const asked: [number, [number, number]][] = [
    [0, [1, 1.25]],
    [-5, [1, 1.25]],
    [0.2, [1, 1.25]],
    [30, [30, 37.5]],
    [3600, [3600, 4500]],
    [3601, [3600, 4500]],
    [1e300, [3600, 4500]],
  ];
  for (const [seconds, expected] of asked) {
    assert.deepEqual(bounds(sentAway(seconds)), expected, `${seconds}`);
  }
});

Deno.test("disconnect puts the ordinary ladder back to 1 s and leaves the other alone", () => {
  const state = { ordinaryMs: 64_000, unauthorizedMs: 480_000 };
  assert.deepEqual(backoff.next(sentAway(10), state, () => 0).state, {
    ordinaryMs: 1000,
    unauthorizedMs: 480_000,
  });
});

Deno.test("Retry-After may lengthen the wait, never shorten it, up to 1 h; the ladder goes on beside it", () => {
  const at = (ordinaryMs: number) => ({ ordinaryMs, unauthorizedMs: 60_000 });
  assert.deepEqual(bounds(busy(30), at(1000)), [30, 37.5]);
  assert.deepEqual(bounds(busy(1), at(64_000)), [48, 80]);
  assert.deepEqual(bounds(busy(60), at(64_000)), [60, 80], "the spread does not reach below what was asked");
  assert.deepEqual(bounds(busy(0), at(1000)), [0.75, 1.25]);
  assert.deepEqual(bounds(busy(-1), at(1000)), [0.75, 1.25]);
  assert.deepEqual(bounds(busy(1e9), at(1000)), [3600, 4500]);
  assert.equal(backoff.next(busy(30), at(4000), () => 0).state.ordinaryMs, 8000);
});

Deno.test("an agent that is being stopped does not try again; one that slept tries at once", () => {
  const state = { ordinaryMs: 8000, unauthorizedMs: 120_000 };
  assert.deepEqual(backoff.next({ kind: "stopped" }, state, () => 0), { delayMs: undefined, state });
  assert.deepEqual(backoff.next({ kind: "suspended", sleptSec: 60 }, state, () => 0), { delayMs: 0, state });
});

const anyEnd = fc.oneof(
  fc.constantFrom(lost, notRegistered, undialled, unauthorized),
  fc.double({ noNaN: true }).map(busy),
  fc.double({ noNaN: true }).map(sentAway),
);

Deno.test("whatever ends in whatever order, the waits keep their bounds and the ladders theirs", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyEnd, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))),
      (ends) => {
        let state = backoff.initial();
        for (const [end, chance] of ends) {
          const { delayMs = NaN, state: next } = backoff.next(end, state, () => chance);
          const asked = end.kind === "disconnected" || end.kind === "dial_failed"
            ? end.retryAfterSec ?? 0
            : 0;
          const askedMs = Math.min(3_600_000, Math.max(0, asked * 1000));
          assert.ok(delayMs >= 750 && delayMs <= 4_500_000, `${delayMs}`);
          assert.ok(delayMs >= askedMs, "nobody comes back before the asked time");
          if (end.kind === "unauthorized") {
            assert.ok(delayMs >= 60_000 && delayMs <= 2_250_000);
            assert.equal(next.unauthorizedMs, Math.min(state.unauthorizedMs * 2, 1_800_000));
            assert.equal(next.ordinaryMs, state.ordinaryMs);
          } else {
            assert.equal(next.unauthorizedMs, state.unauthorizedMs);
            assert.equal(
              next.ordinaryMs,
              end.kind === "disconnected" ? 1000 : Math.min(state.ordinaryMs * 2, 300_000),
            );
          }
          state = next;
        }
      },
    ),
  );
});

Deno.test("waits are spread uniformly over their range", () => {
  for (const end of [lost, unauthorized, sentAway(100)]) {
    const [least, most] = bounds(end);
    const { delayMs = NaN } = backoff.next(end, backoff.initial(), () => 0.25);
    assert.equal(delayMs / 1000, least + (most - least) / 4);
  }
});

Deno.test("all steps can be set", () => {
  const own = new Backoff({
    firstMs: 10,
    maxMs: 40,
    unauthorizedFirstMs: 50,
    unauthorizedMaxMs: 100,
    maxAskedMs: 1000,
    spread: 0,
  });
  const steps = (end: ConnectionEnd, count: number) => {
    let state = own.initial();
    return Array.from({ length: count }, () => {
      const decision = own.next(end, state, () => 0.7);
      state = decision.state;
      return decision.delayMs;
    });
  };
  assert.deepEqual(steps(undialled, 4), [10, 20, 40, 40]);
  assert.deepEqual(steps(unauthorized, 3), [50, 100, 100]);
  assert.deepEqual(steps(sentAway(5), 1), [1000]);
});
