/** What must be written so that the file says what the index says. */
import type { KeyTable } from "./journal_keys.ts";
import { marksOf, noteOmissions, writeRow } from "./journal_rows.ts";
import { Field, type Row, Segment, SEGMENT_BYTES, SEGMENT_EVENTS, State } from "./journal_segment.ts";
import type { FoundRow, Ledger, StoreChanges, StoredRow } from "./journal_store.ts";
import { SegmentText, TextRuns } from "./journal_text.ts";

/** Changes, and what to note about the segments once they have been written. */
export class PendingChanges implements StoreChanges {
  readonly removed: number[] = [];
  readonly marked: Pick<FoundRow, "id" | "marks">[] = [];
  readonly inserted: StoredRow[] = [];
  readonly ledger: Ledger | undefined;
  readonly #keys: KeyTable;
  readonly #textOf: (segment: Segment) => SegmentText;
  readonly #done: { segment: Segment; rows: readonly Row[]; inserted: Row | undefined }[] = [];

  constructor(keys: KeyTable, textOf: (segment: Segment) => SegmentText, ledger?: Ledger) {
    this.#keys = keys;
    this.#textOf = textOf;
    this.ledger = ledger && { ...ledger };
  }

  /** What has left a segment. */
  addRemovals(segment: Segment): void {
    this.#done.push({ segment, rows: this.#remaining(segment), inserted: undefined });
  }

  /** What has left a segment and what has come to it; once it takes no more, its rows become one. */
  addAll(segment: Segment): void {
    const { rows, written, count, closed } = segment;
    const isNew = written < count;
    if (segment.live > 0 && isNew && closed && rows.length > 0) {
      for (const { start } of rows) this.removed.push(segment.rowId(start));
      const inserted = this.#insert(segment, 0);
      this.#done.push({ segment, rows: inserted ? [inserted] : [], inserted });
      return;
    }
    const remaining = this.#remaining(segment);
    const inserted = isNew ? this.#insert(segment, written) : undefined;
    this.#done.push({ segment, rows: inserted ? [...remaining, inserted] : remaining, inserted });
  }

  /** Two segments become one, which is returned; the index learns of it afterwards. */
  addMerger(first: Segment, second: Segment): Segment {
    const merged = new Segment(first.order);
    const runs = new TextRuns();
    for (const segment of [first, second]) {
      const text = this.#textOf(segment);
      for (const { start } of segment.rows) this.removed.push(segment.rowId(start));
      for (let place = 0; place < segment.count; place++) {
        if (!segment.is(place, State.live)) continue;
        merged.copy(merged.count++, segment, place);
        runs.add(text.bytes, text.offset(place), segment.get(place, Field.bytes));
      }
    }
    const inserted = this.#insert(merged, 0, SegmentText.ofBuffer(merged, runs.bytes()));
    merged.closed = true;
    merged.rows = inserted ? [inserted] : [];
    merged.written = merged.count;
    merged.count = 0; // the index fills it
    return merged;
  }

  /** They have been written. @returns the segments that they were about */
  applied(): Segment[] {
    for (const { segment, rows, inserted } of this.#done) {
      segment.rows = rows;
      if (inserted !== undefined) noteOmissions(segment, inserted.start, inserted.count);
    }
    return this.#done.map(({ segment }) => segment);
  }

  /** The rows that a segment keeps; those that lost something are marked, or removed when nothing is left. */
  #remaining(segment: Segment): Row[] {
    const remaining: Row[] = [];
    for (const row of segment.rows) {
      const { start, count } = row;
      const id = segment.rowId(start);
      const live = segment.liveIn(row);
      if (live === 0) {
        this.removed.push(id);
        continue;
      }
      if (live !== row.live) this.marked.push({ id, marks: marksOf(segment, start, count) });
      remaining.push({ start, count, live });
    }
    return remaining;
  }

  /** A new row from `start` to the segment's end, unless all of that is gone already. */
  #insert(segment: Segment, start: number, text?: SegmentText): Row | undefined {
    const count = segment.count - start;
    const live = segment.liveIn({ start, count });
    if (live === 0) return undefined;
    this.inserted.push(writeRow(segment, start, count, text ?? this.#textOf(segment), this.#keys));
    return { start, count, live };
  }
}

/** Whether two neighbours would fit into one segment, and may be moved: on disk as they are, and nothing leased. */
export function canMerge(first: Segment | undefined, second: Segment | undefined): boolean {
  if (first === undefined || second === undefined || first.live + second.live > SEGMENT_EVENTS) return false;
  return [first, second].every((segment) =>
    segment.closed && segment.live > 0 && segment.live === segment.waiting &&
    segment.written === segment.count
  ) && liveBytes(first) + liveBytes(second) <= SEGMENT_BYTES;
}

function liveBytes(segment: Segment): number {
  let bytes = 0;
  for (let place = 0; place < segment.count; place++) {
    if (segment.is(place, State.live)) bytes += segment.get(place, Field.bytes);
  }
  return bytes;
}
