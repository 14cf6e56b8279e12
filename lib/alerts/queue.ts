/** What waits to be delivered: the contract that the ring buffer and the journal both keep. */

/** Items handed out and not yet settled, oldest first. Good for one {@linkcode AlertQueue}. */
export interface Lease<T> {
  /** The items themselves; a queue that holds text reads them when they are first asked for. */
  readonly items: readonly T[];
  /** How many they are. Costs nothing, unlike {@linkcode items}. */
  readonly count: number;
  /**
   * The items as one JSON array, without reading them where the queue holds their text already.
   *
   * @throws TypeError if an item cannot be written as JSON
   */
  encode(): string;
}

/**
 * Why items were given up: a newer one of the same key was in the queue, room was needed, they grew too old, or they
 * could never be delivered.
 */
export type DropReason = "superseded" | "overflow" | "expired" | "rejected";

/** What became of every item. At any moment accepted = settled + waiting + all that is in `dropped`. */
export interface QueueFigures {
  /** Pushed, over the queue's life. */
  readonly accepted: number;
  /** Delivered. */
  readonly settled: number;
  /** In the queue: not settled and not dropped, whether leased or not. */
  readonly waiting: number;
  /** How many bytes of encoded text these are; 0 in a queue that keeps the items themselves. */
  readonly waitingBytes: number;
  /** Given up, by reason. */
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/**
 * A FIFO queue with leases. `push` may be called at any time, also from inside another call's consumer; nothing
 * here waits. Each lease ends once, by `settle`, `giveBack` or `discard`; ending it again does nothing.
 */
export interface AlertQueue<T> {
  /** Everything not settled: waiting and leased. */
  readonly length: number;
  /** What no lease holds: what {@linkcode take} would hand out. */
  readonly waiting: number;
  /** How many items were given up unsettled, over the queue's life. */
  readonly dropped: number;
  /** A snapshot of the accounting. */
  readonly figures: QueueFigures;
  /** Why items are at present kept in memory alone, for people; undefined while all is as it was set up. */
  readonly degraded: string | undefined;
  /** Adds one item, O(1). Never throws: when the queue is full, waiting items are dropped to make room, and counted. */
  push(item: T): void;
  /** Hands out up to `max` of the oldest waiting items without forgetting them; undefined when none waits. */
  take(max: number): Lease<T> | undefined;
  /** The lease was delivered: forget its items. */
  settle(lease: Lease<T>): void;
  /** The lease could not be delivered: its items are the next to be taken, in their old order. */
  giveBack(lease: Lease<T>): void;
  /**
   * The lease's items will never be deliverable: forget them and count them as dropped.
   *
   * @param reason what they are counted as; `rejected` unless told
   */
  discard(lease: Lease<T>, reason?: DropReason): void;
  /** Whether `count` items of `bytes` encoded bytes in all would fit, dropping superseded items at most. */
  hasRoom(count: number, bytes: number): boolean;
  /**
   * Resolves once it is known of everything pushed so far whether a `kill -9` would spare it: true when it is on
   * disk or has left the queue, false when some of it is in memory alone. Never rejects.
   */
  durable(): Promise<boolean>;
}

/** All drops taken together. */
export function droppedInAll({ superseded, overflow, expired, rejected }: QueueFigures["dropped"]): number {
  return superseded + overflow + expired + rejected;
}
