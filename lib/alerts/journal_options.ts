import type { Logger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import type { Migration } from "./journal_schema.ts";
import type { JournalStore } from "./journal_store.ts";

/** Options of `Journal`. */
export interface JournalOptions<T> {
  /** The file; SQLite's own files are beside it. */
  path: string;
  /** Items of one key supersede each other and are never taken in another order than they were pushed. */
  keyOf: (item: T) => string;
  /** Whether an item may pass the others, but for those of its key, when many wait. @default none may */
  isUrgent?: (item: T) => boolean;
  /** Writes an item as JSON. @default JSON.stringify */
  encode?: (item: T) => string;
  /** Reads what `encode` has written. @default JSON.parse */
  decode?: (text: string) => T;
  /** How many items may wait. @default 100_000 */
  maxEvents?: number;
  /** How many bytes of text these may have. @default 64 MiB */
  maxBytes?: number;
  /** How old an item may grow, to the second. @default 7 days */
  maxAgeMs?: number;
  /** How many items may wait that cannot be written because the disk fails. @default 1000 */
  maxMemoryEvents?: number;
  /** How much memory may hold text that is on disk too, so that what is taken soon need not be read. @default 1 MiB */
  maxRecentBytes?: number;
  /** An urgent item passes the others when more than this many wait. @default 1000 */
  rushAbove?: number;
  /** Wall time, for ages. @default the platform's */
  clock?: Clock;
  /** Uniform numbers in [0, 1). @default Math.random */
  random?: () => number;
  logger?: Logger;
  /** Called when writing has begun to fail: `retry` should be called now and then. */
  onDegraded?: () => void;
  /** Stands between the journal and its file. @default nothing does */
  wrapStore?: (store: JournalStore) => JournalStore;
  /** How older files become present ones. @default those of this release */
  migrations?: readonly Migration[];
}
