/** How events stand in a row of the journal's file: their figures as one blob, their texts as another. */
import type { KeyTable } from "./journal_keys.ts";
import { Field, type Segment, SEGMENT_EVENTS, State } from "./journal_segment.ts";
import type { FoundRow, StoredRow } from "./journal_store.ts";
import { type SegmentText, TextRuns } from "./journal_text.ts";

/** Numbers of 32 bits for each event: bytes, the key's hash (low, high), time of acceptance, flags. */
const WORDS = 5;
const EVENT_BYTES = WORDS * 4;

/** Flags of an event in a row. Its text is there unless it was gone when the row was written. */
const GONE = 1;
const URGENT = 2;

/** Writes `count` events of a segment from `start` on; of those that are gone only that they were there. */
export function writeRow(
  segment: Segment,
  start: number,
  count: number,
  text: SegmentText,
  keys: KeyTable,
): StoredRow {
  const meta = new Uint32Array(count * WORDS);
  const runs = new TextRuns();
  for (let place = start; place < start + count; place++) {
    const at = (place - start) * WORDS;
    if (segment.is(place, State.live)) {
      const key = segment.get(place, Field.key);
      const bytes = segment.get(place, Field.bytes);
      meta[at] = bytes;
      meta[at + 1] = keys.low(key);
      meta[at + 2] = keys.high(key);
      meta[at + 3] = segment.get(place, Field.atSec);
      meta[at + 4] = segment.is(place, State.urgent) ? URGENT : 0;
      runs.add(text.bytes, text.offset(place), bytes);
    } else {
      meta[at + 4] = GONE;
    }
  }
  return { id: segment.rowId(start), meta: new Uint8Array(meta.buffer), body: runs.bytes() };
}

/** After {@linkcode writeRow} has taken effect: what it left out is not looked for when the text is read. */
export function noteOmissions(segment: Segment, start: number, count: number): void {
  for (let place = start; place < start + count; place++) {
    if (!segment.is(place, State.live)) segment.set(place, Field.state, State.omitted);
  }
}

/**
 * Reads what is known of a row's events into a segment, from place `start` on.
 *
 * @returns how many they are; undefined if the row makes no sense.
 */
export function readRow(
  { meta, marks }: FoundRow,
  segment: Segment,
  start: number,
  keys: KeyTable,
): number | undefined {
  const count = meta.byteLength / EVENT_BYTES;
  if (!Number.isInteger(count) || count === 0 || start + count > SEGMENT_EVENTS) return undefined;
  const words = new Uint32Array(meta.slice().buffer);
  const word = (place: number, which: number) => words[place * WORDS + which] as number;
  for (let place = 0; place < count; place++) {
    const to = start + place;
    const flags = word(place, 4);
    segment.set(to, Field.bytes, word(place, 0));
    if ((flags & GONE) !== 0) {
      segment.set(to, Field.state, State.omitted);
    } else if (marks === undefined || ((marks[place >> 3] ?? 0) >> (place & 7) & 1) === 0) {
      segment.set(to, Field.key, keys.internHash(word(place, 1), word(place, 2)));
      segment.set(to, Field.atSec, word(place, 3));
      segment.set(to, Field.state, State.waiting | ((flags & URGENT) !== 0 ? State.urgent : 0));
    }
  }
  return count;
}

/** Which of a row's events are gone, one bit each. */
export function marksOf(segment: Segment, start: number, count: number): Uint8Array {
  const marks = new Uint8Array(Math.ceil(count / 8));
  for (let place = 0; place < count; place++) {
    if (!segment.is(start + place, State.live)) {
      marks[place >> 3] = (marks[place >> 3] ?? 0) | 1 << (place & 7);
    }
  }
  return marks;
}
