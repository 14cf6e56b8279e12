import assert from "node:assert/strict";
import fc from "fast-check";
import { Journal } from "../../lib/alerts/journal.ts";
import type { Lease } from "../../lib/alerts/queue.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FaultyDisk } from "./faulty_disk.ts";
import { type Item, JournalModel, type ModelOptions } from "./journal_model.ts";
import { turn } from "./journal_rig.ts";

type Step =
  | { do: "push"; key: number; urgent: boolean; count: number; pad: number }
  | { do: "take" | "settle" | "giveBack" | "discard"; n: number }
  | { do: "flush" | "turn" | "restart" | "kill" | "break" | "mend" };

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("push" as const),
        key: fc.nat({ max: 5 }),
        urgent: fc.boolean(),
        count: fc.integer({ min: 1, max: 60 }),
        pad: fc.nat({ max: 40 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant("take" as const), n: fc.integer({ min: 1, max: 120 }) }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constantFrom("settle", "giveBack", "discard"), n: fc.nat({ max: 9 }) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("flush", "turn") }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("restart", "kill") }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("break", "mend") }) },
  ),
  { maxLength: 60, size: "max" },
);

/** A journal and its model, side by side. */
class Pair {
  readonly #folder: TempFolder;
  readonly #options: ModelOptions;
  readonly #model: JournalModel;
  readonly #maxRecentBytes: number;
  readonly #disk = new FaultyDisk();
  #files = 0;
  #journal: Journal<Item>;
  #leases: { lease: Lease<Item>; items: Item[] }[] = [];
  #pushed = 0;

  constructor(folder: TempFolder, options: ModelOptions, maxRecentBytes: number) {
    this.#folder = folder;
    this.#maxRecentBytes = maxRecentBytes;
    this.#options = options;
    this.#model = new JournalModel(options);
    this.#journal = this.#open();
  }

  async do(step: Step): Promise<void> {
    switch (step.do) {
      case "push":
        for (let count = 0; count < step.count; count++) {
          // Keys in turn, so that superseded items stand between others; characters of one, two and three bytes.
          const key = `${(step.key + count) % (step.key + 1)}`;
          const item = { id: this.#pushed++, key, urgent: step.urgent, pad: "aéख".repeat(step.pad) };
          this.#journal.push(item);
          this.#model.push(item);
        }
        break;
      case "take": {
        const lease = this.#journal.take(step.n);
        const items = [...lease?.items ?? []];
        this.#model.taken(items, step.n);
        if (lease === undefined) break;
        assert.deepEqual(JSON.parse(lease.encode()), items);
        this.#leases.push({ lease, items });
        break;
      }
      case "flush":
        assert.equal(this.#journal.flush(), !this.#disk.broken);
        if (!this.#disk.broken) this.#model.written();
        break;
      case "turn":
        await turn();
        if (!this.#disk.broken) this.#model.written();
        break;
      case "break":
        this.#disk.broken = true;
        break;
      case "mend": {
        this.#disk.broken = false;
        const wasDegraded = this.#journal.degraded !== undefined;
        assert.ok(this.#journal.retry());
        if (wasDegraded) this.#model.written();
        assert.equal(this.#journal.degraded, undefined);
        break;
      }
      case "restart":
        this.#journal[Symbol.dispose]();
        if (!this.#disk.broken) this.#model.written();
        return this.#reopen();
      case "kill": {
        const dead = this.#journal;
        const path = this.#path();
        this.#files++;
        for (const suffix of ["", "-wal"]) Deno.copyFileSync(path + suffix, this.#path() + suffix);
        this.#reopen();
        dead[Symbol.dispose]();
        break;
      }
      default: {
        const [one] = this.#leases.splice(step.n % Math.max(1, this.#leases.length), 1);
        if (one === undefined) break;
        assert.deepEqual(JSON.parse(one.lease.encode()), one.items, "a lease has changed");
        this.#journal[step.do](one.lease);
        this.#model.end(step.do, one.items);
      }
    }
    this.check();
  }

  check(): void {
    assert.deepEqual(this.#journal.figures, this.#model.figures);
    assert.equal(this.#journal.waiting, this.#model.waiting.length);
    const { count, bytes } = this.#model.room;
    assert.equal(this.#journal.hasRoom(count, 0), true);
    assert.equal(this.#journal.hasRoom(count + 1, 0), false);
    // Memory has a bound of its own.
    if (this.#journal.degraded === undefined) assert.equal(this.#journal.hasRoom(0, bytes), true);
    assert.equal(this.#journal.hasRoom(0, bytes + 1), false);
  }

  /** Everything is there, whatever was done to it. */
  finish(): void {
    this.#disk.broken = false;
    this.#journal.retry();
    this.#journal.flush();
    for (const { lease, items } of this.#leases) {
      this.#journal.giveBack(lease);
      this.#model.end("giveBack", items);
    }
    const items = this.#journal.take(Infinity)?.items ?? [];
    this.#model.taken(items, Infinity);
    assert.equal(this.#journal.waiting, 0);
  }

  close(): void {
    this.#journal[Symbol.dispose]();
    for (let file = 0; file <= this.#files; file++) Deno.removeSync(this.#folder.at(`${file}.db`));
  }

  #reopen(): void {
    this.#disk.broken = false;
    this.#journal = this.#open();
    this.#model.killed();
    this.#leases = [];
    this.check();
  }

  #path(): string {
    return this.#folder.at(`${this.#files}.db`);
  }

  #open(): Journal<Item> {
    return new Journal<Item>({
      path: this.#path(),
      keyOf: ({ key }) => key,
      isUrgent: ({ urgent }) => urgent,
      ...this.#options,
      maxMemoryEvents: 1e6,
      maxRecentBytes: this.#maxRecentBytes,
      wrapStore: this.#disk.wrap,
    });
  }
}

const bounds: Record<string, ModelOptions> = {
  "that are never reached": { maxEvents: 1e6, maxBytes: 1e9, rushAbove: 50 },
  "of a few events": { maxEvents: 7, maxBytes: 1e9, rushAbove: 2 },
  "of several segments": { maxEvents: 350, maxBytes: 1e9, rushAbove: 100 },
  "of a few bytes": { maxEvents: 1e6, maxBytes: 2000, rushAbove: 3 },
};

const numRuns = Number(Deno.env.get("JOURNAL_RUNS") ?? 40);

for (const [which, options] of Object.entries(bounds)) {
  Deno.test(`journal with bounds ${which}: any sequence of calls, faults, restarts and kills does what a list would`, async () => {
    await using folder = new TempFolder();
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(0, 1e6), async (sequence, maxRecentBytes) => {
        const pair = new Pair(folder, options, maxRecentBytes);
        try {
          for (const step of sequence) await pair.do(step as Step);
          pair.finish();
        } finally {
          pair.close();
        }
      }),
      { numRuns },
    );
  });
}
