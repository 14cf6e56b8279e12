import type { Segment } from "./journal_segment.ts";
import type { JournalStore } from "./journal_store.ts";
import { SegmentText, TextBuffers } from "./journal_text.ts";

/**
 * Finds the text of events: in memory, where their segment is still being filled or was so lately; else in the file,
 * a segment at a time, the last of which is remembered because the next events asked for are often in it, too.
 *
 * Texts are kept as bytes outside of the runtime's heap: a backlog does not make that grow.
 */
export class JournalTexts {
  readonly #store: JournalStore;
  readonly #maxRecentBytes: number;
  readonly #buffers = new TextBuffers();
  /** The oldest first. */
  readonly #recent = new Set<Segment>();
  #recentBytes = 0;
  #read: { segment: Segment; text: SegmentText } | undefined;

  /** @param maxRecentBytes how much memory may be kept for the text of segments that are on disk. */
  constructor(store: JournalStore, maxRecentBytes: number) {
    this.#store = store;
    this.#maxRecentBytes = maxRecentBytes;
  }

  /** Keeps the text of the segment's next event. @returns its length in bytes */
  append(segment: Segment, text: string): number {
    return this.#buffers.append(segment, text);
  }

  /** The segment is on disk and takes no more: its text stays in memory as long as there is room for it. */
  onDisk(segment: Segment): void {
    if (segment.buffer === undefined || this.#recent.has(segment)) return;
    this.#recent.add(segment);
    this.#recentBytes += segment.buffer.length;
    for (const oldest of this.#recent) {
      if (this.#recentBytes <= this.#maxRecentBytes) break;
      this.#release(oldest);
    }
  }

  /**
   * The text of a segment.
   *
   * @throws Error if it cannot be read.
   */
  of(segment: Segment): SegmentText {
    if (segment.buffer !== undefined) return SegmentText.ofBuffer(segment, segment.buffer);
    if (this.#read?.segment !== segment) {
      this.#read = { segment, text: SegmentText.ofRows(segment, (id) => this.#store.body(id)) };
    }
    return this.#read.text;
  }

  /** Nothing of the segment is needed any more. */
  forget(segment: Segment): void {
    if (this.#read?.segment === segment) this.#read = undefined;
    this.#release(segment);
  }

  #release(segment: Segment): void {
    if (this.#recent.delete(segment)) this.#recentBytes -= segment.buffer?.length ?? 0;
    this.#buffers.release(segment);
  }
}
