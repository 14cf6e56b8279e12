/** What producers have sent, and what they were told about it. */

/**
 * `accepted`: answered 202, so it must survive anything. `maybe`: sent, but not answered, or answered that it is not
 * safe yet; it may arrive or not. `refused`: answered that it was not taken in; it must not arrive.
 */
export type Fate = "accepted" | "maybe" | "refused";

/** The fate of every event, by its key and by its number, which counts from 0 for each key. */
export class SentEvents {
  readonly #fates = new Map<string, Fate[]>();
  readonly #counts: Record<Fate, number> = { accepted: 0, maybe: 0, refused: 0 };

  /** How many events there are of each fate. */
  get counts(): Readonly<Record<Fate, number>> {
    return this.#counts;
  }

  /** Every key, with the fates of its events in the order of their numbers. */
  get fates(): ReadonlyMap<string, readonly Fate[]> {
    return this.#fates;
  }

  /** The next number of the key. Until {@linkcode settle} says more, nobody knows whether it was accepted. */
  add(key: string): number {
    const fates = this.#fates.get(key) ?? [];
    this.#fates.set(key, fates);
    this.#counts.maybe++;
    return fates.push("maybe") - 1;
  }

  /** The request that carried these events was answered. */
  settle(events: readonly NumberedEvent[], fate: Fate): void {
    for (const { key, number } of events) {
      const fates = this.#fates.get(key);
      if (fates?.[number] !== "maybe") throw new Error(`event ${number} of ${key} was settled before`);
      fates[number] = fate;
      this.#counts.maybe--;
      this.#counts[fate]++;
    }
  }
}

/** What an event is known by. */
export interface NumberedEvent {
  readonly key: string;
  readonly number: number;
}
