import type { JournalStore, Ledger, StoreChanges } from "../../lib/alerts/journal_store.ts";

/** A disk that takes nothing, or gives nothing, as long as a test wants it so. */
export class FaultyDisk {
  /** Whether writing fails. */
  broken = false;
  /** Whether reading texts fails. */
  unreadable = false;
  /** How many transactions were asked for. */
  writes = 0;

  /** What to give a journal as `wrapStore`. */
  readonly wrap = (store: JournalStore): JournalStore => {
    return {
      seed: store.seed,
      ledger: store.ledger,
      rows: () => store.rows(),
      body: (id: number) => {
        if (this.unreadable) throw new Error("disk I/O error");
        return store.body(id);
      },
      write: (changes: StoreChanges) => {
        this.writes++;
        this.#fail();
        store.write(changes);
      },
      tidy: () => store.tidy(),
      relieve: () => store.relieve(),
      restart: (ledger: Ledger) => {
        this.#fail();
        store.restart(ledger);
      },
      [Symbol.dispose]: () => store[Symbol.dispose](),
    };
  };

  #fail(): void {
    if (this.broken) throw new Error("database or disk is full");
  }
}
