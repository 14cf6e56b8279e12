import assert from "node:assert/strict";
import fc from "fast-check";
import { type AlertBatch, MemoryStore } from "../../lib/hub/mod.ts";

function batch(agentId: string, messageId: string, descriptions: string[] = [messageId]): AlertBatch {
  const events = descriptions.map((description) => ({
    event_time: 1,
    event_status: "Info" as const,
    alert_key: "k",
    labels: {},
    description,
  }));
  return { agentId, messageId, receivedAtMs: 5, events };
}

const described = (store: MemoryStore) => store.alerts().map(({ event }) => event.description);

Deno.test("the store keeps the newest events in order and counts the rest", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.array(fc.string(), { maxLength: 7 }), { maxLength: 12 }),
      (maxEvents, batches) => {
        const store = new MemoryStore({ maxEvents });
        batches.forEach((descriptions, i) =>
          assert.equal(store.add(batch("a", `m${i}`, descriptions)), true)
        );
        const all = batches.flat();
        assert.deepEqual(described(store), all.slice(-maxEvents));
        assert.equal(store.dropped, Math.max(0, all.length - maxEvents));
      },
    ),
  );
});

Deno.test("a message id is one agent's own", () => {
  const store = new MemoryStore();
  assert.deepEqual([store.add(batch("a", "1")), store.add(batch("a", "1")), store.add(batch("b", "1"))], [
    true,
    false,
    true,
  ]);
  assert.deepEqual(store.alerts().map(({ agentId }) => agentId), ["a", "b"]);
});

Deno.test("a double is known for as many messages as are remembered", () => {
  const store = new MemoryStore({ maxIdsPerAgent: 3 });
  for (const id of ["1", "2", "3"]) store.add(batch("a", id));
  assert.equal(store.add(batch("a", "1")), false);
  store.add(batch("a", "4"));
  assert.equal(store.add(batch("a", "2")), false);
  assert.equal(store.add(batch("a", "1")), true);
});

Deno.test("of more agents than are remembered, the one unheard of for longest is forgotten", () => {
  const store = new MemoryStore({ maxAgents: 2 });
  store.add(batch("a", "1"));
  store.add(batch("b", "1"));
  store.add(batch("a", "2"));
  store.add(batch("c", "1"));
  assert.equal(store.add(batch("a", "1")), false);
  assert.equal(store.add(batch("b", "1")), true);
});

Deno.test("without a usable id nothing is taken for a double", () => {
  const store = new MemoryStore();
  for (const id of ["", "", "x".repeat(129), "x".repeat(129)]) assert.equal(store.add(batch("a", id)), true);
});

Deno.test("a bound below 1 is an error that names it", () => {
  assert.throws(() => new MemoryStore({ maxEvents: 0 }), /RangeError.*maxEvents.*0/);
  assert.throws(() => new MemoryStore({ maxAgents: 1.5 }), RangeError);
});
