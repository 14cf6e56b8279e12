import assert from "node:assert/strict";
import { goodEvent, LocalRig } from "./local_rig.ts";

for (
  const [what, changes, field, message] of [
    ["no status", { event_status: undefined }, "event_status", /is missing/],
    [
      "an unknown status",
      { event_status: "critical" },
      "event_status",
      /must be Critical, Warning, Info or Ok/,
    ],
    ["no labels", { labels: undefined }, "labels", /is missing/],
    ["labels that name nothing", { labels: {} }, "labels", /at least one label/],
    ["a list for labels", { labels: ["a"] }, "labels", /must be an object of strings/],
    ["a number for a label", { labels: { cpu: 3 } }, "labels.cpu", /must be a string/],
    ["null for a label", { labels: { cpu: null } }, "labels.cpu", /must be a string/],
    ["a label without a name", { labels: { "": "x" } }, "labels.", /cannot be a name/],
    ["a label with a long name", { labels: { ["n".repeat(257)]: "x" } }, `labels.${"n".repeat(93)}…`, /name/],
    ["a long label", { labels: { a: "ö".repeat(2049) } }, "labels.a", /longer than 4096 bytes/],
    [
      "65 labels",
      { labels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`n${n}`, ""])) },
      "labels",
      /more than 64 entries/,
    ],
    ["a text for attrs", { attrs: "a=b" }, "attrs", /must be an object of strings/],
    ["null for attrs", { attrs: null }, "attrs", /must be an object of strings/],
    ["no description", { description: undefined }, "description", /is missing/],
    ["a number for a description", { description: 7 }, "description", /must be a string/],
    ["a long description", { description: "x".repeat(65_537) }, "description", /longer than 65536 bytes/],
    ["a fraction of a second", { event_time: 1.5 }, "event_time", /whole number/],
    ["a text for a time", { event_time: "1700000000" }, "event_time", /whole number/],
    ["milliseconds", { event_time: 1_700_000_000_000 }, "event_time", /not milliseconds/],
    ["a time before 1970", { event_time: -1 }, "event_time", /must not be negative/],
    ["an empty key", { alert_key: "" }, "alert_key", /must not be empty/],
    ["null for a key", { alert_key: null }, "alert_key", /must be a string/],
    ["a long key", { alert_key: "k".repeat(257) }, "alert_key", /more than 256 characters/],
    ["an unknown format", { description_format: "html" }, "description_format", /markdown/],
    ["a misspelt field", { descripton: "x" }, "descripton", /is not a field of an event/],
    [
      "too much as a whole",
      { attrs: Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`n${n}`, "x".repeat(4096)])) },
      "",
      /longer than 262144 bytes as a whole/,
    ],
  ] as const
) {
  Deno.test(`${what} is refused with 422, named by index and field`, async () => {
    await using rig = await LocalRig.start();
    const { status, json } = await rig.post([goodEvent(), goodEvent(changes), goodEvent()]);
    assert.equal(status, 422);
    assert.deepEqual([json.errors.length, json.errors_total], [1, 1], JSON.stringify(json));
    assert.deepEqual([json.errors[0].index, json.errors[0].field], [1, field]);
    assert.match(json.errors[0].message, message);
    assert.match(json.error, /^nothing was accepted: event 1/);
    assert.deepEqual(rig.port.events, []);
  });
}

Deno.test("what is just within the bounds is accepted", async () => {
  await using rig = await LocalRig.start();
  const labels = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`n${n}`, ""]));
  labels["n".repeat(256)] = labels["n0"] ?? "";
  delete labels["n0"];
  labels["n1"] = "ö".repeat(2048);
  const { status } = await rig.post(goodEvent({
    labels,
    alert_key: "k".repeat(256),
    description: "x".repeat(65_536),
    event_time: 253_402_300_799,
  }));
  assert.equal(status, 202);
  assert.equal(rig.port.events.length, 1);
});

Deno.test("an event with a key of its own needs no labels", async () => {
  await using rig = await LocalRig.start();
  assert.equal((await rig.post(goodEvent({ labels: {}, alert_key: "k" }))).status, 202);
});

Deno.test("a field named __proto__ is refused, wherever it stands", async () => {
  await using rig = await LocalRig.start();
  for (
    const body of [
      '{"event_status":"Ok","description":"","labels":{"a":"b"},"__proto__":{}}',
      '{"event_status":"Ok","description":"","labels":{"a":"b","__proto__":"c"}}',
      '{"event_status":"Ok","description":"","labels":{"a":"b"},"attrs":{"__proto__":"c"}}',
    ]
  ) {
    assert.equal((await rig.post(body)).status, 422, body);
  }
});

Deno.test("every bad event is named, up to twenty errors and with their number", async () => {
  await using rig = await LocalRig.start();
  const two = await rig.post([goodEvent({ event_status: 1, description: 2 }), goodEvent(), null]);
  assert.deepEqual(
    two.json.errors.map(({ index, field }: { index: number; field: string }) => [index, field]),
    [
      [0, "event_status"],
      [0, "description"],
      [2, ""],
    ],
  );
  const many = await rig.post(Array.from({ length: 1000 }, () => goodEvent({ event_status: "bad" })));
  assert.deepEqual([many.json.errors.length, many.json.errors_total], [20, 1000]);
  assert.ok(many.text.length < 10_000);
});

Deno.test("a line that is no JSON is named like any bad event", async () => {
  await using rig = await LocalRig.start();
  const good = JSON.stringify(goodEvent());
  const { status, json } = await rig.post(`${good}\n\n{"event_status": \n${good}\n`, "application/x-ndjson");
  assert.equal(status, 422);
  assert.deepEqual(json.errors.map(({ index }: { index: number }) => index), [1]);
  assert.match(json.errors[0].message, /^is not JSON: /);
  assert.deepEqual(rig.port.events, []);
});

for (
  const [what, body, contentType, status, message] of [
    ["an empty body", "", "application/json", 400, /is empty/],
    ["white space", " \n ", "application/json", 400, /is empty/],
    ["half an object", '{"event_status":', "application/json", 400, /is not JSON/],
    ["a text", "disk full", null, 400, /is not JSON/],
    ["bytes that are no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "application/json", 400, /not UTF-8/],
    ["a number", "5", "application/json", 422, /event 0 must be an object/],
    ["a form", "a=b", "multipart/form-data; boundary=x", 415, /content type is not understood/],
    ["XML", "<a/>", "application/xml", 415, /content type is not understood/],
    ["a type that objects have by birth", "{}", "constructor", 415, /content type is not understood/],
  ] as const
) {
  Deno.test(`${what} is refused with ${status}`, async () => {
    await using rig = await LocalRig.start();
    const answer = await rig.post(body, contentType);
    assert.equal(answer.status, status);
    assert.match(answer.json.error, message);
    assert.deepEqual(rig.port.events, []);
  });
}

Deno.test("a compressed body is refused with 415", async () => {
  await using rig = await LocalRig.start();
  const headers = { "content-encoding": "gzip", "content-type": "application/json" };
  const answer = await rig.fetch("/v1/events", { method: "POST", headers, body: "x" });
  assert.equal(answer.status, 415);
  assert.match(answer.json.error, /compressed/);
});
