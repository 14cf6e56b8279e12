import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import fc from "fast-check";
import { Destination } from "../../lib/alerts/destination.ts";
import { type AlertEvent, alertEvent } from "../../lib/alerts/event.ts";
import { PermanentSendError, type Sender, TransientSendError } from "../../lib/alerts/notifiers/sender.ts";
import { RingBuffer } from "../../lib/alerts/ring_buffer.ts";
import type { Clock, TimerId } from "../../lib/clock.ts";

/** A clock that lets microtasks run, and waits for nothing else: many sequences are tried. */
class QuickClock implements Clock {
  #nowMs = 0;
  #nextId = 1;
  readonly #timers = new Map<number, { dueMs: number; callback: () => void }>();
  monotonicMs = () => this.#nowMs;
  wallMs = () => this.#nowMs;
  osUptimeSec = () => undefined;

  setTimeout(callback: () => void, delayMs: number): TimerId {
    this.#timers.set(this.#nextId, { dueMs: this.#nowMs + delayMs, callback });
    return this.#nextId++ as unknown as TimerId;
  }

  clearTimeout(id: TimerId): void {
    this.#timers.delete(id as unknown as number);
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  async tick(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await microtasks();
      const [due] = [...this.#timers].filter(([, { dueMs }]) => dueMs <= endMs)
        .sort(([, a], [, b]) => a.dueMs - b.dueMs);
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.#nowMs = Math.max(this.#nowMs, due[1].dueMs);
      due[1].callback();
    }
    this.#nowMs = endMs;
  }
}

async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 300; turn++) await null;
}

type Outcome = "ok" | "lost_answer" | "busy" | "asked" | "odd" | "hang";

/** Takes events as its outcomes say; bad ones never. */
class ChancySender implements Sender {
  readonly maxBatch: number;
  readonly outcomes: Outcome[];
  /** What has arrived, in order, doubles included. */
  readonly arrived: number[] = [];
  /** Each event that was refused when it was sent alone. */
  readonly refused: number[] = [];
  busy = false;

  constructor(maxBatch: number, outcomes: readonly Outcome[]) {
    this.maxBatch = maxBatch;
    this.outcomes = [...outcomes];
  }

  async send(events: readonly AlertEvent[], signal: AbortSignal): Promise<void> {
    assert.ok(!this.busy, "two attempts at once");
    assert.ok(events.length >= 1 && events.length <= this.maxBatch);
    this.busy = true;
    try {
      await null;
      const numbers = events.map((event) => Number(event.attrs?.["n"]));
      const outcome = this.outcomes.shift() ?? "ok";
      if (outcome === "busy") throw new TransientSendError("busy");
      if (outcome === "asked") throw new TransientSendError("busy", { retryAfterSec: 7 });
      if (outcome === "odd") throw new TypeError("a bug");
      if (outcome === "hang") {
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      }
      if (events.some((event) => event.attrs?.["bad"])) {
        if (events.length === 1) this.refused.push(...numbers);
        throw new PermanentSendError("bad");
      }
      this.arrived.push(...numbers);
      if (outcome === "lost_answer") throw new TransientSendError("the answer was lost");
    } finally {
      this.busy = false;
    }
  }
}

interface Pushed {
  key: number;
  bad: boolean;
}

interface Step {
  push: Pushed[];
  tickMs: number;
  /** Ends the destination and begins another over the same queue. */
  restart: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  push: fc.array(
    fc.record({ key: fc.nat({ max: 3 }), bad: fc.integer({ max: 9, min: 0 }).map((n) => n === 0) }),
    {
      maxLength: 6,
    },
  ),
  tickMs: fc.oneof(fc.constant(0), fc.nat({ max: 20_000 })),
  restart: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

const outcome = fc.constantFrom<Outcome>("ok", "ok", "lost_answer", "busy", "asked", "odd", "hang");

Deno.test("every event arrives, or is refused on its own and counted; each key's in order", async () => {
  const world = [
    fc.array(step, { maxLength: 25, size: "max" }),
    fc.array(outcome, { maxLength: 60, size: "max" }),
    fc.integer({ min: 1, max: 5 }),
    fc.double({ min: 0, max: 0.99, noNaN: true }),
  ] as const;
  await fc.assert(
    fc.asyncProperty(...world, async (steps, outcomes, maxBatch, chance) => {
      const clock = new QuickClock();
      const queue = new RingBuffer<AlertEvent>(10_000);
      const sender = new ChancySender(maxBatch, outcomes);
      const logger = getLogger(["test", "silent"]);
      const begin = () => {
        const options = { name: "chancy", queue, sender, clock, random: () => chance, logger };
        const destination = new Destination(options);
        destination.start();
        return destination;
      };
      let destination = begin();
      const pushed: Pushed[] = [];
      for (const { push, tickMs, restart } of steps) {
        for (const { key, bad } of push) {
          const attrs = { n: `${pushed.length}`, ...(bad && { bad: "yes" }) };
          pushed.push({ key, bad });
          const labels = { check: "t", key: `${key}` };
          destination.forward(alertEvent({ timeSec: 1, status: "Warning", labels, attrs, description: "" }));
        }
        await clock.tick(tickMs);
        if (restart) {
          const disposed = destination[Symbol.asyncDispose]();
          await clock.tick(2000);
          await disposed;
          assert.equal(clock.pendingTimers, 0);
          assert.equal(queue.waiting, queue.length, "something is still leased");
          destination = begin();
        }
      }
      while (queue.length > 0) await clock.tick(400_000);
      const { accepted, settled, waiting, dropped } = destination.figures;
      assert.deepEqual([accepted, waiting], [pushed.length, 0]);
      assert.equal(settled + dropped.rejected, accepted);
      const bad = pushed.keys().filter((number) => pushed[number]?.bad === true);
      assert.deepEqual(sender.refused, [...bad]);
      assert.equal(dropped.rejected, sender.refused.length);
      const firstArrivals = [...new Set(sender.arrived)];
      assert.equal(firstArrivals.length, settled);
      for (const key of [0, 1, 2, 3]) {
        const ofKey = firstArrivals.filter((number) => pushed[number]?.key === key);
        assert.deepEqual(ofKey, ofKey.toSorted((a, b) => a - b), "a key's events arrived out of order");
        const last = sender.arrived.findLast((number) => pushed[number]?.key === key);
        assert.equal(last, ofKey.at(-1), "the last that arrived is not the latest");
      }
      const disposed = destination[Symbol.asyncDispose]();
      await clock.tick(0);
      await disposed;
      assert.equal(clock.pendingTimers, 0);
    }),
    { numRuns: 150 },
  );
});
