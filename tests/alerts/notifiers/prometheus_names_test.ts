import assert from "node:assert/strict";
import fc from "fast-check";
import { withPrometheusNames } from "../../../lib/alerts/notifiers/prometheus_names.ts";

Deno.test("names that fit stay, others are made to fit", () => {
  assert.deepEqual(withPrometheusNames({ check: "a", _x1: "b" }), { check: "a", _x1: "b" });
  const fitted = withPrometheusNames({
    "k8s.io/pod-name": "a",
    "1st": "b",
    größe: "c",
    "": "d",
    "\u{1f525}": "e",
  });
  assert.deepEqual(Object.keys(fitted).filter((name) => !/_[0-9a-f]{8}$/.test(name)), [
    "k8s_io_pod_name",
    "_1st",
    "gr__e",
  ]);
  assert.deepEqual(Object.values(fitted), ["a", "b", "c", "d", "e"]);
});

Deno.test("a name that would become another's gets a mark of its own; the other keeps its name", () => {
  const forwards = withPrometheusNames({ "a.b": "1", a_b: "2", "a-b": "3" });
  assert.equal(forwards["a_b"], "2");
  assert.deepEqual(Object.keys(forwards).filter((name) => /^a_b_[0-9a-f]{8}$/.test(name)).length, 2);
  const backwards = withPrometheusNames({ "a-b": "3", a_b: "2", "a.b": "1" });
  assert.deepEqual(backwards, forwards);
});

Deno.test("a reserved name is left to others", () => {
  const [name, ...rest] = Object.keys(withPrometheusNames({ description: "x" }, ["description"]));
  assert.match(name ?? "", /^description_[0-9a-f]{8}$/);
  assert.deepEqual(rest, []);
});

Deno.test("whatever the names, none is lost, all fit, and the order does not matter", () => {
  const name = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "_", ".", "-", "1", "é"), maxLength: 4 }),
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom("__proto__", "constructor", "a_b", "a_b_0cc175b9"),
  );
  const entries = fc.uniqueArray(fc.tuple(name, fc.string()), { selector: ([name]) => name, maxLength: 12 });
  fc.assert(
    fc.property(entries, fc.array(name, { maxLength: 2 }), (entries, reserved) => {
      const result = withPrometheusNames(Object.fromEntries(entries), reserved);
      assert.equal(Object.keys(result).length, entries.length);
      assert.deepEqual(Object.values(result).sort(), entries.map(([, value]) => value).sort());
      for (const name of Object.keys(result)) {
        assert.match(name, /^[a-zA-Z_][a-zA-Z0-9_]*$/);
        assert.ok(!reserved.includes(name));
      }
      assert.deepEqual(withPrometheusNames(Object.fromEntries(entries.toReversed()), reserved), result);
    }),
    { numRuns: 500 },
  );
});
