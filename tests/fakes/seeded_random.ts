/** Chance that can be had again: the same seed gives the same numbers. */

/** A stream of random numbers. Not for secrets. */
export class SeededRandom {
  readonly seed: number;
  #state: number;

  /** @param seed any whole number; its low 32 bits count. */
  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.#state = this.seed;
  }

  /** Uniform in [0, 1). */
  next(): number {
    // A Weyl sequence, scrambled: every state is visited once before the first comes again.
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    return scramble(this.#state) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** Like {@linkcode int}, with as many numbers from 1 to 10 as from 10 to 100. `least` is above 0. */
  magnitude(least: number, most: number): number {
    return Math.floor(least * ((most + 1) / least) ** this.next());
  }

  /** True once in 1/`probability` times. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of `items`, of which there is at least one. */
  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)] as T;
  }

  /** A stream of its own: what is drawn from it moves no other, nor does the order in which forks are made. */
  fork(name: string | number): SeededRandom {
    let hash = this.seed;
    for (const character of String(name)) hash = scramble(hash ^ character.charCodeAt(0));
    return new SeededRandom(scramble(hash + 1));
  }
}

/** Takes each number of 32 bits to another one that has nothing to do with it. */
function scramble(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
