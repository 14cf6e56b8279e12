import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import fc from "fast-check";
import { Delivery } from "../../lib/alerts/delivery.ts";
import type { AlertEvent } from "../../lib/alerts/event.ts";
import { RingBuffer } from "../../lib/alerts/ring_buffer.ts";
import type { Clock, TimerId } from "../../lib/clock.ts";
import { numbered, read, type SentBatch } from "./delivery_rig.ts";

/** A clock that is turned without waiting for anything: thousands of sequences are tried. */
class SyncClock implements Clock {
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

  tick(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
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

/** A batch as the hub and the wire know it. */
interface Known {
  order: number;
  events: number[];
  /** How it stands on the present connection. */
  state: "idle" | "sent" | "refused";
  /** When it was written on the present connection, in which the hub then reads it. */
  writtenAtMs: number | undefined;
  written: () => void;
}

/** Plays the hub and checks every step of the delivery. */
class World {
  readonly clock = new SyncClock();
  readonly queue: RingBuffer<AlertEvent>;
  readonly delivery: Delivery;
  readonly known = new Map<string, Known>();
  /** What the hub has for sure. */
  readonly stored = new Set<number>();
  pushed = 0;
  highest = -1;
  firstSendings = 0;
  connection: { alertAck: boolean } | undefined;

  constructor(capacity: number, random: () => number) {
    this.queue = new RingBuffer(capacity);
    const logger = getLogger(["test", "silent"]);
    this.delivery = new Delivery({ queue: this.queue, clock: this.clock, random, logger });
  }

  do({ what, n, flag }: Step): void {
    switch (what) {
      case "push":
        for (let count = 0; count < n * 9; count++) this.queue.push(numbered(this.pushed++));
        return this.delivery.wake();
      case "attach":
        if (this.connection !== undefined) return;
        this.connection = { alertAck: flag };
        return this.delivery.attach({ alertAck: flag, wake: () => {}, onUnanswered: () => {} });
      case "next": {
        const batch = this.delivery.next(flag);
        if (batch !== undefined) this.sent(read(batch));
        return;
      }
      case "written":
        return this.written();
      case "ack":
        return this.answer(n, flag);
      case "tick":
        return this.tick(n * 97);
      case "detach":
        return this.detach(flag);
    }
  }

  sent({ id, events, written }: SentBatch): void {
    assert.ok(this.connection, "sent without a connection");
    const batch = this.known.get(id);
    if (batch === undefined) {
      const order = this.firstSendings++;
      for (const event of events) {
        assert.ok(event > this.highest, `event ${event} was first sent after ${this.highest}`);
        this.highest = event;
      }
      this.known.set(id, { order, events, state: "sent", writtenAtMs: undefined, written });
    } else {
      assert.deepEqual(events, batch.events, "a batch changed between two sendings");
      assert.notEqual(batch.state, "sent", "a batch was sent twice on one connection");
      Object.assign(batch, { state: "sent", writtenAtMs: undefined, written });
    }
    const order = this.known.get(id)?.order ?? 0;
    for (const older of this.known.values()) {
      if (older.order < order) assert.equal(older.state, "sent", "a batch overtook one that waits");
    }
    if (this.connection.alertAck) assert.ok(this.underWay.length <= 8, "more than 8 batches are under way");
  }

  get underWay(): [string, Known][] {
    return [...this.known].filter(([, { state }]) => state === "sent");
  }

  /** The oldest batch that is not out yet is out now. */
  written(): void {
    const next = this.underWay.find(([, { writtenAtMs }]) => writtenAtMs === undefined);
    if (next === undefined) return;
    next[1].writtenAtMs = this.clock.monotonicMs();
    next[1].written();
  }

  answer(index: number, ok: boolean): void {
    if (!this.connection?.alertAck) {
      const [any] = [...this.known.keys()];
      if (any !== undefined) assert.equal(this.delivery.acked(any, ok), false);
      return;
    }
    const [id, batch] = this.underWay[index % Math.max(1, this.underWay.length)] ?? [];
    if (id === undefined || batch === undefined) return;
    const { rejected } = this.delivery.figures;
    assert.equal(this.delivery.acked(id, ok), true);
    if (ok) this.store(id, batch);
    else if (this.delivery.figures.rejected > rejected) this.known.delete(id);
    else batch.state = "refused";
  }

  tick(ms: number): void {
    this.clock.tick(ms);
    if (!this.connection || this.connection.alertAck) return;
    for (const [id, batch] of this.underWay) {
      if ((batch.writtenAtMs ?? Infinity) + 2000 <= this.clock.monotonicMs()) this.store(id, batch);
    }
  }

  detach(answered: boolean): void {
    if (this.connection === undefined) return;
    const { alertAck } = this.connection;
    this.connection = undefined;
    if (answered && !alertAck) {
      for (const [id, batch] of this.underWay) {
        if (batch.writtenAtMs !== undefined) this.store(id, batch);
      }
    }
    this.delivery.detach({ answered });
    for (const batch of this.known.values()) Object.assign(batch, { state: "idle", writtenAtMs: undefined });
  }

  store(id: string, batch: Known): void {
    for (const event of batch.events) this.stored.add(event);
    this.known.delete(id);
  }

  /** Nothing is lost that is not counted, nothing is delivered that the hub does not have. */
  check(): void {
    const { delivered, rejected } = this.delivery.figures;
    assert.equal(delivered, this.stored.size);
    assert.equal(delivered + this.queue.length + this.queue.dropped, this.pushed);
    assert.ok(this.queue.dropped >= rejected);
  }

  /** A hub that behaves takes all that is left. */
  finish(): void {
    this.detach(false);
    this.do({ what: "attach", n: 0, flag: true });
    for (let round = 0; this.queue.length > 0; round++) {
      assert.ok(round < 10_000, "it never came to an end");
      const batch = this.delivery.next(true);
      if (batch !== undefined) this.sent(read(batch));
      else this.answer(0, true);
    }
    this.check();
    assert.equal(this.stored.size, this.pushed - this.queue.dropped);
    this.delivery[Symbol.dispose]();
  }
}

interface Step {
  what: "push" | "attach" | "next" | "written" | "ack" | "tick" | "detach";
  n: number;
  flag: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.oneof(
    { weight: 4, arbitrary: fc.constant("next" as const) },
    { weight: 3, arbitrary: fc.constant("written" as const) },
    { weight: 2, arbitrary: fc.constantFrom("push" as const, "ack" as const, "tick" as const) },
    { weight: 1, arbitrary: fc.constantFrom("attach" as const, "detach" as const) },
  ),
  n: fc.nat({ max: 30 }),
  flag: fc.boolean(),
});

for (const capacity of [100_000, 150]) {
  Deno.test(`whatever happens, no event is lost that is not counted (capacity ${capacity})`, () => {
    const steps = fc.array(step, { minLength: 5, maxLength: 120, size: "max" });
    fc.assert(
      fc.property(steps, fc.double({ min: 0, max: 0.99, noNaN: true }), (steps, chance) => {
        const world = new World(capacity, () => chance);
        world.do({ what: "push", n: 20, flag: false });
        world.do({ what: "attach", n: 0, flag: chance < 0.5 });
        for (const step of steps) {
          world.do(step);
          world.check();
        }
        world.finish();
      }),
      { numRuns: 200 },
    );
  });
}
