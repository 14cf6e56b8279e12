import type { Segment } from "./journal_segment.ts";

const MIN_LIMIT = 64;

/**
 * The segments that have superseded events, the oldest on top: a binary heap. A segment may stay in it when that is
 * no longer so; such ones are cleared away before they outnumber the rest.
 */
export class SegmentHeap {
  #segments: Segment[] = [];
  #limit = MIN_LIMIT;

  /** How many segments there are, those included that do not belong in it any more. */
  get size(): number {
    return this.#segments.length;
  }

  /** The oldest; undefined when there is none. */
  first(): Segment | undefined {
    return this.#segments[0];
  }

  /** Adds a segment that is not in it. */
  add(segment: Segment): void {
    if (this.size >= this.#limit) this.#clear();
    segment.crowded = true;
    let at = this.#segments.length;
    this.#segments.push(segment);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#order(parent) <= segment.order) break;
      this.#segments[at] = this.#at(parent);
      at = parent;
    }
    this.#segments[at] = segment;
  }

  /** Removes the oldest. */
  removeFirst(): void {
    const [first] = this.#segments;
    const last = this.#segments.pop();
    if (first === undefined || last === undefined) return;
    first.crowded = false;
    if (this.#segments.length === 0) return;
    let at = 0;
    for (let child = 1; child < this.#segments.length; child = 2 * at + 1) {
      if (child + 1 < this.#segments.length && this.#order(child + 1) < this.#order(child)) child++;
      if (last.order <= this.#order(child)) break;
      this.#segments[at] = this.#at(child);
      at = child;
    }
    this.#segments[at] = last;
  }

  #clear(): void {
    for (const segment of this.#segments) segment.crowded = segment.superseded > 0;
    // What is sorted is a heap.
    this.#segments = this.#segments.filter(({ crowded }) => crowded).sort((a, b) => a.order - b.order);
    this.#limit = Math.max(MIN_LIMIT, 2 * this.#segments.length);
  }

  #at(index: number): Segment {
    return this.#segments[index] as Segment;
  }

  #order(index: number): number {
    return this.#at(index).order;
  }
}
