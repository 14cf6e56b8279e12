import assert from "node:assert/strict";
import fc from "fast-check";
import { alertEventSchema } from "../../lib/alerts/event.ts";
import { goodEvent, LocalRig } from "./local_rig.ts";

const contentTypes = fc.constantFrom(
  "application/json",
  "application/x-ndjson",
  "text/plain",
  "application/json; charset=latin1",
  ";",
  null,
);

/** Events that are nearly right. */
const nearlyEvent = fc.record({
  event_status: fc.oneof(fc.constantFrom("Critical", "Warning", "Info", "Ok"), fc.anything()),
  event_time: fc.oneof(fc.nat(), fc.anything()),
  alert_key: fc.oneof(fc.string(), fc.anything()),
  labels: fc.oneof(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.anything())), fc.anything()),
  attrs: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.anything()),
  description: fc.oneof(fc.string({ unit: "binary" }), fc.anything()),
  description_format: fc.constantFrom("markdown", "html", null),
  [`__proto__`]: fc.anything(),
}, { requiredKeys: [] });

const text = (value: unknown) => {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return ""; // a value that JSON does not know, such as a big integer
  }
};

const bodies = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json(),
  nearlyEvent.map(text),
  fc.array(nearlyEvent, { maxLength: 5 }).map(text),
  fc.array(fc.oneof(nearlyEvent.map(text), fc.json(), fc.string()), { maxLength: 5 }).map((lines) =>
    lines.join("\n")
  ),
  fc.record({
    version: fc.oneof(fc.constant("4"), fc.anything()),
    truncatedAlerts: fc.anything(),
    alerts: fc.oneof(
      fc.array(fc.record({
        status: fc.constantFrom("firing", "resolved", "x"),
        labels: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.anything()),
        annotations: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.anything()),
        startsAt: fc.oneof(fc.string(), fc.date().map(text), fc.anything()),
        endsAt: fc.anything(),
      })),
      fc.anything(),
    ),
  }).map(text),
);

Deno.test("no body whatever is answered with 5xx, and what is accepted fits the protocol", async () => {
  await using rig = await LocalRig.start();
  const paths = fc.constantFrom("/v1/events", "/v1/alertmanager");
  await fc.assert(
    fc.asyncProperty(
      paths,
      contentTypes,
      fc.oneof(bodies, fc.uint8Array()),
      async (path, contentType, body) => {
        rig.port.events.length = 0;
        const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
        const answer = await rig.fetch(path, {
          method: "POST",
          headers: contentType === null ? {} : { "content-type": contentType },
          body: bytes as BodyInit,
        });
        assert.ok(answer.status < 500, `${answer.status} ${answer.text}`);
        if (answer.status === 202) {
          assert.equal(answer.json.accepted, rig.port.events.length);
        } else {
          assert.equal(typeof answer.json.error, "string");
          assert.deepEqual(rig.port.events, []);
        }
        for (const event of rig.port.events) {
          assert.deepEqual(alertEventSchema().parse(JSON.parse(JSON.stringify(event))), event);
          assert.ok(Number.isInteger(event.event_time) && event.alert_key !== "");
        }
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("NDJSON, an array and single requests of the same events come to the same", async () => {
  await using rig = await LocalRig.start();
  const event = fc.record({
    description: fc.string({ unit: "binary" }),
    labels: fc.dictionary(fc.string({ minLength: 1 }).filter((name) => name !== "__proto__"), fc.string(), {
      minKeys: 1,
      noNullPrototype: true,
    }),
  }).map((changes) => goodEvent(changes));
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 5 }), async (events) => {
      const results: unknown[] = [];
      for (const way of ["array", "lines", "single"]) {
        rig.port.events.length = 0;
        if (way === "array") assert.equal((await rig.post(events)).status, 202);
        else if (way === "lines") {
          const lines = events.map((one) => JSON.stringify(one)).join("\n");
          assert.equal((await rig.post(lines, "application/x-ndjson")).status, 202);
        } else for (const one of events) assert.equal((await rig.post(one)).status, 202);
        results.push(structuredClone(rig.port.events));
      }
      assert.deepEqual(results[1], results[0]);
      assert.deepEqual(results[2], results[0]);
    }),
    { numRuns: 50 },
  );
});
