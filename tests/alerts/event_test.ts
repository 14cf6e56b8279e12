import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { alertEvent, alertEventSchema, alertKey } from "../../lib/alerts/event.ts";

const md5 = (text: string) => createHash("md5").update(text, "utf8").digest("hex");

Deno.test("the key is the MD5 of the sorted labels, each written key:value:", () => {
  const cases: [Record<string, string>, string][] = [
    [{}, ""],
    [{ check: "cpu::usage" }, "check:cpu::usage:"],
    [{ target: "cpu", check: "cpu::usage" }, "check:cpu::usage:target:cpu:"],
    [{ b: "", a: "" }, "a::b::"],
    [{ "": "x" }, ":x:"],
    [{ a: "1:b:2" }, "a:1:b:2:"],
    [{ host: "grün", über: "ß→😀" }, "host:grün:über:ß→😀:"],
  ];
  for (const [labels, text] of cases) assert.equal(alertKey(labels), md5(text), text);
});

Deno.test("keys that are known", () => {
  assert.equal(alertKey({}), "d41d8cd98f00b204e9800998ecf8427e");
  assert.equal(alertKey({ a: "b" }), md5("a:b:"));
  assert.match(alertKey({ a: "b" }), /^[0-9a-f]{32}$/);
});

Deno.test("labels are sorted by code unit: upper case first, digits before it, no locale", () => {
  assert.equal(alertKey({ a: "1", B: "2", "10": "3", "9": "4", _: "5" }), md5("10:3:9:4:B:2:_:5:a:1:"));
  assert.equal(alertKey({ é: "1", z: "2", e: "3" }), md5("e:3:z:2:é:1:"));
  // A surrogate pair sorts by its first unit, before what follows it in the Basic Multilingual Plane.
  assert.equal(alertKey({ "\uffee": "1", "😀": "2" }), md5("😀:2:\uffee:1:"));
});

Deno.test("the order in which labels were set does not matter, every label does", () => {
  const labels = fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }));
  fc.assert(fc.property(labels, fc.string({ minLength: 1 }), (labels, extra) => {
    const reversed = Object.fromEntries(Object.entries(labels).reverse());
    assert.equal(alertKey(reversed), alertKey(labels));
    for (const key of Object.keys(labels)) {
      assert.notEqual(alertKey({ ...labels, [key]: labels[key] + extra }), alertKey(labels));
    }
  }));
});

Deno.test("an event has the key of its labels, whole seconds, and fits the protocol", () => {
  const labels = { check: "mem::usage", target: "memory" };
  const event = alertEvent({
    timeSec: 1_700_000_000.9,
    status: "Warning",
    labels,
    description: "90 %",
    attrs: { current_value: "90" },
    descriptionFormat: "markdown",
  });
  assert.deepEqual(event, {
    event_time: 1_700_000_000,
    event_status: "Warning",
    alert_key: alertKey(labels),
    labels,
    attrs: { current_value: "90" },
    description: "90 %",
    description_format: "markdown",
  });
  assert.deepEqual(alertEventSchema().parse(JSON.parse(JSON.stringify(event))), event);
});

Deno.test("what is not given is not there, attributes do not take part in the key", () => {
  const labels = { check: "x" };
  const plain = alertEvent({ timeSec: 1, status: "Ok", labels, description: "" });
  assert.deepEqual(Object.keys(plain), ["event_time", "event_status", "alert_key", "labels", "description"]);
  const adorned = alertEvent({ timeSec: 2, status: "Info", labels, description: "d", attrs: { a: "b" } });
  assert.equal(adorned.alert_key, plain.alert_key);
});

Deno.test("an event does not change with what it was made of", () => {
  const labels: Record<string, string> = { check: "x" };
  const attrs: Record<string, string> = { a: "1" };
  const event = alertEvent({ timeSec: 1, status: "Ok", labels, description: "", attrs });
  labels["check"] = "y";
  attrs["a"] = "2";
  assert.deepEqual([event.labels, event.attrs], [{ check: "x" }, { a: "1" }]);
});
