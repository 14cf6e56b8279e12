import assert from "node:assert/strict";
import { droppedInAll } from "../../lib/alerts/queue.ts";
import { ResilientQueue } from "../../lib/alerts/resilient_queue.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { SmallDisk } from "../fakes/small_disk.ts";
import { type Logged, pushAll, recorder, take, textOptions, texts, turn } from "./journal_rig.ts";

const refusal = await SmallDisk.refusal();

/** A queue on a disk of its own. */
class Rig implements AsyncDisposable {
  readonly disk: SmallDisk;
  readonly clock = new FakeClock();
  readonly logged: Logged[] = [];
  #queue: ResilientQueue<string> | undefined;

  private constructor(disk: SmallDisk) {
    this.disk = disk;
  }

  static async on(maxBytes: number): Promise<Rig> {
    return new Rig(await SmallDisk.mount(maxBytes));
  }

  get queue(): ResilientQueue<string> {
    const { clock } = this;
    const [path, logger] = [this.disk.at("queue.db"), recorder(this.logged)];
    return this.#queue ??= new ResilientQueue<string>({
      path,
      clock,
      logger,
      random: () => 0.5,
      ...textOptions,
    });
  }

  close(): void {
    this.#queue?.[Symbol.dispose]();
    this.#queue = undefined;
  }

  get events(): string[] {
    return this.logged.map(({ event }) => event);
  }

  /** Checks that everything pushed is accounted for. */
  assertAccounted(pushed: number): void {
    const { accepted, settled, waiting, dropped } = this.queue.figures;
    assert.equal(accepted, pushed);
    assert.equal(accepted, settled + waiting + droppedInAll(dropped));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.disk[Symbol.asyncDispose]();
  }
}

function test(behaviour: string, maxBytes: number, body: (rig: Rig) => Promise<void>): void {
  const name = refusal === undefined ? behaviour : `${behaviour} (skipped: ${refusal})`;
  Deno.test({
    name,
    ignore: refusal !== undefined,
    async fn() {
      await using rig = await Rig.on(maxBytes);
      await body(rig);
    },
  });
}

const MIB = 1024 * 1024;
const long = (from: number, to: number) => texts(from, to).map((text) => `${text} ${"x".repeat(400)}`);

test(
  "a disk that fills up stops no producer; once there is room, all is on disk again",
  2 * MIB,
  async (rig) => {
    const { queue, disk, clock } = rig;
    pushAll(queue, long(0, 100));
    assert.equal(await queue.durable(), true);
    disk.fill();
    let pushed = 100;
    while (queue.degraded === undefined) {
      pushAll(queue, long(pushed, pushed += 100));
      await turn();
    }
    const onDisk = pushed - 100;
    pushAll(queue, long(pushed, pushed += 100));
    assert.equal(await queue.durable(), false);
    assert.match(queue.degraded, /database or disk is full/);
    rig.assertAccounted(pushed);
    await clock.tick(100_000);
    assert.ok(queue.degraded, "there is no room yet");
    const early = take(queue, 50);
    assert.deepEqual(early.items, long(0, 50), `${onDisk} on disk can still be read`);
    queue.settle(early);
    disk.empty();
    await clock.tick(100_000);
    assert.equal(queue.degraded, undefined);
    assert.deepEqual(rig.events, ["queue.degraded", "queue.recovered"]);
    assert.equal(await queue.durable(), true);
    rig.close();
    rig.assertAccounted(pushed);
    assert.deepEqual(take(rig.queue).items, long(50, pushed));
  },
);

test("a disk that is full from the beginning is done without until there is room", 1 * MIB, async (rig) => {
  rig.disk.fill();
  pushAll(rig.queue, long(0, 50));
  assert.match(rig.queue.degraded ?? "", /^cannot open/);
  assert.equal(await rig.queue.durable(), false);
  rig.disk.empty();
  await rig.clock.tick(1000);
  assert.equal(rig.queue.degraded, undefined);
  rig.close();
  assert.deepEqual(take(rig.queue).items, long(0, 50));
});

test(
  "a disk that the queue itself has filled has room again when what is on it was delivered",
  512 * 1024,
  async (rig) => {
    const { queue, clock } = rig;
    let pushed = 0;
    while (queue.degraded === undefined) {
      pushAll(queue, long(pushed, pushed += 100));
      await turn();
    }
    rig.assertAccounted(pushed);
    for (let lease = queue.take(100); lease !== undefined; lease = queue.take(100)) queue.settle(lease);
    pushAll(queue, long(pushed, pushed += 10));
    await clock.tick(100_000);
    assert.equal(queue.degraded, undefined);
    assert.equal(await queue.durable(), true);
    rig.close();
    rig.assertAccounted(pushed);
    assert.deepEqual(take(rig.queue).items, long(pushed - 10, pushed));
  },
);

test("a disk that is read-only is done without until it is not", 2 * MIB, async (rig) => {
  pushAll(rig.queue, long(0, 100));
  rig.close();
  await rig.disk.setReadOnly(true);
  pushAll(rig.queue, long(100, 200));
  assert.match(rig.queue.degraded ?? "", /^cannot open .*: /);
  assert.equal(await rig.queue.durable(), false);
  await rig.disk.setReadOnly(false);
  await rig.clock.tick(1000);
  assert.equal(rig.queue.degraded, undefined);
  assert.equal(await rig.queue.durable(), true);
  rig.assertAccounted(200);
  assert.deepEqual(take(rig.queue).items, long(0, 200));
});

test("a full disk that holds a backlog gives it out all the same", 2 * MIB, async (rig) => {
  pushAll(rig.queue, long(0, 1000));
  rig.close();
  rig.disk.fill();
  const { queue } = rig;
  const lease = take(queue, 400);
  assert.deepEqual(lease.items, long(0, 400));
  queue.settle(lease);
  pushAll(queue, long(1000, 1010));
  await turn();
  assert.match(queue.degraded ?? "", /^cannot write .*: database or disk is full/);
  assert.deepEqual(take(queue, 100).items, long(400, 500));
  rig.disk.empty();
  await rig.clock.tick(100_000);
  assert.equal(queue.degraded, undefined);
  rig.close();
  rig.assertAccounted(1010);
  assert.deepEqual(take(rig.queue).items, long(400, 1010));
});
