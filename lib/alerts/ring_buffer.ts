import { type AlertQueue, droppedInAll, type DropReason, type Lease, type QueueFigures } from "./queue.ts";

const DEFAULT_CAPACITY = 1000;

/**
 * A queue in memory with a fixed capacity: when that many items wait and one more comes, the oldest is overwritten.
 *
 * The capacity bounds what *waits*. Leased items are held beside the ring, so a push never overwrites what is on its
 * way; how much may be on its way at once is the consumer's to bound. Not durable. Pure: no clock, no I/O.
 */
export class RingBuffer<T> implements AlertQueue<T> {
  readonly capacity: number;
  /** Grows with use up to {@linkcode capacity}, so that an idle ring costs nothing. */
  #slots: (T | undefined)[] = [];
  #head = 0;
  #waiting = 0;
  #leased = 0;
  #settled = 0;
  readonly #dropped: Record<DropReason, number> = { superseded: 0, overflow: 0, expired: 0, rejected: 0 };
  readonly #leases = new Set<Lease<T>>();

  /** @param capacity how many items may wait; anything that is not a whole number of at least 1 means 1000. */
  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.capacity = Number.isSafeInteger(capacity) && capacity > 0 ? capacity : DEFAULT_CAPACITY;
  }

  get length(): number {
    return this.#waiting + this.#leased;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get dropped(): number {
    return droppedInAll(this.#dropped);
  }

  /** What was drained counts as settled: it is its new owner's affair. */
  get figures(): QueueFigures {
    return {
      accepted: this.#settled + this.length + this.dropped,
      settled: this.#settled,
      waiting: this.length,
      waitingBytes: 0,
      dropped: { ...this.#dropped },
    };
  }

  /** The leases that have not ended, in the order in which they were taken. */
  get leases(): readonly Lease<T>[] {
    return [...this.#leases];
  }

  /** Never: memory is all that a ring was ever meant to be. */
  get degraded(): undefined {
    return undefined;
  }

  push(item: T): void {
    if (this.#waiting === this.capacity) {
      this.#dropped.overflow++;
      this.#shift();
    }
    if (this.#waiting === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#waiting) % this.#slots.length] = item;
    this.#waiting++;
  }

  /** Removes and returns up to `max` of the oldest waiting items; `[]` when none waits. */
  drain(max: number): T[] {
    const items = this.#shiftUpTo(max);
    this.#settled += items.length;
    return items;
  }

  take(max: number): Lease<T> | undefined {
    const items = this.#shiftUpTo(max);
    if (items.length === 0) return undefined;
    const lease: Lease<T> = { items, count: items.length, encode: () => JSON.stringify(items) };
    this.#leases.add(lease);
    this.#leased += items.length;
    return lease;
  }

  settle(lease: Lease<T>): void {
    if (this.#end(lease)) this.#settled += lease.count;
  }

  giveBack(lease: Lease<T>): void {
    if (!this.#end(lease)) return;
    // What no longer fits is the oldest: exactly what would have been overwritten had it never been leased.
    const room = this.capacity - this.#waiting;
    const kept = lease.items.slice(Math.max(0, lease.items.length - room));
    this.#dropped.overflow += lease.count - kept.length;
    while (this.#waiting + kept.length > this.#slots.length) this.#grow();
    for (const item of kept.reverse()) {
      this.#head = (this.#head - 1 + this.#slots.length) % this.#slots.length;
      this.#slots[this.#head] = item;
      this.#waiting++;
    }
  }

  discard(lease: Lease<T>, reason: DropReason = "rejected"): void {
    if (this.#end(lease)) this.#dropped[reason] += lease.count;
  }

  /** Bytes do not count here; nor does a ring know what is superseded. */
  hasRoom(count: number): boolean {
    return this.#waiting + count <= this.capacity;
  }

  /** True only where nothing is left that could be lost. */
  durable(): Promise<boolean> {
    return Promise.resolve(this.length === 0);
  }

  #end(lease: Lease<T>): boolean {
    if (!this.#leases.delete(lease)) return false;
    this.#leased -= lease.count;
    return true;
  }

  #shiftUpTo(max: number): T[] {
    const items: T[] = [];
    while (items.length < max && this.#waiting > 0) items.push(this.#shift());
    return items;
  }

  #shift(): T {
    const item = this.#slots[this.#head] as T;
    this.#slots[this.#head] = undefined; // let it be collected
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#waiting--;
    return item;
  }

  /** Doubles the slots, so that a push costs O(1) amortised. */
  #grow(): void {
    const larger = new Array<T | undefined>(Math.min(this.capacity, Math.max(16, this.#slots.length * 2)));
    for (let index = 0; index < this.#waiting; index++) {
      larger[index] = this.#slots[(this.#head + index) % this.#slots.length];
    }
    this.#slots = larger;
    this.#head = 0;
  }
}
