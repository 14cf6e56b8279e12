/** Texts put end to end with a comma between: the inside of a JSON array, so that none must be read to be sent on. */
import { Field, type Segment, State } from "./journal_segment.ts";

const COMMA = 0x2c;

/** Holds a segment of usual events. */
const BUFFER_BYTES = 64 * 1024;

/** How many of them are kept for the next segments. */
const MAX_FREE_BUFFERS = 8;

/** The text of a segment's events, and where in it each one is. */
export class SegmentText {
  readonly bytes: Uint8Array;
  /** Whether this memory will be another segment's, sooner or later. */
  readonly isLent: boolean;
  readonly #offsets: readonly number[];

  constructor(bytes: Uint8Array, offsets: readonly number[], isLent: boolean) {
    this.bytes = bytes;
    this.isLent = isLent;
    this.#offsets = offsets;
  }

  /** Where the text of the event at `place` begins. */
  offset(place: number): number {
    return this.#offsets[place] as number;
  }

  /** The text of a segment that has it in memory: all that was ever pushed is there. */
  static ofBuffer(segment: Segment, buffer: Uint8Array): SegmentText {
    const offsets: number[] = [];
    for (let place = 0, offset = 0; place < segment.count; place++) {
      offsets.push(offset);
      offset += segment.get(place, Field.bytes) + 1;
    }
    return new SegmentText(buffer, offsets, true);
  }

  /**
   * The text of a segment that has it on disk: what was gone when its row was written is not there.
   *
   * @throws Error if a row has not the length that it should have.
   */
  static ofRows(segment: Segment, readBody: (id: number) => Uint8Array): SegmentText {
    const runs = new TextRuns();
    const offsets = new Array<number>(segment.count).fill(0);
    let offset = 0;
    for (const { start, count } of segment.rows) {
      const id = segment.rowId(start);
      const body = readBody(id);
      const begin = offset;
      for (let place = start; place < start + count; place++) {
        if (segment.is(place, State.omitted)) continue;
        offsets[place] = offset;
        offset += segment.get(place, Field.bytes) + 1;
      }
      if (offset - begin !== body.length + 1) {
        throw new Error(`cannot read row ${id}: its text has not the length it was written with`);
      }
      runs.add(body, 0, body.length);
    }
    return new SegmentText(runs.bytes(), offsets, false);
  }
}

/** Gathers pieces of text; what lies side by side already is one piece. */
export class TextRuns {
  readonly #runs: { bytes: Uint8Array; from: number; to: number }[] = [];

  add(bytes: Uint8Array, from: number, length: number): void {
    const last = this.#runs.at(-1);
    if (last?.bytes === bytes && last.to + 1 === from) last.to = from + length;
    else this.#runs.push({ bytes, from, to: from + length });
  }

  /**
   * All of it, with commas between the pieces.
   *
   * @param own whether it must be in memory of its own; else, where it is one piece, that is enough
   */
  bytes(own = false): Uint8Array {
    const [first] = this.#runs;
    if (first === undefined) return new Uint8Array();
    if (this.#runs.length === 1 && !own) return first.bytes.subarray(first.from, first.to);
    let length = this.#runs.length - 1;
    for (const { from, to } of this.#runs) length += to - from;
    const all = new Uint8Array(Math.max(0, length));
    let at = 0;
    for (const { bytes, from, to } of this.#runs) {
      if (at > 0) all[at++] = COMMA;
      all.set(bytes.subarray(from, to), at);
      at += to - from;
    }
    return all;
  }
}

/** Puts texts into memory that it lends to segments, and takes it back. */
export class TextBuffers {
  readonly #encoder = new TextEncoder();
  readonly #free: Uint8Array[] = [];

  /** Writes a text where the next event of the segment has its place. @returns how many bytes it takes */
  append(segment: Segment, text: string): number {
    let buffer = segment.buffer ??= this.#free.pop() ?? new Uint8Array(BUFFER_BYTES);
    for (;;) {
      const { read, written } = this.#encoder.encodeInto(text, buffer.subarray(segment.bytes));
      const end = segment.bytes + written;
      if (read === text.length && end < buffer.length) {
        buffer[end] = COMMA;
        return written;
      }
      const larger = new Uint8Array(Math.max(buffer.length * 2, segment.bytes + text.length + 1));
      larger.set(buffer.subarray(0, segment.bytes));
      this.#keep(buffer);
      buffer = segment.buffer = larger;
    }
  }

  /** The segment's text is no longer kept in memory. */
  release(segment: Segment): void {
    if (segment.buffer !== undefined) this.#keep(segment.buffer);
    segment.buffer = undefined;
  }

  #keep(buffer: Uint8Array): void {
    if (buffer.length === BUFFER_BYTES && this.#free.length < MAX_FREE_BUFFERS) this.#free.push(buffer);
  }
}
