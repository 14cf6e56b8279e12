import assert from "node:assert/strict";
import fc from "fast-check";
import type { AlertQueue, Lease } from "../../lib/alerts/queue.ts";
import { ResilientQueue, type ResilientQueueOptions } from "../../lib/alerts/resilient_queue.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { FaultyDisk } from "./faulty_disk.ts";
import {
  assertFigures,
  type Logged,
  pushAll,
  recorder,
  take,
  textOptions,
  texts,
  turn,
} from "./journal_rig.ts";
import { testQueueContract } from "./queue_contract.ts";

const folder = Deno.makeTempDirSync({ prefix: "pawl-test-" });
let made = 0;
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const numbers = (path: string, capacity: number) =>
  new ResilientQueue<number>({
    path,
    keyOf: String,
    maxEvents: capacity,
    maxMemoryEvents: capacity,
    clock: new FakeClock(),
  });

testQueueContract("resilient queue", (capacity) => numbers(`${folder}/${++made}.db`, capacity), {
  sequences: 20,
});
testQueueContract("resilient queue without its disk", (capacity) => {
  const queue = numbers("/dev/null/queue.db", capacity);
  // Whatever the suite asks, that the queue is not durable is no part of it.
  return new Proxy(queue, {
    get(target, name) {
      if (name === "degraded") return undefined;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
});

/** A queue whose file cannot be opened as long as a file stands where its folder should be. */
class Rig implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly logged: Logged[] = [];
  readonly disk = new FaultyDisk();
  readonly folder = new TempFolder();
  readonly queue: ResilientQueue<string>;

  constructor(options: Partial<ResilientQueueOptions<string>> & { blocked?: boolean } = {}) {
    const { blocked = true, ...rest } = options;
    if (blocked) Deno.writeTextFileSync(this.folder.at("state"), "in the way");
    this.queue = this.open(rest);
  }

  open(options: Partial<ResilientQueueOptions<string>> = {}): ResilientQueue<string> {
    return new ResilientQueue<string>({
      path: this.folder.at("state/queue.db"),
      clock: this.clock,
      logger: recorder(this.logged),
      random: () => 0.5,
      wrapStore: this.disk.wrap,
      ...textOptions,
      ...options,
    });
  }

  /** The disk is there. */
  unblock(): void {
    Deno.removeSync(this.folder.at("state"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.queue[Symbol.dispose]();
    assert.equal(this.clock.pendingTimers, 0, "a timer was left behind");
    await this.folder[Symbol.asyncDispose]();
  }
}

const events = (logged: readonly Logged[]) => logged.map(({ event }) => event);

Deno.test("where the file cannot be opened, the queue works in memory and says why", async () => {
  await using rig = new Rig({ maxMemoryEvents: 3 });
  const { queue } = rig;
  assert.match(queue.degraded ?? "", /^cannot open .*queue\.db: .*; events are in memory until it can be$/);
  assert.deepEqual(events(rig.logged), ["queue.degraded"]);
  pushAll(queue, texts(0, 5));
  assert.equal(await queue.durable(), false);
  assertFigures(queue, { accepted: 5, waiting: 3, overflow: 2 });
  queue.settle(take(queue));
});

Deno.test("once the file can be opened, everything is on disk, in order, and the accounting goes on", async () => {
  await using rig = new Rig({ maxMemoryEvents: 10 });
  const { queue } = rig;
  pushAll(queue, texts(0, 15)); // 5 overflow
  queue.settle(take(queue, 2));
  queue.discard(take(queue, 1));
  const lease = take(queue, 2);
  rig.unblock();
  await rig.clock.tick(1000);
  assert.equal(queue.degraded, undefined);
  assert.deepEqual(events(rig.logged), ["queue.degraded", "queue.recovered"]);
  const expected = { accepted: 15, settled: 2, waiting: 7, overflow: 5, rejected: 1 };
  assertFigures(queue, expected);
  assert.equal(await queue.durable(), true);
  queue[Symbol.dispose]();
  using again = rig.open();
  assertFigures(again, expected);
  assert.deepEqual(take(again).items, texts(8, 15), "what was leased is among them");
  assert.deepEqual(lease.items, texts(8, 10));
});

for (const end of ["settle", "giveBack", "discard"] as const) {
  Deno.test(`a lease from memory can be ended on disk: ${end}`, async () => {
    await using rig = new Rig();
    const { queue } = rig;
    pushAll(queue, texts(0, 6));
    const [a, b] = [take(queue, 2), take(queue, 2)];
    rig.unblock();
    await rig.clock.tick(1000);
    assert.equal(queue.waiting, 2);
    queue[end](b);
    queue[end](a);
    queue[end](a);
    const rest = end === "giveBack" ? texts(0, 6) : texts(4, 6);
    assert.deepEqual(take(queue).items, rest);
    assertFigures(queue, {
      accepted: 6,
      waiting: rest.length,
      ...(end === "settle" && { settled: 4 }),
      ...(end === "discard" && { rejected: 4 }),
    });
  });
}

Deno.test("what waits in the file from before is there as soon as it can be opened, and goes first", async () => {
  await using rig = new Rig({ blocked: false });
  pushAll(rig.queue, ["old 1", "old 2"]);
  rig.queue[Symbol.dispose]();
  Deno.renameSync(rig.folder.at("state"), rig.folder.at("away"));
  Deno.writeTextFileSync(rig.folder.at("state"), "in the way");
  const later = rig.open();
  later.push("new 1");
  rig.unblock();
  Deno.renameSync(rig.folder.at("away"), rig.folder.at("state"));
  await rig.clock.tick(1000);
  assert.deepEqual(take(later).items, ["old 1", "old 2", "new 1"]);
  later[Symbol.dispose]();
});

Deno.test("whoever takes from the queue is told when the disk works again, and may throw", async () => {
  let told = 0;
  const onRecovered = () => {
    told++;
    throw new Error("not now");
  };
  await using rig = new Rig({ onRecovered });
  await rig.clock.tick(10_000);
  assert.equal(told, 0);
  rig.unblock();
  await rig.clock.tick(10_000);
  assert.equal(told, 1);
  assert.deepEqual(events(rig.logged), ["queue.degraded", "queue.recovered", "queue.listener_failed"]);
});

Deno.test("a failing disk is tried again after 1 s, 2 s, 4 s … 60 s, and from 1 s again next time", async () => {
  await using rig = new Rig({ blocked: false });
  const { queue, clock, disk } = rig;
  for (let time = 0; time < 2; time++) {
    disk.broken = true;
    queue.push("a 1");
    await turn();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 9; attempt++) {
      const [waitMs = 0] = clock.pendingDelaysMs;
      waits.push(waitMs / 1000);
      await clock.tick(waitMs);
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert.ok(queue.degraded);
    disk.broken = false;
    await clock.tick(60_000);
    assert.equal(queue.degraded, undefined);
    assert.equal(clock.pendingTimers, 0);
  }
  assert.deepEqual(events(rig.logged), Array(2).fill(["queue.degraded", "queue.recovered"]).flat());
});

Deno.test("waits are spread by a quarter, so that a fleet on one storage does not come back at once", async () => {
  const waits = [];
  for (const random of [0, 0.999]) {
    await using rig = new Rig({ random: () => random });
    waits.push(Math.round(rig.clock.pendingDelaysMs[0] ?? 0));
  }
  assert.deepEqual(waits, [750, 1250]);
});

Deno.test("what is in memory when the queue is closed is written if that works by then, else reported", async () => {
  {
    await using rig = new Rig();
    pushAll(rig.queue, texts(0, 3));
    rig.unblock();
    rig.queue[Symbol.dispose]();
    using again = rig.open();
    assert.deepEqual(take(again).items, texts(0, 3));
  }
  await using rig = new Rig();
  pushAll(rig.queue, texts(0, 3));
  rig.queue[Symbol.dispose]();
  assert.deepEqual(events(rig.logged), ["queue.degraded", "queue.lost_at_close"]);
  assert.equal(rig.logged[1]?.fields["events"], 3);
});

Deno.test("a queue that is closed while the disk fails leaves no timer behind", async () => {
  await using rig = new Rig({ blocked: false });
  rig.disk.broken = true;
  rig.queue.push("a 1");
});

Deno.test("an empty queue that never had its file is closed without a word", async () => {
  await using rig = new Rig();
  rig.queue[Symbol.dispose]();
  assert.deepEqual(events(rig.logged), ["queue.degraded"]);
});

Deno.test("whenever the disk comes, any sequence of calls does what a list would", async () => {
  const step = fc.record({
    do: fc.constantFrom("push", "push", "take", "settle", "giveBack", "discard"),
    n: fc.integer({ min: 1, max: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40, size: "max" }),
      fc.nat({ max: 40 }),
      async (steps, when) => {
        await using rig = new Rig({ maxMemoryEvents: 1e6 });
        const list = new List(rig.queue);
        for (const [at, { do: what, n }] of steps.entries()) {
          if (at === when) {
            rig.unblock();
            await rig.clock.tick(100_000);
            assert.equal(rig.queue.degraded, undefined);
          }
          list.do(what, n);
        }
        list.check();
      },
    ),
    { numRuns: 60 },
  );
});

/** A list beside a queue: what it must hold. */
class List {
  readonly #queue: AlertQueue<string>;
  readonly #leases: { lease: Lease<string>; items: string[] }[] = [];
  #waiting: string[] = [];
  #pushed = 0;
  #settled = 0;
  #discarded = 0;

  constructor(queue: AlertQueue<string>) {
    this.#queue = queue;
  }

  do(what: "push" | "take" | "settle" | "giveBack" | "discard", n: number): void {
    if (what === "push") {
      for (const text of texts(this.#pushed, this.#pushed += n)) {
        this.#queue.push(text);
        this.#waiting.push(text);
      }
    } else if (what === "take") {
      const items = this.#waiting.splice(0, n);
      const lease = this.#queue.take(n);
      assert.deepEqual(lease?.items ?? [], items);
      if (lease) this.#leases.push({ lease, items });
    } else {
      // The youngest first, so that what is given back is older than all that waits.
      const one = this.#leases.pop();
      if (one === undefined) return;
      this.#queue[what](one.lease);
      if (what === "giveBack") this.#waiting.unshift(...one.items);
      else if (what === "settle") this.#settled += one.items.length;
      else this.#discarded += one.items.length;
    }
    this.check();
  }

  check(): void {
    const leased = this.#leases.reduce((sum, { items }) => sum + items.length, 0);
    assert.equal(this.#queue.waiting, this.#waiting.length);
    assertFigures(this.#queue, {
      accepted: this.#pushed,
      settled: this.#settled,
      waiting: this.#waiting.length + leased,
      rejected: this.#discarded,
    });
  }
}
