/** A segment: up to a hundred events that follow each other, the unit in which the journal writes and forgets. */

/** How many events a segment holds at most. */
export const SEGMENT_EVENTS = 100;

/** A segment with this much text takes no more. */
export const SEGMENT_BYTES = 256 * 1024;

/** The low bits of a handle tell the place in the segment, the rest which segment; no handle is 0. */
const PLACE_BITS = 7;

/** What is known of an event: one number each. Handles are 0 where there is no such event. */
export const Field = { bytes: 0, key: 1, older: 2, newer: 3, atSec: 4, state: 5 } as const;
const FIELDS = 6;

/** Bits of {@linkcode Field.state}. Neither waiting nor leased: it is gone. */
export const State = { waiting: 1, leased: 2, urgent: 4, rushed: 8, omitted: 16, live: 3 } as const;

/** Some of a segment's events as they stand in one row of the file. */
export interface Row {
  /** The place of its first event. */
  readonly start: number;
  readonly count: number;
  /** How many of them the file takes for live. */
  readonly live: number;
}

/** A segment as the index knows it. It counts nothing by itself: the index does. */
export class Segment {
  /** Where the index keeps it: the upper part of its events' handles. */
  slot = 0;
  /** Its place among all segments; grows. */
  readonly order: number;
  /** How many events it was given. */
  count = 0;
  /** Of these, how many are waiting or leased. */
  live = 0;
  waiting = 0;
  /** How many of the waiting have a newer event of their key behind them. */
  superseded = 0;
  /** No event before this place is waiting. */
  scan = 0;
  /** How much text it was given, with one byte behind each event. */
  bytes = 0;
  /** Whether it takes no more. */
  closed = false;
  /** Whether the index has it among those that have superseded events. */
  crowded = false;
  previous: Segment | undefined;
  next: Segment | undefined;
  /** The text of all its events, a comma behind each, as long as that is kept in memory. */
  buffer: Uint8Array | undefined;
  /** What of it is on disk, in order. */
  rows: readonly Row[] = [];
  /** Events before this place need not be written any more: they are on disk, or were gone by then. */
  written = 0;
  readonly #fields = new Uint32Array(SEGMENT_EVENTS * FIELDS);

  constructor(order: number) {
    this.order = order;
  }

  /** Reads one number of the event at `place`. */
  get(place: number, field: number): number {
    return this.#fields[place * FIELDS + field] as number;
  }

  /** Sets one number of the event at `place`. */
  set(place: number, field: number, value: number): void {
    this.#fields[place * FIELDS + field] = value;
  }

  /** Copies all numbers of an event of another segment. */
  copy(to: number, from: Segment, place: number): void {
    this.#fields.set(from.#fields.subarray(place * FIELDS, (place + 1) * FIELDS), to * FIELDS);
  }

  /** Whether the event at `place` has any of these bits of {@linkcode State}. */
  is(place: number, bits: number): boolean {
    return (this.get(place, Field.state) & bits) !== 0;
  }

  /** The handle of the event at `place`. */
  handle(place: number): number {
    return this.slot << PLACE_BITS | place;
  }

  /** What the row that begins at place `start` is called in the file; grows with the order of events. */
  rowId(start: number): number {
    return this.order * (1 << PLACE_BITS) + start;
  }

  /** How many of the row's events are live now. */
  liveIn({ start, count }: Pick<Row, "start" | "count">): number {
    let live = 0;
    for (let place = start; place < start + count; place++) if (this.is(place, State.live)) live++;
    return live;
  }
}

/** The slot that a handle names. */
export function slotOf(handle: number): number {
  return handle >>> PLACE_BITS;
}

/** The place in its segment that a handle names. */
export function placeOf(handle: number): number {
  return handle & ((1 << PLACE_BITS) - 1);
}

/** Takes a row's id apart. */
export function orderAndPlace(rowId: number): { order: number; place: number } {
  const span = 1 << PLACE_BITS;
  return { order: Math.floor(rowId / span), place: rowId % span };
}
