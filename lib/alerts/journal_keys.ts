/** The keys of what is in the journal, in so little memory that a hundred thousand different ones are no burden. */

const INITIAL_ENTRIES = 256;

/** Where a key's events are: handles into the index, 0 where there is none. Grown by {@linkcode KeyTable} alone. */
interface Columns {
  low: Uint32Array;
  high: Uint32Array;
  first: Uint32Array;
  last: Uint32Array;
  rushed: Uint32Array;
}

/**
 * Keys by the number they were given, which is theirs until they are removed. A key is known by 64 bits of a seeded
 * hash: two keys of 100,000 are taken for one once in four billion times, and then share their fate on overflow.
 *
 * Open addressing with linear probing over typed arrays; all operations O(1) amortised.
 */
export class KeyTable {
  readonly #seed: readonly [number, number];
  /** The numbers of keys, at the place their hash tells or after it; 0 is free. Twice as long as the columns. */
  #places = new Uint32Array(INITIAL_ENTRIES * 2);
  #columns = columnsOf(INITIAL_ENTRIES);
  #size = 0;
  /** The highest number ever given, and the head of the list of free ones, linked through `first`. */
  #highest = 0;
  #free = 0;

  /** @param seed two 32-bit numbers; hashes are comparable under equal seeds. */
  constructor(seed: readonly [number, number]) {
    this.#seed = seed;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#size;
  }

  /** The number of `key`, which is added if it is not there. */
  intern(key: string): number {
    let [low, high] = this.#seed;
    const { length } = key;
    for (let index = 0; index < length; index++) {
      const unit = key.charCodeAt(index);
      low = Math.imul(low ^ unit, 0x9e3779b1);
      low ^= low >>> 15;
      high = Math.imul(high ^ unit, 0x85ebca77) + low;
    }
    return this.internHash(scramble(low ^ length), scramble(high));
  }

  /** Like {@linkcode intern}, by a hash that {@linkcode low} and {@linkcode high} gave. */
  internHash(low: number, high: number): number {
    const { low: lows, high: highs } = this.#columns;
    const mask = this.#places.length - 1;
    let place = low & mask;
    for (let id = at(this.#places, place); id !== 0; id = at(this.#places, place)) {
      if (lows[id] === low && highs[id] === high) return id;
      place = (place + 1) & mask;
    }
    return this.#add(low, high);
  }

  low(id: number): number {
    return at(this.#columns.low, id);
  }

  high(id: number): number {
    return at(this.#columns.high, id);
  }

  /** The oldest event of the key. */
  first(id: number): number {
    return at(this.#columns.first, id);
  }

  setFirst(id: number, handle: number): void {
    this.#columns.first[id] = handle;
  }

  /** The newest event of the key. */
  last(id: number): number {
    return at(this.#columns.last, id);
  }

  setLast(id: number, handle: number): void {
    this.#columns.last[id] = handle;
  }

  /** How many waiting events of the key are in a hurry. */
  rushed(id: number): number {
    return at(this.#columns.rushed, id);
  }

  setRushed(id: number, count: number): void {
    this.#columns.rushed[id] = count;
  }

  /** Forgets a key; its number may be given to another. */
  remove(id: number): void {
    const mask = this.#places.length - 1;
    let hole = this.low(id) & mask;
    while (this.#places[hole] !== id) hole = (hole + 1) & mask;
    this.#places[hole] = 0;
    // What probing had pushed past the hole moves up, or it would no longer be found.
    for (let place = (hole + 1) & mask; this.#places[place] !== 0; place = (place + 1) & mask) {
      const home = this.low(at(this.#places, place)) & mask;
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      this.#places[hole] = at(this.#places, place);
      this.#places[place] = 0;
      hole = place;
    }
    this.#columns.first[id] = this.#free;
    this.#free = id;
    if (--this.#size === 0) this.#reset();
  }

  #add(low: number, high: number): number {
    if (this.#size + 2 >= this.#columns.low.length) this.#grow();
    let id = this.#free;
    if (id === 0) id = ++this.#highest;
    else this.#free = this.first(id);
    const { low: lows, high: highs, first, last, rushed } = this.#columns;
    lows[id] = low;
    highs[id] = high;
    first[id] = last[id] = rushed[id] = 0;
    this.#size++;
    this.#place(id);
    return id;
  }

  #place(id: number): void {
    const mask = this.#places.length - 1;
    let place = this.low(id) & mask;
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = id;
  }

  #grow(): void {
    const before = this.#places;
    const columns = columnsOf(this.#columns.low.length * 2);
    for (const name of Object.keys(columns) as (keyof Columns)[]) columns[name].set(this.#columns[name]);
    this.#columns = columns;
    this.#places = new Uint32Array(before.length * 2);
    for (let place = 0; place < before.length; place++) {
      const id = at(before, place);
      if (id !== 0) this.#place(id);
    }
  }

  /** The last key is gone: what a backlog took is given back. */
  #reset(): void {
    if (this.#columns.low.length === INITIAL_ENTRIES) return;
    this.#places = new Uint32Array(INITIAL_ENTRIES * 2);
    this.#columns = columnsOf(INITIAL_ENTRIES);
    this.#highest = this.#free = 0;
  }
}

function columnsOf(length: number): Columns {
  const column = () => new Uint32Array(length);
  return { low: column(), high: column(), first: column(), last: column(), rushed: column() };
}

/** Lets every bit of a hash depend on every other, so that its low ones alone can serve as a place. */
function scramble(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** An element that is known to be there. */
function at(array: Uint32Array, index: number): number {
  return array[index] as number;
}
