/** What moving a configuration could not keep as it was. */

/** One thing to know. */
export interface MigrationNote {
  /** `file:line` of what it is about, or the file. */
  readonly place: string;
  /** What is there, and what became of it. Quotes no value. */
  readonly text: string;
}

/** Collects notes, each once. */
export class MigrationReport {
  readonly #dropped = new Map<string, MigrationNote>();
  readonly #changed = new Map<string, MigrationNote>();

  /** What has no counterpart, in the order found. */
  get dropped(): readonly MigrationNote[] {
    return [...this.#dropped.values()];
  }

  /** What means something else now, in the order found. */
  get changed(): readonly MigrationNote[] {
    return [...this.#changed.values()];
  }

  /** Notes that this has no counterpart. */
  drop(place: string, text: string): void {
    this.#dropped.set(`${place} ${text}`, { place, text });
  }

  /** Notes that this is not quite what it was. */
  change(place: string, text: string): void {
    this.#changed.set(`${place} ${text}`, { place, text });
  }
}
