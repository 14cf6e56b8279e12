import { type JournalIndex, placeOfSuperseded } from "./journal_index.ts";
import { Field, type Segment, State } from "./journal_segment.ts";
import type { DropReason } from "./queue.ts";

/** How much text may wait that cannot be written. */
const MAX_MEMORY_BYTES = 8 * 1024 * 1024;

/** An event to drop. */
export interface Victim {
  segment: Segment;
  place: number;
  reason: DropReason;
}

/**
 * The part of the queue that is in memory alone. It is the newest: segments are written in order. Usually that is what
 * one turn of the event loop brings; when the disk fails it must be kept from growing.
 */
export class MemoryTail {
  readonly #index: JournalIndex;
  readonly #maxEvents: number;
  /** What is live and not on disk, leased or waiting. */
  events = 0;
  bytes = 0;

  /** @param maxEvents how many may wait while they cannot be written. */
  constructor(index: JournalIndex, maxEvents: number) {
    this.#index = index;
    this.#maxEvents = maxEvents;
  }

  add(bytes: number): void {
    this.events++;
    this.bytes += bytes;
  }

  remove(bytes: number): void {
    this.events--;
    this.bytes -= bytes;
  }

  /** All has been written. */
  clear(): void {
    this.events = this.bytes = 0;
  }

  /** Whether so much more would fit, for as long as it cannot be written, if what is superseded went. */
  hasRoom(count: number, bytes: number): boolean {
    let staying = this.#waiting();
    let stayingBytes = this.bytes;
    for (let segment = this.#first(); segment !== undefined; segment = segment.next) {
      for (let place = segment.written; place < segment.count; place++) {
        if (!segment.is(place, State.waiting) || segment.get(place, Field.newer) === 0) continue;
        staying--;
        stayingBytes -= segment.get(place, Field.bytes);
      }
    }
    return staying + count <= this.#maxEvents && stayingBytes + bytes <= MAX_MEMORY_BYTES;
  }

  /** What to drop next to keep the bounds: the oldest superseded event, else the oldest; undefined if all is well. */
  surplus(): Victim | undefined {
    // Few segments: what is bounded is small.
    if (this.events <= this.#maxEvents && this.bytes <= MAX_MEMORY_BYTES) return undefined;
    const waiting = this.#waiting();
    if (waiting === 0 || (waiting <= this.#maxEvents && this.bytes <= MAX_MEMORY_BYTES)) return undefined;
    for (let segment = this.#first(); segment !== undefined; segment = segment.next) {
      const place = segment.superseded === 0 ? -1 : placeOfSuperseded(segment, segment.written);
      if (place >= 0) return { segment, place, reason: "superseded" };
    }
    for (let segment = this.#first(); segment !== undefined; segment = segment.next) {
      for (let place = segment.written; place < segment.count; place++) {
        if (segment.is(place, State.waiting)) return { segment, place, reason: "overflow" };
      }
    }
    return undefined;
  }

  #waiting(): number {
    let waiting = 0;
    for (let segment = this.#first(); segment !== undefined; segment = segment.next) {
      if (segment.written === 0) waiting += segment.waiting;
      else {for (let place = segment.written; place < segment.count; place++) {
          if (segment.is(place, State.waiting)) waiting++;
        }}
    }
    return waiting;
  }

  /** The first segment of which something is not on disk. */
  #first(): Segment | undefined {
    let first = this.#index.tail;
    if (first === undefined || first.written === first.count) return undefined;
    while (first.previous !== undefined && first.previous.written < first.previous.count) {
      first = first.previous;
    }
    return first;
  }
}
