import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, systemClock, type TimerId } from "../clock.ts";
import { Journal, type JournalOptions } from "./journal.ts";
import type { AlertQueue, DropReason, Lease, QueueFigures } from "./queue.ts";
import { RingBuffer } from "./ring_buffer.ts";

/** Options of {@linkcode ResilientQueue}. */
export interface ResilientQueueOptions<T> extends Omit<JournalOptions<T>, "onDegraded"> {
  /** The wait before the first try to write again; it doubles with each. @default 1 s */
  retryMs?: number;
  /** The longest wait. @default 60 s */
  maxRetryMs?: number;
  /** Called when the disk works again: what waited in a file that could not be opened waits here now. */
  onRecovered?: () => void;
}

/**
 * A journal that does without its disk while it must. Where the file cannot be opened, a ring takes its place; where it
 * is open and writing fails, the journal goes on with what it has, and keeps new items in memory. Either way `degraded`
 * says why, no producer notices, at most `maxMemoryEvents` wait in memory, and the disk is tried again and again: once
 * it works, everything is written, in the old order, leases included.
 *
 * The accounting spans both. Never throws for what the disk does. After disposal, nothing must be called.
 */
export class ResilientQueue<T> implements AlertQueue<T>, Disposable {
  readonly #options: ResilientQueueOptions<T>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #logger: Logger;
  readonly #retryMs: number;
  readonly #maxRetryMs: number;
  /** One of the two. */
  #queue: Journal<T> | RingBuffer<T>;
  /** Why the file cannot be opened. */
  #closedBecause: string | undefined;
  #failures = 0;
  #disposed = false;
  #timer: TimerId | undefined;

  /** Opens the journal, or begins without it. */
  constructor(options: ResilientQueueOptions<T>) {
    const { clock = systemClock, random = Math.random, logger = getLogger(["pawl", "alerts"]) } = options;
    const { retryMs = 1000, maxRetryMs = 60_000, maxMemoryEvents = 1000 } = options;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#logger = logger;
    this.#retryMs = retryMs;
    this.#maxRetryMs = maxRetryMs;
    this.#queue = this.#open() ?? new RingBuffer<T>(maxMemoryEvents);
    if (this.#closedBecause === undefined) return;
    logger.error("queue.degraded", { path: options.path, why: this.#closedBecause });
    this.#retryLater();
  }

  get length(): number {
    return this.#queue.length;
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  get figures(): QueueFigures {
    return this.#queue.figures;
  }

  get degraded(): string | undefined {
    return this.#closedBecause ?? this.#queue.degraded;
  }

  push(item: T): void {
    this.#queue.push(item);
  }

  take(max: number): Lease<T> | undefined {
    return this.#queue.take(max);
  }

  settle(lease: Lease<T>): void {
    this.#queue.settle(lease);
  }

  giveBack(lease: Lease<T>): void {
    this.#queue.giveBack(lease);
  }

  discard(lease: Lease<T>, reason?: DropReason): void {
    this.#queue.discard(lease, reason);
  }

  hasRoom(count: number, bytes: number): boolean {
    return this.#queue.hasRoom(count, bytes);
  }

  durable(): Promise<boolean> {
    return this.#queue.durable();
  }

  /** Writes what can be written and closes the file; what cannot be is lost, and reported. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#queue.length > 0) this.#moveToDisk();
    if (this.#queue instanceof Journal) return this.#queue[Symbol.dispose]();
    if (this.#queue.length === 0) return;
    this.#logger.error("queue.lost_at_close", { path: this.#options.path, events: this.#queue.length });
  }

  #retryLater(): void {
    if (this.#timer !== undefined || this.#disposed) return;
    const ladderMs = Math.min(this.#maxRetryMs, this.#retryMs * 2 ** this.#failures);
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      if (this.#retry()) {
        this.#failures = 0;
        this.#tellRecovered();
      } else {
        this.#failures = Math.min(this.#failures + 1, 30);
        this.#retryLater();
      }
    }, ladderMs * (0.75 + this.#random() / 2));
  }

  #tellRecovered(): void {
    try {
      this.#options.onRecovered?.();
    } catch (error) {
      this.#logger.error("queue.listener_failed", { error });
    }
  }

  #retry(): boolean {
    return this.#queue instanceof Journal ? this.#queue.retry() : this.#moveToDisk();
  }

  /** Tries to put a journal in the place of the ring. @returns whether there is one now */
  #moveToDisk(): boolean {
    const ring = this.#queue;
    if (ring instanceof Journal) return true;
    const journal = this.#open();
    if (journal === undefined) return false;
    const { settled, dropped } = ring.figures;
    journal.include({ settled, ...dropped });
    for (const lease of ring.leases) journal.takeOver(lease);
    for (const item of ring.drain(Infinity)) journal.push(item);
    this.#queue = journal;
    this.#logger.info("queue.recovered", { path: this.#options.path });
    return true;
  }

  #open(): Journal<T> | undefined {
    try {
      const journal = new Journal<T>({ ...this.#options, onDegraded: () => this.#retryLater() });
      this.#closedBecause = undefined;
      return journal;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#closedBecause = `cannot open ${this.#options.path}: ${why}; events are in memory until it can be`;
      return undefined;
    }
  }
}
