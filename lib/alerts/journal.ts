import { clearImmediate, setImmediate } from "node:timers";
import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, systemClock, type TimerId } from "../clock.ts";
import { JournalBounds } from "./journal_bounds.ts";
import { JournalIndex } from "./journal_index.ts";
import { JournalLease } from "./journal_lease.ts";
import { MemoryTail } from "./journal_memory.ts";
import type { JournalOptions } from "./journal_options.ts";
import { readSegments, recover } from "./journal_recovery.ts";
import { Field, placeOf, type Segment } from "./journal_segment.ts";
import type { JournalStore, Ledger } from "./journal_store.ts";
import { type SegmentText, TextRuns } from "./journal_text.ts";
import { JournalTexts } from "./journal_texts.ts";
import { JournalWriter } from "./journal_writer.ts";
import { type AlertQueue, droppedInAll, type DropReason, type Lease, type QueueFigures } from "./queue.ts";

export type { JournalOptions } from "./journal_options.ts";

/** What pushes have brought is written when it is this much, without waiting for the turn of the loop to end. */
const WRITE_AT_BYTES = 512 * 1024;

/** How long after a change the file is made smaller, where it has become loose, and how far apart the steps are. */
const TIDY_AFTER_MS = 1000;
const TIDY_EVERY_MS = 50;

/**
 * A durable queue in an SQLite file, for one process at a time.
 *
 * What is pushed is written in one transaction at the end of the event loop's turn; what is settled before that is
 * never written at all. A `kill -9` loses what {@linkcode durable} has not confirmed yet, and lets what was settled
 * in the last turn be delivered again. The ledger is written with the rows, so the accounting adds up after any
 * restart.
 *
 * When writing fails, no call does: items wait in memory, within bounds, and what is on disk is still handed out, until
 * {@linkcode retry} succeeds. All calls are synchronous but for `durable`. After disposal, nothing must be called.
 */
export class Journal<T> implements AlertQueue<T>, Disposable {
  readonly #path: string;
  readonly #keyOf: (item: T) => string;
  readonly #isUrgent: (item: T) => boolean;
  readonly #encode: (item: T) => string;
  readonly #decode: (text: string) => T;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onDegraded: (() => void) | undefined;
  readonly #store: JournalStore;
  readonly #index: JournalIndex;
  readonly #ledger: Ledger;
  readonly #texts: JournalTexts;
  readonly #memory: MemoryTail;
  readonly #bounds: JournalBounds;
  readonly #writer: JournalWriter;
  readonly #leases = new Map<Lease<T>, readonly number[]>();
  #turn: ReturnType<typeof setImmediate> | undefined;
  #tidying: TimerId | undefined;
  #waiter: PromiseWithResolvers<boolean> | undefined;
  #degraded: string | undefined;

  /**
   * Opens the file, or makes it; what waits in it waits again. A file that is damaged, foreign or newer is set aside.
   *
   * @throws Error if the file cannot be had at the moment: it is in use, the disk is full, read-only or fails.
   */
  constructor(options: JournalOptions<T>) {
    const { path, keyOf, isUrgent = () => false, encode = JSON.stringify, decode = JSON.parse } = options;
    const { maxEvents = 100_000, maxBytes = 64 * 1024 * 1024, maxAgeMs = 7 * 24 * 3600 * 1000 } = options;
    const { maxMemoryEvents = 1000, maxRecentBytes = 1024 * 1024, rushAbove = 1000 } = options;
    const { clock = systemClock, random = Math.random } = options;
    const { logger = getLogger(["pawl", "alerts"]), onDegraded, wrapStore = (store) => store, migrations } =
      options;
    this.#path = path;
    this.#keyOf = keyOf;
    this.#isUrgent = isUrgent;
    this.#encode = encode;
    this.#decode = decode;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#logger = logger;
    this.#onDegraded = onDegraded;
    const found = recover({
      path,
      random,
      logger,
      nowMs: clock.wallMs(),
      ...(migrations && { migrations }),
      adopt: (file) => {
        const store = wrapStore(file);
        const index = new JournalIndex({ seed: store.seed, rushAbove });
        readSegments(store, index);
        return { store, index };
      },
    });
    const { store, index } = found;
    this.#store = store;
    this.#index = index;
    this.#ledger = store.ledger;
    const texts = this.#texts = new JournalTexts(store, maxRecentBytes);
    const memory = this.#memory = new MemoryTail(index, maxMemoryEvents);
    this.#writer = new JournalWriter({ store, index, texts, memory });
    const drop = this.#drop.bind(this);
    this.#bounds = new JournalBounds({ index, memory, maxEvents, maxBytes, maxAgeMs, drop });
    this.#bounds.sweep(clock.wallMs());
    this.#bounds.keep(false);
  }

  get length(): number {
    return this.#index.length;
  }

  get waiting(): number {
    return this.#index.waiting;
  }

  get dropped(): number {
    return droppedInAll(this.#ledger);
  }

  get figures(): QueueFigures {
    const { settled, superseded, overflow, expired, rejected } = this.#ledger;
    return {
      accepted: settled + this.length + this.dropped,
      settled,
      waiting: this.length,
      waitingBytes: this.#index.bytes,
      dropped: { superseded, overflow, expired, rejected },
    };
  }

  get degraded(): string | undefined {
    return this.#degraded;
  }

  push(item: T): void {
    if (this.#append(item)) this.#pushed();
  }

  take(max: number): Lease<T> | undefined {
    while (this.#index.waiting > 0) {
      const nowMs = this.#clock.wallMs();
      const taken = this.#index.take(
        max,
        (segment, place) => this.#bounds.dropIfExpired(segment, place, nowMs),
      );
      if (taken.length === 0) return undefined;
      const { handles, text, lengths } = this.#read(taken);
      if (handles.length === 0) continue; // none of them could be read
      const lease = new JournalLease(text, lengths, this.#decode);
      this.#leases.set(lease, handles);
      return lease;
    }
    return undefined;
  }

  settle(lease: Lease<T>): void {
    this.#ledger.settled += this.#forget(lease);
  }

  giveBack(lease: Lease<T>): void {
    const handles = this.#leases.get(lease);
    if (handles === undefined) return;
    this.#leases.delete(lease);
    this.#index.giveBack(handles);
    this.#bounds.keep(this.#degraded !== undefined);
  }

  discard(lease: Lease<T>, reason: DropReason = "rejected"): void {
    this.#ledger[reason] += this.#forget(lease);
  }

  hasRoom(count: number, bytes: number): boolean {
    return this.#bounds.hasRoom(count, bytes, this.#degraded !== undefined);
  }

  durable(): Promise<boolean> {
    if (this.#memory.events === 0) return Promise.resolve(true);
    if (this.#degraded !== undefined) return Promise.resolve(false);
    this.#waiter ??= Promise.withResolvers();
    return this.#waiter.promise;
  }

  /**
   * Writes now what the end of the turn would write.
   *
   * @returns whether that succeeded; it never throws.
   */
  flush(): boolean {
    if (this.#degraded !== undefined) return false;
    try {
      this.#writer.write(this.#ledger);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#waiter?.resolve(true);
    this.#waiter = undefined;
    return true;
  }

  /**
   * Tries to write again after a failure, and if it succeeds, all is as before it.
   *
   * @returns whether the queue is in order.
   */
  retry(): boolean {
    if (this.#degraded === undefined) return true;
    try {
      this.#writer.writeAgain(this.#ledger);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#degraded = undefined;
    this.#logger.info("queue.recovered", { path: this.#path });
    return true;
  }

  /** Goes on with a lease of another queue: its items are behind all others here, and leased. */
  takeOver(lease: Lease<T>): void {
    const handles: number[] = [];
    for (const item of lease.items) if (this.#append(item)) handles.push(this.#index.takeNewest());
    this.#leases.set(lease, handles);
    this.#pushed();
  }

  /** Counts what another queue has accepted and is done with, so that it is remembered. */
  include(done: Ledger): void {
    for (const name of Object.keys(this.#ledger) as (keyof Ledger)[]) this.#ledger[name] += done[name];
    this.#schedule();
  }

  /** Writes what is pending and closes the file. */
  [Symbol.dispose](): void {
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    if (this.#tidying !== undefined) this.#clock.clearTimeout(this.#tidying);
    this.#turn = this.#tidying = undefined;
    if (this.#degraded === undefined) this.flush();
    else this.retry();
    if (this.#memory.events > 0) {
      this.#logger.error("queue.lost_at_close", { path: this.#path, events: this.#memory.events });
    }
    this.#store[Symbol.dispose]();
  }

  /** Puts an item at the end, or counts why not. */
  #append(item: T): boolean {
    let text: string;
    let key: string;
    let urgent: boolean;
    try {
      text = this.#encode(item);
      key = this.#keyOf(item);
      urgent = this.#isUrgent(item);
      if (typeof text !== "string") throw new TypeError("it has no JSON text");
    } catch (error) {
      this.#logger.error("queue.not_encodable", { path: this.#path, error });
      this.#countDrop("rejected");
      return false;
    }
    const nowMs = this.#clock.wallMs();
    this.#bounds.sweep(nowMs);
    const segment = this.#index.openSegment();
    const bytes = text.length > this.#maxBytes ? Infinity : this.#texts.append(segment, text);
    if (bytes > this.#maxBytes) {
      this.#countDrop("overflow"); // it alone would not fit
      return false;
    }
    this.#index.push({ key, bytes, atSec: this.#bounds.acceptedAtSec(nowMs), urgent });
    this.#memory.add(bytes);
    this.#writer.note(segment);
    return true;
  }

  #pushed(): void {
    this.#bounds.keep(this.#degraded !== undefined);
    if (this.#degraded === undefined && this.#memory.bytes >= WRITE_AT_BYTES) this.flush();
    else this.#schedule();
  }

  #schedule(): void {
    if (this.#turn !== undefined || this.#degraded !== undefined) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      if (!this.flush()) return;
      if (this.#tried(() => this.#writer.mergeSome())) this.#schedule();
      this.#tidySoon(TIDY_AFTER_MS);
    });
  }

  /** Shrinking the file keeps the loop from its work: that has time until a burst is over. */
  #tidySoon(delayMs: number): void {
    if (this.#tidying !== undefined) return;
    this.#tidying = this.#clock.setTimeout(() => {
      this.#tidying = undefined;
      if (this.#degraded === undefined && this.#tried(() => this.#store.tidy())) {
        this.#tidySoon(TIDY_EVERY_MS);
      }
    }, delayMs);
  }

  /** Housekeeping, which may fail like any writing. @returns whether there is more of it */
  #tried(work: () => boolean): boolean {
    try {
      return work();
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #fail(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const isNews = this.#degraded === undefined;
    this.#degraded =
      `cannot write ${this.#path}: ${why}; new events are in memory until it can be written again`;
    this.#waiter?.resolve(false);
    this.#waiter = undefined;
    this.#bounds.keep(this.#degraded !== undefined);
    if (!isNews) return;
    this.#logger.error("queue.degraded", { path: this.#path, why });
    try {
      this.#onDegraded?.();
    } catch (error) {
      this.#logger.error("queue.listener_failed", { error });
    }
  }

  #drop(segment: Segment, place: number, reason: DropReason): void {
    this.#remove(segment, place);
    this.#countDrop(reason);
  }

  #countDrop(reason: DropReason): void {
    this.#ledger[reason]++;
    this.#schedule();
  }

  #forget(lease: Lease<T>): number {
    const handles = this.#leases.get(lease);
    if (handles === undefined) return 0;
    this.#leases.delete(lease);
    for (const handle of handles) this.#remove(this.#index.segment(handle), placeOf(handle));
    this.#schedule();
    return handles.length;
  }

  #remove(segment: Segment, place: number): void {
    if (place >= segment.written) this.#memory.remove(segment.get(place, Field.bytes));
    this.#index.remove(segment, place);
    this.#writer.note(segment);
  }

  /** Finds the text of what was taken; what cannot be read is dropped, for it never will be. */
  #read(taken: readonly number[]): { handles: number[]; text: Uint8Array; lengths: number[] } {
    const handles: number[] = [];
    const lengths: number[] = [];
    const runs = new TextRuns();
    let segment: Segment | undefined;
    let text: SegmentText | undefined;
    let isLent = false;
    for (const handle of taken) {
      const its = this.#index.segment(handle);
      if (its !== segment) text = this.#tryToRead(segment = its);
      const place = placeOf(handle);
      if (text === undefined) {
        this.#drop(segment, place, "rejected");
        continue;
      }
      const length = segment.get(place, Field.bytes);
      runs.add(text.bytes, text.offset(place), length);
      isLent ||= text.isLent;
      handles.push(handle);
      lengths.push(length);
    }
    return { handles, text: runs.bytes(isLent), lengths };
  }

  #tryToRead(segment: Segment): SegmentText | undefined {
    try {
      return this.#texts.of(segment);
    } catch (error) {
      this.#logger.error("queue.unreadable", { path: this.#path, error });
      return undefined;
    }
  }
}
