import assert from "node:assert/strict";
import { MessageQueue } from "../../lib/link/message_queue.ts";
import { settle } from "../fakes/fake_clock.ts";

function reader(queue: MessageQueue) {
  const read: string[] = [];
  const done = (async () => {
    for await (const message of queue) read.push(message);
  })();
  return { read, done };
}

Deno.test("messages are read in order, those before the reader came and those after", async () => {
  const queue = new MessageQueue();
  queue.push("a");
  queue.push("b");
  const { read, done } = reader(queue);
  await settle();
  queue.push("c");
  await settle();
  queue.push("d");
  queue.push("e");
  queue.end();
  await done;
  assert.deepEqual(read, ["a", "b", "c", "d", "e"]);
});

Deno.test("what is pushed while a message is handled is not lost", async () => {
  const queue = new MessageQueue();
  queue.push("3");
  const read: string[] = [];
  for await (const message of queue) {
    read.push(message);
    if (Number(message) > 0) queue.push(`${Number(message) - 1}`);
    else queue.end();
  }
  assert.deepEqual(read, ["3", "2", "1", "0"]);
});

Deno.test("a failure comes after what was there before it; nothing comes after either", async () => {
  const queue = new MessageQueue();
  queue.push("a");
  queue.end(new Error("too big"));
  queue.push("b");
  queue.end();
  const { read, done } = reader(queue);
  await assert.rejects(done, /too big/);
  assert.deepEqual(read, ["a"]);
});

Deno.test("an end while the reader waits wakes it", async () => {
  for (const failure of [undefined, new Error("gone")]) {
    const queue = new MessageQueue();
    const { done } = reader(queue);
    await settle();
    queue.end(failure);
    if (failure) await assert.rejects(done, /gone/);
    else await done;
  }
});
