import type { KeyTable } from "./journal_keys.ts";

/**
 * The keys whose waiting events are in a hurry, in the order in which they came to be so. It holds keys, not events:
 * of a key, whatever waits before the urgent event goes first, and what that is may change until the moment of taking.
 *
 * A key may stand in it when nothing of it hurries any more; it is passed over then.
 */
export class RushLane {
  readonly #keys: KeyTable;
  #lane: number[] = [];
  #head = 0;
  /** What was given back, the last on top; goes before the lane. */
  #front: number[] = [];
  /** How many keys there are of which something hurries. */
  #hurried = 0;

  constructor(keys: KeyTable) {
    this.#keys = keys;
  }

  /** How many entries there are, those included that are passed over. */
  get size(): number {
    return this.#lane.length + this.#front.length;
  }

  /** One more waiting event of the key hurries. */
  add(id: number): void {
    if (this.#count(id)) this.#lane.push(id);
    this.#tidy();
  }

  /** One event of the key that had been taken waits again. */
  addInFront(id: number): void {
    this.#count(id);
    if (this.#front.at(-1) !== id) this.#front.push(id);
    this.#tidy();
  }

  /** One hurried event of the key waits no longer. */
  leave(id: number): void {
    const rushed = this.#keys.rushed(id) - 1;
    this.#keys.setRushed(id, rushed);
    if (rushed === 0) this.#hurried--;
  }

  /** The key whose events go next, or 0. */
  next(): number {
    for (;;) {
      const id = this.#front.at(-1);
      if (id === undefined) break;
      if (this.#keys.rushed(id) > 0) return id;
      this.#front.pop();
    }
    for (; this.#head < this.#lane.length; this.#head++) {
      const id = this.#lane[this.#head] as number;
      if (this.#keys.rushed(id) > 0) return id;
    }
    this.#lane = [];
    this.#head = 0;
    return 0;
  }

  /** @returns whether nothing of the key hurried before. */
  #count(id: number): boolean {
    const rushed = this.#keys.rushed(id);
    this.#keys.setRushed(id, rushed + 1);
    if (rushed === 0) this.#hurried++;
    return rushed === 0;
  }

  /** Keys that were dropped while nothing was taken are cleared away before they outnumber the rest. */
  #tidy(): void {
    if (this.size < 1000 + 3 * this.#hurried) return;
    const seen = new Set<number>();
    const isFirst = (id: number) => this.#keys.rushed(id) > 0 && !seen.has(id) && seen.add(id) !== undefined;
    this.#front = this.#front.reverse().filter(isFirst).reverse();
    this.#lane = this.#lane.slice(this.#head).filter(isFirst);
    this.#head = 0;
  }
}
