import type { Lease } from "./queue.ts";

const decoder = new TextDecoder();

/** A lease on events of the journal: it holds their text, and reads them when it is asked to. */
export class JournalLease<T> implements Lease<T> {
  readonly #text: Uint8Array;
  readonly #lengths: readonly number[];
  readonly #decode: (text: string) => T;
  #items: readonly T[] | undefined;

  /**
   * @param text the items' texts with a comma between
   * @param lengths how many bytes each has
   * @param decode reads one
   */
  constructor(text: Uint8Array, lengths: readonly number[], decode: (text: string) => T) {
    this.#text = text;
    this.#lengths = lengths;
    this.#decode = decode;
  }

  get count(): number {
    return this.#lengths.length;
  }

  get items(): readonly T[] {
    return this.#items ??= this.#readItems();
  }

  encode(): string {
    return `[${decoder.decode(this.#text)}]`;
  }

  #readItems(): T[] {
    let from = 0;
    return this.#lengths.map((length) => {
      const text = decoder.decode(this.#text.subarray(from, from + length));
      from += length + 1;
      return this.#decode(text);
    });
  }
}
