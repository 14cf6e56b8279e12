/** What every {@linkcode AlertQueue} must do, whatever it keeps its items in. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type AlertQueue, droppedInAll, type Lease } from "../../lib/alerts/queue.ts";

/** Makes an empty queue in which `capacity` items may wait. Disposed of, where it is disposable, by the suite. */
export type MakeQueue = (capacity: number) => AlertQueue<number> & Partial<Disposable>;

/** Options of {@linkcode testQueueContract}. */
export interface QueueContractOptions {
  /**
   * How many random sequences of calls are tried for each capacity; fewer for queues that write to a disk.
   * @default 200
   */
  sequences?: number;
}

/** Registers the tests that every implementation shares. */
export function testQueueContract(name: string, make: MakeQueue, options: QueueContractOptions = {}): void {
  const { sequences = 200 } = options;

  function test(behaviour: string, capacity: number, body: (queue: AlertQueue<number>) => void): void {
    Deno.test(`${name}: ${behaviour}`, () => {
      const queue = make(capacity);
      try {
        body(queue);
      } finally {
        queue[Symbol.dispose]?.();
      }
    });
  }

  test("items are taken in the order they were pushed, as many as asked for", 10, (queue) => {
    for (const item of [1, 2, 3, 4, 5]) queue.push(item);
    assert.deepEqual(queue.take(2)?.items, [1, 2]);
    assert.deepEqual(queue.take(2)?.items, [3, 4]);
    assert.deepEqual(queue.take(2)?.items, [5]);
    assert.equal(queue.take(2), undefined);
  });

  test("nothing is taken from an empty queue, nor is nothing taken as a lease", 10, (queue) => {
    assert.equal(queue.take(1), undefined);
    queue.push(1);
    assert.equal(queue.take(0), undefined);
    assert.deepEqual([queue.length, queue.waiting, queue.dropped], [1, 1, 0]);
  });

  test("length counts what is leased, waiting does not", 10, (queue) => {
    for (const item of [1, 2, 3]) queue.push(item);
    const lease = take(queue, 2);
    assert.deepEqual([queue.length, queue.waiting], [3, 1]);
    queue.settle(lease);
    assert.deepEqual([queue.length, queue.waiting, queue.dropped], [1, 1, 0]);
  });

  test("a full queue drops the oldest that waits and counts it", 3, (queue) => {
    for (const item of [1, 2, 3, 4, 5]) queue.push(item);
    assert.deepEqual([queue.length, queue.waiting, queue.dropped], [3, 3, 2]);
    assert.deepEqual(queue.take(9)?.items, [3, 4, 5]);
  });

  test("what is leased is not dropped, however much is pushed", 3, (queue) => {
    for (const item of [1, 2, 3]) queue.push(item);
    const lease = take(queue, 2);
    for (const item of [4, 5, 6, 7]) queue.push(item);
    assert.deepEqual(lease.items, [1, 2]);
    assert.deepEqual([queue.waiting, queue.dropped], [3, 2]);
    queue.settle(lease);
    assert.deepEqual(queue.take(9)?.items, [5, 6, 7]);
  });

  test("what is given back is the next to be taken, in its old order", 10, (queue) => {
    for (const item of [1, 2, 3, 4]) queue.push(item);
    const lease = take(queue, 3);
    queue.push(5);
    queue.giveBack(lease);
    assert.equal(queue.waiting, 5);
    assert.deepEqual(queue.take(9)?.items, [1, 2, 3, 4, 5]);
  });

  test("of what is given back to a queue that is full by now, the oldest is dropped", 3, (queue) => {
    for (const item of [1, 2, 3]) queue.push(item);
    const lease = take(queue, 3);
    for (const item of [4, 5]) queue.push(item);
    queue.giveBack(lease);
    assert.deepEqual([queue.length, queue.dropped], [3, 2]);
    assert.deepEqual(queue.take(9)?.items, [3, 4, 5]);
  });

  test("what is discarded is gone and counted as dropped", 10, (queue) => {
    for (const item of [1, 2, 3]) queue.push(item);
    queue.discard(take(queue, 2));
    assert.deepEqual([queue.length, queue.dropped], [1, 2]);
    assert.deepEqual(queue.take(9)?.items, [3]);
  });

  test("a lease ends once: whatever comes after it does nothing", 10, (queue) => {
    const ends = ["settle", "giveBack", "discard"] as const;
    for (const first of ends) {
      for (const second of ends) {
        const before = queue.dropped;
        for (const item of [1, 2, 3]) queue.push(item);
        const lease = take(queue, 2);
        queue[first](lease);
        const after = [queue.length, queue.waiting, queue.dropped];
        queue[second](lease);
        assert.deepEqual([queue.length, queue.waiting, queue.dropped], after, `${first}, then ${second}`);
        assert.equal(queue.dropped - before, first === "discard" ? 2 : 0);
        const rest = take(queue, 9);
        assert.deepEqual(rest.items, first === "giveBack" ? [1, 2, 3] : [3]);
        queue.settle(rest);
      }
    }
    assert.equal(queue.length, 0);
  });

  test("leases may end in any order", 10, (queue) => {
    for (const item of [1, 2, 3, 4, 5, 6]) queue.push(item);
    const [a, b, c] = [take(queue, 2), take(queue, 2), take(queue, 2)];
    queue.settle(b);
    queue.giveBack(c);
    queue.giveBack(a);
    assert.deepEqual([queue.length, queue.waiting], [4, 4]);
    assert.deepEqual(queue.take(9)?.items, [1, 2, 5, 6]);
  });

  test("the lease of another queue is none of its business", 10, (queue) => {
    const other = make(10);
    for (const item of [1, 2]) {
      queue.push(item);
      other.push(item);
    }
    const foreign = take(other, 2);
    for (const end of ["settle", "giveBack", "discard"] as const) queue[end](foreign);
    assert.deepEqual([queue.length, queue.waiting, queue.dropped], [2, 2, 0]);
    other[Symbol.dispose]?.();
  });

  test("items may be pushed while a lease is being read", 10, (queue) => {
    for (const item of [1, 2]) queue.push(item);
    const lease = take(queue, 2);
    for (const item of lease.items) queue.push(item + 2);
    assert.deepEqual(lease.items, [1, 2]);
    queue.giveBack(lease);
    assert.deepEqual(queue.take(9)?.items, [1, 2, 3, 4]);
  });

  test("a lease says how many it holds, and writes them as a JSON array", 10, (queue) => {
    for (const item of [1, 2, 3]) queue.push(item);
    const lease = take(queue, 2);
    assert.equal(lease.count, 2);
    assert.deepEqual(JSON.parse(lease.encode()), [1, 2]);
    queue.giveBack(lease);
    const again = take(queue, 9);
    assert.deepEqual([again.count, again.encode()], [3, "[1,2,3]"]);
  });

  test("a new queue has no figures yet, and is not degraded", 10, (queue) => {
    const dropped = { superseded: 0, overflow: 0, expired: 0, rejected: 0 };
    assert.deepEqual(queue.figures, { accepted: 0, settled: 0, waiting: 0, waitingBytes: 0, dropped });
    assert.equal(queue.degraded, undefined);
  });

  test("figures tell what became of every item, and why it was dropped", 3, (queue) => {
    for (const item of [1, 2, 3, 4, 5]) queue.push(item);
    queue.settle(take(queue, 1));
    queue.discard(take(queue, 1));
    queue.discard(take(queue, 1), "expired");
    for (const item of [6, 7]) queue.push(item);
    take(queue, 1);
    const { waitingBytes: _, ...figures } = queue.figures;
    assert.deepEqual(figures, {
      accepted: 7,
      settled: 1,
      waiting: 2,
      dropped: { superseded: 0, overflow: 2, expired: 1, rejected: 1 },
    });
  });

  for (const reason of ["superseded", "overflow", "expired", "rejected"] as const) {
    test(`what is discarded as ${reason} is counted as that`, 3, (queue) => {
      queue.push(1);
      queue.discard(take(queue, 1), reason);
      const { dropped } = queue.figures;
      assert.deepEqual([dropped[reason], droppedInAll(dropped), queue.dropped], [1, 1, 1]);
    });
  }

  test("a snapshot of the figures does not change afterwards", 3, (queue) => {
    queue.push(1);
    const before = queue.figures;
    queue.push(2);
    queue.discard(take(queue, 2));
    assert.deepEqual([before.accepted, before.waiting, before.dropped.rejected], [1, 1, 0]);
  });

  test("there is room for as many as can wait, and what is leased takes none of it", 3, (queue) => {
    assert.deepEqual([queue.hasRoom(3, 30), queue.hasRoom(4, 40)], [true, false]);
    for (const item of [1, 2]) queue.push(item);
    assert.deepEqual([queue.hasRoom(1, 10), queue.hasRoom(2, 20)], [true, false]);
    take(queue, 1);
    assert.deepEqual([queue.hasRoom(2, 20), queue.hasRoom(3, 30)], [true, false]);
  });

  Deno.test(`${name}: where nothing is left that could be lost, that is durable`, async () => {
    const queue = make(3);
    try {
      assert.equal(await queue.durable(), true);
      queue.push(1);
      queue.settle(take(queue, 1));
      assert.equal(await queue.durable(), true);
    } finally {
      queue[Symbol.dispose]?.();
    }
  });

  for (const capacity of [1, 2, 3, 7, 16, 17]) {
    Deno.test(`${name}: with a capacity of ${capacity}, any sequence of calls does what a list would`, () => {
      const call = fc.oneof(
        { weight: 4, arbitrary: fc.record({ do: fc.constant("push" as const), n: fc.nat({ max: 9 }) }) },
        { weight: 2, arbitrary: fc.record({ do: fc.constant("take" as const), n: fc.nat({ max: 5 }) }) },
        fc.record({ do: fc.constantFrom("settle", "giveBack", "discard"), n: fc.nat({ max: 20 }) }),
      );
      fc.assert(
        fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
          const queue = make(capacity);
          try {
            runAgainstModel(queue, new Model(capacity), calls);
          } finally {
            queue[Symbol.dispose]?.();
          }
        }),
        { numRuns: sequences },
      );
    });
  }
}

function take<T>(queue: AlertQueue<T>, max: number): Lease<T> {
  const lease = queue.take(max);
  assert.ok(lease, "something should have been there to take");
  return lease;
}

type End = "settle" | "giveBack" | "discard";
type Call = { do: "push" | "take" | End; n: number };

/** A queue so simple that it can be seen to be right. */
class Model {
  waiting: number[] = [];
  leased = 0;
  settled = 0;
  dropped = 0;
  constructor(readonly capacity: number) {}

  push(item: number): void {
    this.waiting.push(item);
    this.#dropSurplus();
  }

  take(max: number): number[] {
    const items = this.waiting.splice(0, max);
    this.leased += items.length;
    return items;
  }

  end(how: End, items: number[]): void {
    this.leased -= items.length;
    if (how === "giveBack") this.waiting = [...items, ...this.waiting];
    if (how === "discard") this.dropped += items.length;
    if (how === "settle") this.settled += items.length;
    this.#dropSurplus();
  }

  #dropSurplus(): void {
    const surplus = Math.max(0, this.waiting.length - this.capacity);
    this.dropped += surplus;
    this.waiting.splice(0, surplus);
  }
}

function runAgainstModel(queue: AlertQueue<number>, model: Model, calls: readonly Call[]): void {
  const leases: { lease: Lease<number>; items: number[] }[] = [];
  const ended: Lease<number>[] = [];
  let pushed = 0;
  for (const { do: what, n } of calls) {
    if (what === "push") {
      for (let count = 0; count <= n; count++) {
        queue.push(pushed);
        model.push(pushed++);
      }
    } else if (what === "take") {
      const items = model.take(n);
      const lease = queue.take(n);
      assert.deepEqual(lease?.items ?? [], items);
      if (lease !== undefined) leases.push({ lease, items });
    } else {
      const again = ended[n];
      if (again !== undefined) queue[what](again);
      // Which of two goes first when the older is given back before the younger is each queue's own affair.
      const at = what === "giveBack" ? leases.length - 1 : n % Math.max(1, leases.length);
      const [one] = leases.splice(Math.max(0, at), 1);
      if (one === undefined) continue;
      queue[what](one.lease);
      model.end(what, one.items);
      ended.push(one.lease);
    }
    assert.deepEqual(
      [queue.waiting, queue.length, queue.dropped],
      [model.waiting.length, model.waiting.length + model.leased, model.dropped],
    );
    const { accepted, settled, waiting, dropped } = queue.figures;
    assert.deepEqual([accepted, settled], [pushed, model.settled]);
    assert.equal(accepted, settled + waiting + droppedInAll(dropped));
  }
  assert.deepEqual(queue.take(Number.MAX_SAFE_INTEGER)?.items ?? [], model.waiting);
}
