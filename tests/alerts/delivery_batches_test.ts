import assert from "node:assert/strict";
import { RecordingLogger } from "../link/recording_logger.ts";
import { DeliveryRig, must, numbered, range, read, sizes } from "./delivery_rig.ts";

Deno.test("nothing is sent while there is no connection", () => {
  using rig = new DeliveryRig();
  rig.push(5);
  assert.equal(rig.next(), undefined);
  assert.equal(rig.queue.waiting, 5);
});

Deno.test("a connection is woken when it is attached and when the queue grows", () => {
  using rig = new DeliveryRig();
  rig.push(1);
  assert.equal(rig.wakes, 0);
  rig.attach();
  assert.equal(rig.wakes, 1);
  rig.push(1);
  assert.equal(rig.wakes, 2);
});

Deno.test("a batch holds up to 100 events, in order", () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(250);
  const batches = rig.all();
  assert.deepEqual(sizes(batches), [100, 100, 50]);
  assert.deepEqual(batches.flatMap(({ events }) => events), range(0, 250));
  assert.equal(new Set(batches.map(({ id }) => id)).size, 3);
});

Deno.test("a part of a batch is only cut where nothing is being written", () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(99);
  assert.equal(rig.next(false), undefined);
  rig.push(2);
  assert.equal(must(rig.next(false)).events.length, 100);
  assert.equal(rig.next(false), undefined);
  assert.deepEqual(must(rig.next(true)).events, [100]);
  assert.equal(rig.next(true), undefined);
});

Deno.test("a batch that would be long on the wire is cut into smaller ones, in order", () => {
  using rig = new DeliveryRig();
  rig.attach();
  // 64 KiB each, of characters that take three bytes: it is bytes that count.
  for (let n = 0; n < 30; n++) rig.queue.push(numbered(n, "漢".repeat(22_000)));
  const batches = [];
  for (let batch = rig.delivery.next(true); batch !== undefined; batch = rig.delivery.next(true)) {
    assert.ok(new TextEncoder().encode(batch.text).length <= 512 * 1024);
    batches.push(read(batch));
  }
  assert.ok(batches.length < 30);
  assert.deepEqual(batches.flatMap(({ events }) => events), range(0, 30));
});

Deno.test("one event that is longer than that travels alone", () => {
  using rig = new DeliveryRig();
  rig.attach();
  rig.push(3);
  rig.queue.push(numbered(3, "x".repeat(600_000)));
  rig.queue.push(numbered(4));
  assert.deepEqual(rig.all().flatMap(({ events }) => events), range(0, 5));
  assert.equal(rig.delivery.figures.rejected, 0);
});

Deno.test("an event that no hub would take for its length is rejected alone, once, and counted", () => {
  const log = new RecordingLogger();
  using rig = new DeliveryRig({ logger: log.logger });
  rig.attach();
  rig.push(2);
  rig.queue.push(numbered(2, "é".repeat(600_000)));
  rig.queue.push(numbered(3));
  assert.deepEqual(rig.all().flatMap(({ events }) => events), [0, 1, 3]);
  assert.equal(rig.delivery.figures.rejected, 1);
  assert.equal(rig.queue.dropped, 1);
  assert.deepEqual(log.events("error"), ["alerts.batch_rejected"]);
});

type Spoil = (event: Record<string, unknown>) => void;

const spoils: Record<string, Spoil> = {
  "a big integer": (event) => event["event_time"] = 1n,
  "a ring": (event) => event["attrs"] = event,
  "a getter that throws": (event) =>
    Object.defineProperty(event, "description", {
      enumerable: true,
      get() {
        throw new Error("no description");
      },
    }),
};
for (const [what, spoil] of Object.entries(spoils)) {
  Deno.test(`an event that cannot be encoded (${what}) is rejected alone, in whichever place it stands`, () => {
    for (const place of [0, 1, 50, 98, 99, 100, 149]) {
      const log = new RecordingLogger();
      using rig = new DeliveryRig({ logger: log.logger });
      rig.attach();
      for (let n = 0; n < 150; n++) {
        const event = numbered(n);
        if (n === place) spoil(event as unknown as Record<string, unknown>);
        rig.queue.push(event);
      }
      const expected = range(0, 150).filter((n) => n !== place);
      assert.deepEqual(rig.all().flatMap(({ events }) => events), expected, `place ${place}`);
      assert.equal(rig.delivery.figures.rejected, 1);
      assert.deepEqual(log.events("error"), ["alerts.batch_rejected"]);
    }
  });
}

Deno.test("an event that can no longer be encoded at the second sending takes nothing else with it", () => {
  using rig = new DeliveryRig({ logger: new RecordingLogger().logger });
  const event = numbered(0) as unknown as Record<string, unknown>;
  rig.queue.push(event as never);
  rig.attach();
  assert.equal(rig.all().length, 1);
  rig.delivery.detach({ answered: false });
  event["event_time"] = 1n;
  rig.queue.push(numbered(1));
  rig.attach();
  assert.deepEqual(rig.all().flatMap(({ events }) => events), [1]);
  assert.equal(rig.delivery.figures.rejected, 1);
});
