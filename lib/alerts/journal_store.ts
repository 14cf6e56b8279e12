/** What the journal asks of the place where it keeps events: {@linkcode JournalFile} on a disk. */
import type { DropReason } from "./queue.ts";

/** What left the queue, over its whole life. What came in is this and what is there. */
export type Ledger = Record<"settled" | DropReason, number>;

/** A row as it is written: see `journal_rows.ts`. */
export interface StoredRow {
  /** Grows with the order of events. */
  readonly id: number;
  /** What is known of its events. */
  readonly meta: Uint8Array;
  /** Their texts. */
  readonly body: Uint8Array;
}

/** A row as it is found again: its text is not read yet. */
export interface FoundRow extends Pick<StoredRow, "id" | "meta"> {
  /** Which of its events are gone, if any left after it was written. */
  readonly marks: Uint8Array | undefined;
}

/** What one transaction does, in this order. */
export interface StoreChanges {
  readonly removed: readonly number[];
  readonly marked: readonly Pick<Required<FoundRow>, "id" | "marks">[];
  readonly inserted: readonly StoredRow[];
  /** Undefined: as it was. */
  readonly ledger: Ledger | undefined;
}

/** Rows and a ledger that outlive the process. All calls are synchronous and may throw what the disk has to say. */
export interface JournalStore extends Disposable {
  /** The seed of the hashes in {@linkcode FoundRow.meta}. */
  readonly seed: readonly [number, number];
  /** The ledger as it was last written. */
  readonly ledger: Ledger;
  /** All rows, by id. To be read to the end before anything else is called. */
  rows(): Iterable<FoundRow>;
  /** The text of a row. */
  body(id: number): Uint8Array;
  /** Does all of it, or nothing and throws. */
  write(changes: StoreChanges): void;
  /** Gives the disk back some of what is no longer used. @returns whether there is more */
  tidy(): boolean;
  /** Tries to make room for changes to be written on a disk that is full. Never throws. */
  relieve(): void;
  /** Begins anew with nothing in it but the ledger: for when no row matters and none can be removed. */
  restart(ledger: Ledger): void;
}
