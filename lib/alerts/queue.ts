/** What waits to be delivered: the contract that the ring buffer and the journal both keep. */

/** Items handed out and not yet settled, oldest first. Good for one {@linkcode AlertQueue}. */
export interface Lease<T> {
  readonly items: readonly T[];
}

/**
 * A FIFO queue with leases. `push` may be called at any time, also from inside another call's consumer; nothing
 * here waits. Each lease ends once, by `settle` or `giveBack`; ending it again does nothing.
 */
export interface AlertQueue<T> {
  /** Everything not settled: waiting and leased. */
  readonly length: number;
  /** What no lease holds: what {@linkcode take} would hand out. */
  readonly waiting: number;
  /** How many items were given up unsettled, over the queue's life. */
  readonly dropped: number;
  /** Adds one item, O(1). Never throws: when the queue is full, the oldest waiting item is dropped and counted. */
  push(item: T): void;
  /** Hands out up to `max` of the oldest waiting items without forgetting them; undefined when none waits. */
  take(max: number): Lease<T> | undefined;
  /** The lease was delivered: forget its items. */
  settle(lease: Lease<T>): void;
  /** The lease could not be delivered: its items are the next to be taken, in their old order. */
  giveBack(lease: Lease<T>): void;
  /** The lease's items will never be deliverable: forget them and count them as dropped. */
  discard(lease: Lease<T>): void;
}
