import assert from "node:assert/strict";
import { Delivery, type DeliveryOptions, type OutgoingBatch } from "../../lib/alerts/delivery.ts";
import { type AlertEvent, alertEvent } from "../../lib/alerts/event.ts";
import { RingBuffer } from "../../lib/alerts/ring_buffer.ts";
import { decodeToHub } from "../../lib/protocol/mod.ts";
import { FakeClock } from "../fakes/fake_clock.ts";

/** An event that can be told from all others by its number. */
export function numbered(number: number, description = ""): AlertEvent {
  return alertEvent({
    timeSec: 1_700_000_000,
    status: "Warning",
    labels: { check: "t", n: `${number}` },
    description,
  });
}

/** A batch as the hub would read it. */
export interface SentBatch {
  id: string;
  /** The events' numbers. */
  events: number[];
  written: () => void;
}

/** What an outgoing batch says. */
export function read(batch: OutgoingBatch): SentBatch {
  const decoded = decodeToHub(batch.text);
  assert.ok(decoded.ok, "a batch must fit the protocol");
  const { message } = decoded;
  assert.equal(message.type, "alert_events");
  assert.ok(message.type === "alert_events");
  return {
    id: message.id,
    events: message.payload.events.map((event) => Number(event.labels["n"])),
    written: batch.onWritten,
  };
}

/** A delivery over a ring, with a connection that the test plays. */
export class DeliveryRig implements Disposable {
  readonly clock = new FakeClock();
  readonly queue: RingBuffer<AlertEvent>;
  readonly delivery: Delivery;
  wakes = 0;
  readonly unanswered: string[] = [];
  #pushed = 0;

  constructor(
    { capacity = 100_000, ...options }: Partial<DeliveryOptions> & { capacity?: number } = {},
  ) {
    this.queue = new RingBuffer(capacity);
    this.delivery = new Delivery({ queue: this.queue, clock: this.clock, random: () => 0.5, ...options });
  }

  /** Pushes `count` events, numbered on from the last. */
  push(count: number): void {
    for (let index = 0; index < count; index++) this.queue.push(numbered(this.#pushed++));
    this.delivery.wake();
  }

  attach(alertAck = true): void {
    this.delivery.attach({
      alertAck,
      wake: () => this.wakes++,
      onUnanswered: (reason) => this.unanswered.push(reason),
    });
  }

  next(idle = true): SentBatch | undefined {
    const batch = this.delivery.next(idle);
    return batch && read(batch);
  }

  /** Takes what can be sent now. */
  all(): SentBatch[] {
    const batches: SentBatch[] = [];
    for (let batch = this.next(); batch !== undefined; batch = this.next()) batches.push(batch);
    return batches;
  }

  /** Sends and writes everything that can be sent now. */
  writeAll(): SentBatch[] {
    const batches = this.all();
    for (const batch of batches) batch.written();
    return batches;
  }

  [Symbol.dispose](): void {
    this.delivery[Symbol.dispose]();
    assert.equal(this.clock.pendingTimers, 0, "delivery left a timer behind");
  }
}

/** The batch that must be there. */
export function must(batch: SentBatch | undefined): SentBatch {
  assert.ok(batch, "a batch should have been there to send");
  return batch;
}

/** How many events each batch holds. */
export const sizes = (batches: SentBatch[]) => batches.map(({ events }) => events.length);

/** From `from` up to, not including, `to`. */
export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
