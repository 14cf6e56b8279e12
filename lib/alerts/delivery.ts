import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, systemClock, type TimerId } from "../clock.ts";
import { isLonger, MAX_EVENTS_PER_MESSAGE, MAX_MESSAGE_BYTES } from "../protocol/mod.ts";
import type { AlertEvent } from "./event.ts";
import type { AlertQueue, Lease } from "./queue.ts";

/** Options of {@linkcode Delivery}. */
export interface DeliveryOptions {
  queue: AlertQueue<AlertEvent>;
  clock?: Clock;
  /** Uniform numbers in [0, 1), for the spread of waits. @default Math.random */
  random?: () => number;
  logger?: Logger;
  /** How many batches may be unacked under `alert_ack`, and where the window starts after a loss without it. @default 8 */
  window?: number;
  /** Without `alert_ack`: how long the connection must stay up after a batch was written. @default 2 s */
  settleMs?: number;
  /** Under `alert_ack`: how long an ack may take before the connection is taken for dead. @default 60 s */
  ackMs?: number;
  /** How often the hub may refuse a batch before it is given up. @default 5 */
  maxRefusals?: number;
  /** The wait after the first refusal; it doubles with each. @default 1 s */
  refusalMs?: number;
}

/** What became of the events so far. */
export interface DeliveryFigures {
  /** Messages that were handed to a connection. (The others are events.) */
  batches: number;
  /** Settled: the hub has them, as far as the connection can tell. */
  delivered: number;
  /** Given up because the hub refused them again and again, or because they could not be encoded. */
  rejected: number;
  /** Sent once more: after a connection was lost, or after a refusal. */
  resent: number;
}

/** A batch ready to be written. */
export interface OutgoingBatch {
  readonly text: string;
  readonly onWritten: () => void;
}

/** How the connection that alerts travel on ends and begins. */
export interface AttachOptions {
  /** Whether the hub acks alert events on this connection. */
  alertAck: boolean;
  /** Called when there is something to send that was not there when `next` was last asked. */
  wake: () => void;
  /** Called when the hub owes an ack for too long. What is unacked goes out again on the next connection. */
  onUnanswered: (reason: string) => void;
}

interface Batch {
  /** The same at every sending, so that the hub can drop doubles. */
  readonly id: string;
  readonly lease: Lease<AlertEvent>;
  state: "waiting" | "sent";
  everSent: boolean;
  /** When it was written on this connection, on the monotonic clock. */
  writtenAtMs: number | undefined;
  refusals: number;
  notBeforeMs: number;
}

function newBatch(id: string, lease: Lease<AlertEvent>): Batch {
  return {
    id,
    lease,
    state: "waiting",
    everSent: false,
    writtenAtMs: undefined,
    refusals: 0,
    notBeforeMs: 0,
  };
}

/** Without acks, how many batches may be younger than `settleMs`: bounds the memory, not the protocol. */
const MAX_WINDOW = 1024;

/** A message longer than this is cut into smaller batches. */
const MAX_BATCH_BYTES = 512 * 1024;

/**
 * At-least-once delivery of alert events, over any number of connections, one at a time.
 *
 * take → send → settle: a batch is leased from the queue, and leaves it only when the hub has acked it or, where the
 * hub does not ack, when the connection outlived its writing by `settleMs`. What was not settled when a connection
 * ended is sent first on the next one, in the old order and with the same message id. Batches are cut at the moment
 * of writing, so they grow with the load by themselves.
 *
 * Call order: `attach`, then `next`/`acked` any number of times, then `detach`; and again. A batch that the hub
 * refused holds back the younger ones: events of one key must not overtake each other.
 */
export class Delivery implements Disposable {
  readonly #queue: AlertQueue<AlertEvent>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #logger: Logger;
  readonly #ackWindow: number;
  readonly #settleMs: number;
  readonly #ackMs: number;
  readonly #maxRefusals: number;
  readonly #refusalMs: number;
  /** Every batch that is not settled, in the order of first sending. */
  readonly #batches = new Map<string, Batch>();
  #sent = 0;
  #window = MAX_WINDOW;
  #connection: AttachOptions | undefined;
  #timer: TimerId | undefined;
  readonly #figures: DeliveryFigures = { batches: 0, delivered: 0, rejected: 0, resent: 0 };

  constructor(options: DeliveryOptions) {
    const { queue, clock = systemClock, random = Math.random, logger = getLogger(["pawl", "alerts"]) } =
      options;
    const { window = 8, settleMs = 2000, ackMs = 60_000, maxRefusals = 5, refusalMs = 1000 } = options;
    this.#queue = queue;
    this.#clock = clock;
    this.#random = random;
    this.#logger = logger;
    this.#ackWindow = window;
    this.#settleMs = settleMs;
    this.#ackMs = ackMs;
    this.#maxRefusals = maxRefusals;
    this.#refusalMs = refusalMs;
  }

  /** A snapshot. */
  get figures(): Readonly<DeliveryFigures> {
    return { ...this.#figures };
  }

  /** Whether everything has been written on this connection and, under `alert_ack`, acked. */
  get flushed(): boolean {
    if (this.#queue.waiting > 0) return false;
    if (this.#connection?.alertAck) return this.#batches.size === 0;
    return this.#batches.values().every((batch) => batch.writtenAtMs !== undefined);
  }

  /** Says that the queue has grown. */
  wake(): void {
    this.#connection?.wake();
  }

  /** A connection is registered: what is not settled goes out on it first. */
  attach(connection: AttachOptions): void {
    this.#connection = connection;
    connection.wake();
  }

  /**
   * The connection has ended.
   * @param answered whether the hub answered the goodbye: it has then read everything that was written.
   */
  detach({ answered }: { answered: boolean }): void {
    const acked = this.#connection?.alertAck ?? false;
    this.#connection = undefined;
    this.#stopTimer();
    if (!acked) this.#settleWritten(answered ? 0 : this.#settleMs);
    for (const batch of this.#batches.values()) {
      batch.state = "waiting";
      batch.writtenAtMs = undefined;
      batch.notBeforeMs = 0;
    }
    this.#sent = 0;
    if (this.#batches.size > 0) this.#window = this.#ackWindow;
  }

  /**
   * Cuts the next batch.
   * @param idle whether nothing is being written: if so a part of a batch is worth sending, else only a full one.
   */
  next(idle: boolean): OutgoingBatch | undefined {
    const connection = this.#connection;
    if (connection === undefined) return undefined;
    if (this.#sent >= (connection.alertAck ? this.#ackWindow : this.#window)) {
      return undefined;
    }
    // The waiting ones are all older than any that is sent, but for those that a refusal made wait again.
    while (this.#batches.size > this.#sent) {
      const again = this.#batches.values().find((batch) => batch.state === "waiting");
      if (again === undefined) break;
      if (again.notBeforeMs > this.#clock.monotonicMs()) {
        if (this.#timer === undefined) this.#startTimer();
        return undefined;
      }
      const text = this.#tryEncode(again);
      if (text !== undefined) return this.#send(again, text);
      this.#batches.delete(again.id);
      this.#reject(again, "it can no longer be written as JSON");
    }
    const cut = this.#cut(idle);
    if (cut === undefined) return undefined;
    this.#batches.set(cut.batch.id, cut.batch);
    return this.#send(cut.batch, cut.text);
  }

  /** Takes what a message may carry from the queue. @param partly whether less than a full batch is worth it. */
  #cut(partly: boolean): { batch: Batch; text: string } | undefined {
    for (let max = MAX_EVENTS_PER_MESSAGE;;) {
      if (this.#queue.waiting === 0 || (!partly && this.#queue.waiting < MAX_EVENTS_PER_MESSAGE)) {
        return undefined;
      }
      const lease = this.#queue.take(max);
      if (lease === undefined) return undefined;
      const id = crypto.randomUUID();
      const batch = newBatch(id, lease);
      const text = this.#tryEncode(batch);
      if (lease.count > 1 && (text === undefined || isLonger(text, MAX_BATCH_BYTES))) {
        this.#queue.giveBack(lease);
        max = Math.ceil(lease.count / 2);
      } else if (text === undefined) {
        this.#reject(batch, "it cannot be written as JSON");
      } else if (isLonger(text, MAX_MESSAGE_BYTES)) {
        // The hub would end the connection over it, again and again, and nothing behind it would ever arrive.
        this.#reject(batch, `it is longer than the ${MAX_MESSAGE_BYTES} bytes that a message may have`);
      } else {
        return { batch, text };
      }
    }
  }

  /**
   * The hub answered the message `refId`. Answers to what is not under way are ignored: they are doubles.
   * @returns whether the message was a batch of ours.
   */
  acked(refId: string, ok: boolean, error?: string): boolean {
    const batch = this.#batches.get(refId);
    if (batch === undefined || batch.state !== "sent" || !this.#connection?.alertAck) return false;
    if (ok) {
      this.#settle(batch);
    } else {
      this.#refused(batch, error ?? "");
    }
    this.#connection.wake();
    return true;
  }

  /** Stops the timers. Nothing must be called afterwards. */
  [Symbol.dispose](): void {
    this.#connection = undefined;
    this.#stopTimer();
  }

  #send(batch: Batch, text: string): OutgoingBatch {
    if (batch.everSent) this.#figures.resent += batch.lease.count;
    batch.everSent = true;
    batch.state = "sent";
    this.#sent++;
    this.#figures.batches++;
    const connection = this.#connection;
    return {
      text,
      onWritten: () => {
        if (this.#connection !== connection || batch.state !== "sent") return;
        batch.writtenAtMs = this.#clock.monotonicMs();
        if (this.#timer === undefined) this.#startTimer();
      },
    };
  }

  #tryEncode({ id, lease }: Batch): string | undefined {
    try {
      // The message as `encode` would write it, around text that the queue may hold already.
      return `{"type":"alert_events","id":${JSON.stringify(id)},"payload":{"events":${lease.encode()}}}`;
    } catch {
      return undefined; // an embedder's event that is no plain data
    }
  }

  #refused(batch: Batch, error: string): void {
    batch.refusals++;
    if (batch.refusals >= this.#maxRefusals) {
      this.#batches.delete(batch.id);
      this.#sent--;
      this.#reject(batch, `the hub refused it ${batch.refusals} times: ${error}`);
      return;
    }
    const delayMs = this.#refusalMs * 2 ** (batch.refusals - 1) * (0.75 + this.#random() / 2);
    this.#logger.warn("alerts.batch_refused", {
      events: batch.lease.count,
      error,
      retryInMs: Math.round(delayMs),
    });
    batch.state = "waiting";
    this.#sent--;
    batch.notBeforeMs = this.#clock.monotonicMs() + delayMs;
    this.#startTimer();
  }

  #reject({ lease }: Batch, why: string): void {
    this.#figures.rejected += lease.count;
    this.#queue.discard(lease);
    this.#logger.error("alerts.batch_rejected", { events: lease.count, why });
  }

  #settle(batch: Batch): void {
    this.#batches.delete(batch.id);
    if (batch.state === "sent") this.#sent--;
    this.#figures.delivered += batch.lease.count;
    this.#queue.settle(batch.lease);
  }

  /** Each batch that settles makes room for one more than itself: a window that settles has doubled. */
  #settleWritten(minAgeMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    for (const batch of this.#batches.values()) {
      if (batch.writtenAtMs === undefined || batch.writtenAtMs + minAgeMs > nowMs) break;
      this.#settle(batch);
      this.#window = Math.min(this.#window + 1, MAX_WINDOW);
    }
  }

  /**
   * Sets the one timer for the oldest batch that time does something for: that settles it, without acks, lets it be
   * tried again, or shows that its ack does not come. No younger one may overtake that, so none needs its own.
   */
  #startTimer(): void {
    this.#stopTimer();
    const dueMs = this.#nextDueMs();
    if (dueMs === undefined) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      if (!this.#connection?.alertAck) this.#settleWritten(this.#settleMs);
      else if (this.#isOverdue()) {
        return this.#connection.onUnanswered(`the hub did not ack alert events within ${this.#ackMs} ms`);
      }
      this.#connection?.wake();
      this.#startTimer();
    }, Math.max(0, dueMs - this.#clock.monotonicMs()));
  }

  #nextDueMs(): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    const afterMs = this.#connection?.alertAck ? this.#ackMs : this.#settleMs;
    for (const batch of this.#batches.values()) {
      if (batch.state === "waiting") {
        if (this.#connection?.alertAck) return batch.notBeforeMs > nowMs ? batch.notBeforeMs : undefined;
      } else if (batch.writtenAtMs !== undefined) return batch.writtenAtMs + afterMs;
    }
    return undefined;
  }

  #isOverdue(): boolean {
    const latestMs = this.#clock.monotonicMs() - this.#ackMs;
    return this.#batches.values().some(({ state, writtenAtMs }) =>
      state === "sent" && writtenAtMs !== undefined && writtenAtMs <= latestMs
    );
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
