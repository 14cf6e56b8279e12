import assert from "node:assert/strict";
import { Destination } from "../../lib/alerts/destination.ts";
import type { AlertEvent } from "../../lib/alerts/event.ts";
import { webhookSender } from "../../lib/alerts/notifiers/webhook.ts";
import { RingBuffer } from "../../lib/alerts/ring_buffer.ts";
import { until } from "../fakes/until.ts";
import { numbered, range } from "./delivery_rig.ts";
import { HttpReceiver } from "./notifiers/http_receiver.ts";

Deno.test("a destination that is dead, one that hangs and one that refuses delay no other", async () => {
  await using alive = new HttpReceiver();
  await using hanging = new HttpReceiver(() => new Promise<never>(() => {}));
  await using refusing = new HttpReceiver(() => new Response("no", { status: 400 }));
  const gone = new HttpReceiver();
  await gone[Symbol.asyncDispose](); // its port refuses connections now
  const queues = [gone, hanging, refusing, alive].map(({ url }) => {
    const queue = new RingBuffer<AlertEvent>();
    return {
      queue,
      destination: new Destination({ name: url.host, queue, sender: webhookSender({ url }), graceMs: 0 }),
    };
  });
  try {
    for (const { destination } of queues) destination.start();
    for (const number of range(0, 50)) {
      for (const { destination } of queues) assert.equal(destination.forward(numbered(number)), true);
    }
    await until("everything has reached the one that is alive", () => alive.requests.length === 50);
    const arrived = alive.requests.map(({ json }) => Number((json as AlertEvent).labels["n"]));
    assert.deepEqual(arrived, range(0, 50));
    await until(
      "the refusing one has refused all",
      () => queues[2]?.destination.figures.dropped.rejected === 50,
    );
    await until("the dead one has been tried", () => queues[0]?.destination.lastError);
    assert.deepEqual(queues.map(({ queue }) => queue.length), [50, 50, 0, 0]);
    assert.match(queues[0]?.destination.lastError ?? "", /cannot send to 127\.0\.0\.1:\d+: .*refused/);
  } finally {
    for (const { destination } of queues) await destination[Symbol.asyncDispose]();
  }
});
