import assert from "node:assert/strict";
import fc from "fast-check";
import { EngineStore } from "../../lib/checks/engine_store.ts";
import { isMatch, MAX_SILENCES, Silences } from "../../lib/checks/silences.ts";
import { FakeClock } from "../fakes/fake_clock.ts";

function rig(store = new EngineStore({ path: undefined }), clock = new FakeClock()) {
  const calls = { changes: 0 };
  const silences = new Silences({ clock, random: () => 0.5, store, onChange: () => calls.changes++ });
  return { silences, clock, store, calls };
}

Deno.test("every matcher has to fit, and a star stands for any text", () => {
  const labels = { check: "disk::space_usage", target: "/data/a" };
  const fits: Record<string, string>[] = [
    { check: "disk::space_usage" },
    { check: "disk::*", target: "*" },
    { target: "/data*" },
    { target: "*a*a*a" },
    { target: "*/a" },
    { target: "/data/a*" },
    {},
  ];
  const others: Record<string, string>[] = [
    { check: "disk::space" },
    { check: "disk::*", target: "/" },
    { target: "/data/a?" },
    { target: "*b" },
    { target: "/data/a*a" },
    { site: "*" },
    { toString: "*" },
  ];
  for (const matchers of fits) assert.ok(isMatch(matchers, labels), JSON.stringify(matchers));
  for (const matchers of others) assert.ok(!isMatch(matchers, labels), JSON.stringify(matchers));
});

Deno.test("stars match as a regular expression would have them", () => {
  const letters = fc.stringMatching(/^[ab*.]{0,8}$/);
  fc.assert(
    fc.property(letters, letters, (pattern, value) => {
      const parts = pattern.split("*").map((part) => part.replaceAll(".", "\\."));
      assert.equal(
        isMatch({ x: pattern }, { x: value }),
        new RegExp(`^${parts.join(".*")}$`, "s").test(value),
      );
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a pattern full of stars takes no time", () => {
  const startMs = performance.now();
  assert.ok(!isMatch({ x: `${"*a".repeat(2000)}*b` }, { x: "a".repeat(4096) }));
  assert.ok(performance.now() - startMs < 1000);
});

Deno.test("a silence ends by itself, also one that is longer than a timer can be", async () => {
  const { silences, clock, calls } = rig();
  using _ = silences;
  silences.add({ matchers: { a: "b" }, forMs: 60 * 86_400_000, reason: "long" });
  silences.add({ matchers: { a: "b" }, forMs: 5000, reason: "short" });
  assert.deepEqual(silences.list().map(({ reason }) => reason), ["short", "long"]);
  assert.equal(new Set(silences.list().map(({ id }) => id)).size, 2, "one dice throw, two ids");
  await clock.tick(4999);
  assert.equal(calls.changes, 2);
  await clock.tick(1);
  assert.deepEqual([silences.list().length, calls.changes], [1, 3]);
  assert.ok(silences.match({ a: "b" }));
  await clock.tick(60 * 86_400_000 - 5001);
  assert.ok(silences.match({ a: "b" }));
  await clock.tick(1);
  assert.ok(!silences.match({ a: "b" }));
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a step of the wall clock ends none while the agent runs; after a restart the wall clock is what there is", async () => {
  const { silences, clock, store } = rig();
  silences.add({ matchers: { a: "b" }, forMs: 60_000, reason: "" });
  clock.wallOffsetMs = 3_600_000;
  await clock.tick(1000);
  assert.ok(silences.match({ a: "b" }));
  silences[Symbol.dispose]();
  const after = rig(store, clock);
  using _ = after.silences;
  assert.ok(!after.silences.match({ a: "b" }));
  assert.deepEqual(store.all("silence"), []);
});

Deno.test("one that was ended is gone; there is an end to how many there may be", () => {
  const { silences, store } = rig();
  using _ = silences;
  const first = silences.add({ matchers: { a: "b" }, forMs: 1000, reason: "" });
  for (let n = 1; n < MAX_SILENCES; n++) silences.add({ matchers: { a: `${n}` }, forMs: 1000, reason: "" });
  assert.throws(() => silences.add({ matchers: { a: "b" }, forMs: 1000, reason: "" }), RangeError);
  assert.equal(silences.end(first.id), true);
  assert.equal(silences.end(first.id), false);
  assert.equal(store.all("silence").length, MAX_SILENCES - 1);
});

Deno.test("a record that makes no sense is dropped", () => {
  const store = new EngineStore({ path: undefined });
  const record = JSON.stringify({ matchers: { a: 1 }, reason: "", created: 0, until: 1e12 });
  store.save([{ kind: "silence", key: "1", text: "{" }, { kind: "silence", key: "2", text: record }]);
  using silences = rig(store).silences;
  assert.deepEqual(silences.list(), []);
  assert.deepEqual(store.all("silence"), []);
});
