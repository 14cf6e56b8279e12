import assert from "node:assert/strict";
import { OutputQueue } from "../../lib/hub/output_queue.ts";

const output = (delta: string) => ({ session_id: "s", delta, stage: "answer" as const, done: false });

async function read(queue: OutputQueue): Promise<string[]> {
  const deltas: string[] = [];
  for await (const { delta } of queue) deltas.push(delta);
  return deltas;
}

Deno.test("outputs come in order, those pushed before, while and after someone waits", async () => {
  const queue = new OutputQueue(10_000);
  queue.push(output("1"));
  const reading = read(queue);
  await Promise.resolve();
  queue.push(output("2"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  queue.push(output("3"));
  queue.end();
  queue.push(output("too late"));
  assert.deepEqual(await reading, ["1", "2", "3"]);
});

Deno.test("beyond its bound the oldest outputs go and are counted, but never the newest", async () => {
  const queue = new OutputQueue(1_000);
  for (let i = 0; i < 100; i++) queue.push(output(`${i}`.padEnd(200, ".")));
  queue.push(output("x".repeat(5_000)));
  queue.end();
  assert.deepEqual((await read(queue)).map((delta) => delta.length), [5_000]);
  assert.equal(queue.dropped, 100);
});

Deno.test("whoever stops reading gives up the rest", async () => {
  const queue = new OutputQueue(1_000);
  queue.push(output("1"));
  queue.push(output("2"));
  for await (const { delta } of queue) {
    assert.equal(delta, "1");
    break;
  }
  queue.push(output("3"));
  assert.deepEqual(await read(queue), []);
});
