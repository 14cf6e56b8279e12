/** A queue so simple that it can be seen to be right, with keys, urgency, bounds and restarts. */
import assert from "node:assert/strict";
import type { DropReason, QueueFigures } from "../../lib/alerts/queue.ts";

/** What the tests push. */
export interface Item {
  id: number;
  key: string;
  urgent: boolean;
  pad: string;
}

interface Entry {
  item: Item;
  bytes: number;
  leased: boolean;
  rushed: boolean;
}

interface State {
  entries: Entry[];
  settled: number;
  dropped: Record<DropReason, number>;
}

/** Bounds of a model, as in the journal's options. */
export interface ModelOptions {
  maxEvents: number;
  maxBytes: number;
  rushAbove: number;
}

/** Keeps its entries in the order in which they were pushed. */
export class JournalModel {
  readonly #options: ModelOptions;
  #state: State = {
    entries: [],
    settled: 0,
    dropped: { superseded: 0, overflow: 0, expired: 0, rejected: 0 },
  };
  #onDisk: State;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#onDisk = structuredClone(this.#state);
  }

  get waiting(): Item[] {
    return this.#state.entries.filter(({ leased }) => !leased).map(({ item }) => item);
  }

  get figures(): QueueFigures {
    const { entries, settled, dropped } = this.#state;
    const inAll = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    return {
      accepted: settled + entries.length + inAll,
      settled,
      waiting: entries.length,
      waitingBytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
      dropped: { ...dropped },
    };
  }

  /** How much more would fit if what is superseded went. */
  get room(): { count: number; bytes: number } {
    const { entries } = this.#state;
    const stays = entries.filter((entry) => !entry.leased && !isSuperseded(entry, entries));
    return {
      count: this.#options.maxEvents - stays.length,
      bytes: this.#options.maxBytes - stays.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  push(item: Item): void {
    const rushed = item.urgent && this.waiting.length > this.#options.rushAbove;
    const bytes = new TextEncoder().encode(JSON.stringify(item)).length;
    this.#state.entries.push({ item, bytes, leased: false, rushed });
    this.#keepBounds();
  }

  /** Checks that `taken` is a right answer to `take(max)`, and takes it. */
  taken(taken: readonly Item[], max: number): void {
    assert.equal(taken.length, Math.min(max, this.waiting.length));
    for (const { id } of taken) {
      const waiting = this.#state.entries.filter(({ leased }) => !leased);
      const index = waiting.findIndex(({ item }) => item.id === id);
      const entry = waiting[index];
      assert.ok(entry, `${id} was taken and does not wait`);
      const ofKey = waiting.filter(({ item }) => item.key === entry.item.key);
      assert.equal(ofKey[0], entry, `${id} was taken before an older one of its key`);
      if (waiting.some(({ rushed }) => rushed)) {
        assert.ok(ofKey.some(({ rushed }) => rushed), `${id} was taken before what is urgent`);
      } else {
        assert.equal(index, 0, `${id} was taken before an older one`);
      }
      entry.leased = true;
    }
  }

  end(how: "settle" | "giveBack" | "discard", items: readonly Item[]): void {
    const ids = new Set(items.map(({ id }) => id));
    const state = this.#state;
    if (how === "giveBack") {
      for (const entry of state.entries) if (ids.has(entry.item.id)) entry.leased = false;
      return this.#keepBounds();
    }
    state.entries = state.entries.filter(({ item }) => !ids.has(item.id));
    if (how === "settle") state.settled += items.length;
    else state.dropped.rejected += items.length;
  }

  /** All has been written. */
  written(): void {
    this.#onDisk = structuredClone(this.#state);
  }

  /** The process is gone, and another reads what was written. */
  killed(): void {
    this.#state = structuredClone(this.#onDisk);
    let waiting = 0;
    for (const entry of this.#state.entries) {
      entry.leased = false;
      entry.rushed = entry.item.urgent && waiting++ > this.#options.rushAbove;
      if (!entry.item.urgent) waiting++;
    }
    this.#keepBounds();
  }

  #keepBounds(): void {
    const { maxEvents, maxBytes } = this.#options;
    const { entries, dropped } = this.#state;
    for (;;) {
      const waiting = entries.filter(({ leased }) => !leased);
      const bytes = waiting.reduce((sum, entry) => sum + entry.bytes, 0);
      if (waiting.length <= maxEvents && bytes <= maxBytes) return;
      const superseded = waiting.find((entry) => isSuperseded(entry, entries));
      dropped[superseded ? "superseded" : "overflow"]++;
      entries.splice(entries.indexOf((superseded ?? waiting[0]) as Entry), 1);
    }
  }
}

function isSuperseded({ item }: Entry, entries: readonly Entry[]): boolean {
  return entries.findLast((other) => other.item.key === item.key)?.item !== item;
}
