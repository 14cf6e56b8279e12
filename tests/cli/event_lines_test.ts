import assert from "node:assert/strict";
import fc from "fast-check";
import { type EventBatch, readBatches, type ReadBatchesOptions } from "../../lib/cli/event_lines.ts";

async function read(
  pieces: readonly (string | Uint8Array)[],
  options?: ReadBatchesOptions,
): Promise<EventBatch[]> {
  const bytes = pieces.map((piece) => typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  const input = (async function* () {
    yield* bytes;
  })();
  const batches: EventBatch[] = [];
  for await (const batch of readBatches(input, options)) batches.push(batch);
  return batches;
}

const lines = (batches: readonly EventBatch[]) => batches.flatMap(({ text }) => text.split("\n"));
const positions = (batches: readonly EventBatch[]) => batches.flatMap((batch) => [...batch.positions]);

Deno.test("lines come out as they went in, however the input is cut", async () => {
  const event = fc.record({ s: fc.string({ unit: "binary" }), n: fc.nat() }).map((one) =>
    JSON.stringify(one)
  );
  const input = fc.array(fc.oneof(event, fc.constantFrom("", " ")), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(input, fc.array(fc.nat(400)), fc.boolean(), async (given, cuts, endsWithBreak) => {
      const whole = new TextEncoder().encode(given.join("\n") + (endsWithBreak ? "\n" : ""));
      const ends = [...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
      const batches = await read(
        ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end)),
        { maxEvents: 3, maxChars: 100 },
      );
      const expected = given.flatMap((line, index) =>
        line.trim() === "" ? [] : [{ line, position: index + 1 }]
      );
      const isDocument = expected.length <= 1; // which is written anew
      assert.deepEqual(lines(batches), expected.map(({ line }) => line));
      if (!isDocument) assert.deepEqual(positions(batches), expected.map(({ position }) => position));
      for (const batch of batches) {
        assert.ok(batch.count <= 3 && (batch.count === 1 || batch.text.length <= 100));
        assert.equal(batch.count, batch.text.split("\n").length);
      }
    }),
  );
});

Deno.test("whole lines are handed on before more is asked for", async () => {
  let asked = 0;
  const input = (async function* () {
    for (const piece of ['{"n":1}\n{"n":2}\n{"n"', ":3}\n", '{"n":4}']) {
      asked++;
      yield new TextEncoder().encode(piece);
    }
  })();
  const seen: [string, number][] = [];
  for await (const { text } of readBatches(input)) seen.push([text, asked]);
  assert.deepEqual(seen, [['{"n":1}\n{"n":2}', 1], ['{"n":3}', 2], ['{"n":4}', 3]]);
});

Deno.test("a document is taken apart: an array into its events, an object as one", async () => {
  const array = await read([JSON.stringify([{ n: 1 }, { n: 2 }, { n: 3 }], null, 2)], { maxEvents: 2 });
  assert.deepEqual(array, [
    { text: '{"n":1}\n{"n":2}', count: 2, positions: [1, 2], unit: "event" },
    { text: '{"n":3}', count: 1, positions: [3], unit: "event" },
  ]);
  assert.deepEqual(lines(await read(["\n\n[", '{"n":1}]\n\n'])), ['{"n":1}']);
  assert.deepEqual(lines(await read(['{\n"n": 1\n}'])), ['{"n":1}']);
  assert.deepEqual(await read(["[]"]), []);
  assert.deepEqual(await read(["", "\n \n"]), []);
});

Deno.test("lines of which the first is wrong are handed on for the agent to say so", async () => {
  const batches = await read(['{"n":1\n{"n":2}\n']);
  assert.deepEqual([lines(batches), positions(batches)], [['{"n":1', '{"n":2}'], [1, 2]]);
});

Deno.test("blank lines before the first event count", async () => {
  const batches = await read(["\n\n", '\n{"n":1}\n{"n":2}']);
  assert.deepEqual(positions(batches), [4, 5]);
});

Deno.test("what is too long, no JSON or no UTF-8 is an error", async () => {
  await assert.rejects(
    read(["[".repeat(60), "[".repeat(60)], { maxDocumentChars: 100 }),
    /write one event a line/,
  );
  const line = '{"n":1}\n';
  await assert.rejects(
    read([line, line, "x".repeat(101)], { maxDocumentChars: 100 }),
    /without an event's end/,
  );
  await assert.rejects(read(["disk full"]), /they are not JSON/);
  await assert.rejects(read([new Uint8Array([0xff])]), /they are not UTF-8/);
  await assert.rejects(read([line, line, new Uint8Array([0xc3])]), /they are not UTF-8/);
});
