import { SegmentHeap } from "./journal_heap.ts";
import { KeyTable } from "./journal_keys.ts";
import { RushLane } from "./journal_rush.ts";
import { Field, placeOf, Segment, SEGMENT_BYTES, SEGMENT_EVENTS, slotOf, State } from "./journal_segment.ts";

/** What the index is told of a new event. */
export interface NewItem {
  key: string;
  /** The length of its text. */
  bytes: number;
  /** When it was accepted, in seconds since 1970. */
  atSec: number;
  urgent: boolean;
}

/** Options of {@linkcode JournalIndex}. */
export interface JournalIndexOptions {
  /** The seed of the keys' hashes. */
  seed: readonly [number, number];
  /** An urgent event jumps the queue when more than this many wait. */
  rushAbove: number;
}

/**
 * Which events are in the journal, in what order, and which of them goes next: everything about them but their
 * text. Events are known by handles, good until they are removed or their segments merged. Pure; every operation
 * costs O(1) amortised, but for an eviction, which is logarithmic in the number of segments.
 */
export class JournalIndex {
  readonly keys: KeyTable;
  /** Everything: waiting and leased. */
  length = 0;
  waiting = 0;
  /** UTF-8 bytes of everything, of what waits, and of the superseded part of that. */
  bytes = 0;
  waitingBytes = 0;
  supersededBytes = 0;
  superseded = 0;
  readonly #rushAbove: number;
  /** By slot; none has slot 0. */
  readonly #segments: (Segment | undefined)[] = [undefined];
  readonly #freeSlots: number[] = [];
  #head: Segment | undefined;
  #tail: Segment | undefined;
  /** No segment before it has a waiting event. */
  #cursor: Segment | undefined;
  #nextOrder = 0;
  readonly #crowded = new SegmentHeap();
  readonly #rush: RushLane;

  constructor({ seed, rushAbove }: JournalIndexOptions) {
    this.keys = new KeyTable(seed);
    this.#rushAbove = rushAbove;
    this.#rush = new RushLane(this.keys);
  }

  /** The oldest segment; the others hang on it by `next`. */
  get head(): Segment | undefined {
    return this.#head;
  }

  /** The newest segment. */
  get tail(): Segment | undefined {
    return this.#tail;
  }

  /** The segment of an event. */
  segment(handle: number): Segment {
    return this.#segments[slotOf(handle)] as Segment;
  }

  /** The segment to which {@linkcode push} adds next. */
  openSegment(): Segment {
    if (this.#tail !== undefined && !this.#tail.closed) return this.#tail;
    const segment = new Segment(this.#nextOrder);
    this.#append(segment);
    return segment;
  }

  /** Adds an event at the end. */
  push({ key, bytes, atSec, urgent }: NewItem): void {
    const segment = this.openSegment();
    const place = segment.count++;
    segment.bytes += bytes + 1;
    segment.set(place, Field.bytes, bytes);
    segment.set(place, Field.key, this.keys.intern(key));
    segment.set(place, Field.atSec, atSec);
    segment.set(place, Field.state, State.waiting | (urgent ? State.urgent : 0));
    this.#enter(segment, place);
    if (segment.count === SEGMENT_EVENTS || segment.bytes >= SEGMENT_BYTES) segment.closed = true;
  }

  /** Adds a segment that was on disk, behind all others; its live events are waiting. */
  adopt(segment: Segment): void {
    segment.closed = true;
    this.#append(segment);
    for (let place = 0; place < segment.count; place++) {
      if (segment.is(place, State.live)) this.#enter(segment, place);
    }
  }

  /**
   * Leases up to `max` events: those in a hurry, each behind the waiting predecessors of its key; then the oldest.
   * @param refuse is asked first; where it is true it has removed the event instead.
   */
  take(max: number, refuse: (segment: Segment, place: number) => boolean): number[] {
    const handles: number[] = [];
    const lease = (handle: number) => {
      const [segment, place] = [this.segment(handle), placeOf(handle)];
      if (refuse(segment, place)) return;
      this.#setWaiting(segment, place, false);
      handles.push(handle);
    };
    for (let id = this.#rush.next(); id !== 0 && handles.length < max; id = this.#rush.next()) {
      let handle = this.keys.first(id);
      while (handle !== 0 && this.keys.rushed(id) > 0 && handles.length < max) {
        const [segment, place] = [this.segment(handle), placeOf(handle)];
        const newer = segment.get(place, Field.newer);
        if (segment.is(place, State.waiting)) lease(handle);
        handle = newer;
      }
    }
    while (handles.length < max) {
      const oldest = this.oldest();
      if (oldest === 0) break;
      lease(oldest);
    }
    return handles;
  }

  /** Leases the event that was pushed last. */
  takeNewest(): number {
    const segment = this.#tail as Segment;
    this.#setWaiting(segment, segment.count - 1, false);
    return segment.handle(segment.count - 1);
  }

  /** Leased events wait again, in their old places; what was in a hurry is the next to be taken. */
  giveBack(handles: readonly number[]): void {
    for (let index = handles.length - 1; index >= 0; index--) {
      const handle = handles[index] as number;
      const segment = this.segment(handle);
      this.#setWaiting(segment, placeOf(handle), true);
      if (this.#cursor === undefined || segment.order < this.#cursor.order) this.#cursor = segment;
    }
  }

  /** Forgets an event, waiting or leased. */
  remove(segment: Segment, place: number): void {
    if (segment.is(place, State.waiting)) this.#setWaiting(segment, place, false);
    segment.set(place, Field.state, segment.get(place, Field.state) & ~State.live);
    segment.live--;
    this.length--;
    this.bytes -= segment.get(place, Field.bytes);
    this.#unlink(segment, place);
    if (segment.live === 0 && segment.closed) this.#release(segment);
  }

  /** The oldest waiting event, or 0. */
  oldest(): number {
    let segment = this.#cursor;
    while (segment !== undefined && segment.waiting === 0 && segment.next !== undefined) {
      segment = segment.next;
    }
    this.#cursor = segment;
    if (segment === undefined || segment.waiting === 0) return 0;
    while (!segment.is(segment.scan, State.waiting)) segment.scan++;
    return segment.handle(segment.scan);
  }

  /** The oldest waiting event with a newer one of its key behind it, or 0. */
  oldestSuperseded(): number {
    for (let segment = this.#crowded.first(); segment !== undefined; segment = this.#crowded.first()) {
      const place = segment.superseded === 0 ? -1 : placeOfSuperseded(segment, segment.scan);
      if (place >= 0) return segment.handle(place);
      this.#crowded.removeFirst();
    }
    return 0;
  }

  /** Moves the events of two neighbours, none of them leased, into `merged`, which takes their place. */
  replace(first: Segment, second: Segment, merged: Segment): void {
    this.#place(merged);
    for (const segment of [first, second]) {
      for (let place = 0; place < segment.count; place++) {
        if (segment.is(place, State.live)) this.#move(segment, place, merged);
      }
      merged.superseded += segment.superseded;
      segment.superseded = segment.live = segment.waiting = 0;
      segment.rows = [];
    }
    merged.previous = first.previous;
    merged.next = second.next;
    if (merged.previous === undefined) this.#head = merged;
    else merged.previous.next = merged;
    if (merged.next === undefined) this.#tail = merged;
    else merged.next.previous = merged;
    if (this.#cursor === first || this.#cursor === second) this.#cursor = merged;
    for (const { slot } of [first, second]) this.#freeSlot(slot);
    if (merged.superseded > 0) this.#crowded.add(merged);
  }

  #append(segment: Segment): void {
    this.#place(segment);
    this.#nextOrder = segment.order + 1;
    segment.previous = this.#tail;
    if (this.#tail === undefined) this.#head = segment;
    else this.#tail.next = segment;
    this.#tail = segment;
    this.#cursor ??= segment;
  }

  #place(segment: Segment): void {
    segment.slot = this.#freeSlots.pop() ?? this.#segments.length;
    this.#segments[segment.slot] = segment;
  }

  #freeSlot(slot: number): void {
    this.#segments[slot] = undefined;
    this.#freeSlots.push(slot);
  }

  /** A segment whose events are all gone leaves the list. */
  #release(segment: Segment): void {
    const { previous, next } = segment;
    if (previous === undefined) this.#head = next;
    else previous.next = next;
    if (next === undefined) this.#tail = previous;
    else next.previous = previous;
    if (this.#cursor === segment) this.#cursor = next ?? previous;
    this.#freeSlot(segment.slot);
  }

  /** Counts an event that is in its segment already, and hangs it on its key's chain. */
  #enter(segment: Segment, place: number): void {
    const handle = segment.handle(place);
    const id = segment.get(place, Field.key);
    const older = this.keys.last(id);
    if (older === 0) this.keys.setFirst(id, handle);
    else this.#setNewer(older, handle);
    this.keys.setLast(id, handle);
    segment.set(place, Field.older, older);
    segment.set(place, Field.newer, 0);
    segment.live++;
    this.length++;
    this.bytes += segment.get(place, Field.bytes);
    const rushes = segment.is(place, State.urgent) && this.waiting > this.#rushAbove;
    segment.set(place, Field.state, segment.get(place, Field.state) | (rushes ? State.rushed : 0));
    this.#countWaiting(segment, place, 1);
    if (rushes) this.#rush.add(id);
  }

  /** Takes an event out of its key's chain; a key without events is forgotten. */
  #unlink(segment: Segment, place: number): void {
    const id = segment.get(place, Field.key);
    const [older, newer] = [segment.get(place, Field.older), segment.get(place, Field.newer)];
    if (older === 0) this.keys.setFirst(id, newer);
    else this.#setNewer(older, newer);
    if (newer === 0) this.keys.setLast(id, older);
    else this.segment(newer).set(placeOf(newer), Field.older, older);
    if (older === 0 && newer === 0) this.keys.remove(id);
  }

  /** Sets what is behind an event of the same key, which tells whether it is superseded. */
  #setNewer(handle: number, newer: number): void {
    const [segment, place] = [this.segment(handle), placeOf(handle)];
    const before = segment.get(place, Field.newer);
    segment.set(place, Field.newer, newer);
    if (!segment.is(place, State.waiting) || (before === 0) === (newer === 0)) return;
    this.#countSuperseded(segment, place, newer === 0 ? -1 : 1);
  }

  #setWaiting(segment: Segment, place: number, waiting: boolean): void {
    const rest = segment.get(place, Field.state) & ~State.live;
    segment.set(place, Field.state, rest | (waiting ? State.waiting : State.leased));
    this.#countWaiting(segment, place, waiting ? 1 : -1);
    if ((rest & State.rushed) === 0) return;
    const id = segment.get(place, Field.key);
    if (waiting) this.#rush.addInFront(id);
    else this.#rush.leave(id);
  }

  #countWaiting(segment: Segment, place: number, by: 1 | -1): void {
    this.waiting += by;
    this.waitingBytes += by * segment.get(place, Field.bytes);
    segment.waiting += by;
    if (by > 0 && place < segment.scan) segment.scan = place;
    if (segment.get(place, Field.newer) !== 0) this.#countSuperseded(segment, place, by);
  }

  #countSuperseded(segment: Segment, place: number, by: 1 | -1): void {
    this.superseded += by;
    this.supersededBytes += by * segment.get(place, Field.bytes);
    segment.superseded += by;
    if (by > 0 && !segment.crowded) this.#crowded.add(segment);
  }

  /** Moves a live event to the end of `target`; its neighbours in the chain follow it. */
  #move(segment: Segment, place: number, target: Segment): void {
    const to = target.count++;
    target.copy(to, segment, place);
    const [id, handle] = [target.get(to, Field.key), target.handle(to)];
    const [older, newer] = [target.get(to, Field.older), target.get(to, Field.newer)];
    if (older === 0) this.keys.setFirst(id, handle);
    else this.segment(older).set(placeOf(older), Field.newer, handle);
    if (newer === 0) this.keys.setLast(id, handle);
    else this.segment(newer).set(placeOf(newer), Field.older, handle);
    target.bytes += target.get(to, Field.bytes) + 1;
    target.live++;
    target.waiting++;
  }
}

/** The first superseded waiting place from `start` on, or -1. */
export function placeOfSuperseded(segment: Segment, start: number): number {
  for (let place = start; place < segment.count; place++) {
    if (segment.is(place, State.waiting) && segment.get(place, Field.newer) !== 0) return place;
  }
  return -1;
}
