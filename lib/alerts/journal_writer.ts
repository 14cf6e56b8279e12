import { canMerge, PendingChanges } from "./journal_changes.ts";
import type { JournalIndex } from "./journal_index.ts";
import type { MemoryTail } from "./journal_memory.ts";
import { type Segment, SEGMENT_EVENTS } from "./journal_segment.ts";
import type { JournalStore, Ledger } from "./journal_store.ts";
import type { JournalTexts } from "./journal_texts.ts";

/** How many mergers of segments one turn of the event loop may make. */
const MERGERS_PER_TURN = 4;

/** What a {@linkcode JournalWriter} works on. */
export interface JournalWriterOptions {
  store: JournalStore;
  index: JournalIndex;
  texts: JournalTexts;
  memory: MemoryTail;
}

/**
 * Brings the file up to what the index says, and keeps it compact. What throws has changed nothing: it can be tried
 * again.
 */
export class JournalWriter {
  readonly #store: JournalStore;
  readonly #index: JournalIndex;
  readonly #texts: JournalTexts;
  readonly #memory: MemoryTail;
  /** Segments about which the file does not say what the index says. */
  readonly #changed = new Set<Segment>();
  /** Segments that are half empty: they might be merged with a neighbour. */
  readonly #sparse = new Set<Segment>();

  constructor({ store, index, texts, memory }: JournalWriterOptions) {
    this.#store = store;
    this.#index = index;
    this.#texts = texts;
    this.#memory = memory;
    for (let segment = index.head; segment !== undefined; segment = segment.next) this.#noteSparse(segment);
  }

  /** Something came to a segment, or left it. */
  note(segment: Segment): void {
    if (segment.live > 0 || segment.rows.length > 0 || !segment.closed) {
      this.#changed.add(segment);
    } else {
      this.#changed.delete(segment); // it was never written, and never will be
      this.#texts.forget(segment);
    }
  }

  /**
   * Writes all changes and the ledger in one transaction.
   *
   * @throws Error if they cannot be written.
   */
  write(ledger: Ledger): void {
    const changes = this.#newChanges(ledger);
    for (const segment of this.#changed) changes.addAll(segment);
    this.#store.write(changes);
    for (const segment of changes.applied()) {
      segment.written = segment.count;
      if (segment.live === 0 && segment.closed) this.#texts.forget(segment);
      else if (segment.closed) this.#texts.onDisk(segment);
      this.#noteSparse(segment);
    }
    this.#changed.clear();
    this.#memory.clear();
  }

  /**
   * Like {@linkcode write}, on a disk that may be full: frees what can be freed first.
   *
   * @throws Error if they cannot be written.
   */
  writeAgain(ledger: Ledger): void {
    this.#store.relieve();
    try {
      const changes = this.#newChanges(ledger);
      for (const segment of this.#changed) changes.addRemovals(segment);
      this.#store.write(changes);
      changes.applied();
      this.write(ledger);
    } catch (error) {
      if (this.#index.length > this.#memory.events) throw error;
      // Nothing in the file matters any more, but a full disk does not let it be removed: make the file anew.
      this.#store.restart(ledger);
      this.write(ledger);
    }
  }

  /**
   * Merges segments that have become small; some of them at each call, and only directly after {@linkcode write}.
   *
   * @returns whether there are more.
   * @throws Error if it cannot be written.
   */
  mergeSome(): boolean {
    let mergers = 0;
    for (const segment of this.#sparse) {
      if (mergers === MERGERS_PER_TURN) return true;
      this.#sparse.delete(segment);
      if (segment.live === 0) continue;
      const { previous, next } = segment;
      if (this.#merge(segment, next) || this.#merge(previous, segment)) mergers++;
    }
    return false;
  }

  #merge(first: Segment | undefined, second: Segment | undefined): boolean {
    if (first === undefined || second === undefined || !canMerge(first, second)) return false;
    const changes = this.#newChanges();
    const merged = this.#tryToMerge(changes, first, second);
    if (merged === undefined) return false;
    this.#store.write(changes);
    this.#index.replace(first, second, merged);
    for (const segment of [first, second]) this.#texts.forget(segment);
    this.#noteSparse(merged);
    return true;
  }

  #tryToMerge(changes: PendingChanges, first: Segment, second: Segment): Segment | undefined {
    try {
      return changes.addMerger(first, second);
    } catch {
      return undefined; // unreadable: whoever takes it will be told
    }
  }

  #newChanges(ledger?: Ledger): PendingChanges {
    return new PendingChanges(this.#index.keys, (segment) => this.#texts.of(segment), ledger);
  }

  #noteSparse(segment: Segment): void {
    if (segment.closed && segment.live > 0 && segment.live <= SEGMENT_EVENTS / 2) this.#sparse.add(segment);
  }
}
