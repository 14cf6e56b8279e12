import assert from "node:assert/strict";
import { alertKey } from "../../lib/alerts/event.ts";
import { goodEvent, LocalRig } from "./local_rig.ts";

Deno.test("one event is answered with 202, and gets its time, key and the agent's labels", async () => {
  await using rig = await LocalRig.start();
  const answer = await rig.post(goodEvent());
  assert.deepEqual([answer.status, answer.json], [202, { accepted: 1 }]);
  const labels = { from_agent: "agent-1", check: "x" };
  assert.deepEqual(rig.port.events, [{
    event_time: 1_700_000_000,
    event_status: "Critical",
    alert_key: alertKey(labels),
    labels,
    description: "it is on fire",
  }]);
});

Deno.test("what an event brings itself wins", async () => {
  await using rig = await LocalRig.start();
  const event = {
    event_time: 12,
    event_status: "Ok",
    alert_key: "mine",
    labels: { from_agent: "other" },
    attrs: { why: "because" },
    description: "",
    description_format: "markdown",
  };
  assert.equal((await rig.post(event)).status, 202);
  assert.deepEqual(rig.port.events, [event]);
});

Deno.test("a fraction of the agent's own clock is cut off", async () => {
  await using rig = await LocalRig.start();
  rig.port.timeSec = 1_700_000_000.987;
  await rig.post(goodEvent());
  assert.equal(rig.port.events[0]?.event_time, 1_700_000_000);
});

for (
  const [what, body, contentType, count] of [
    ["an array", JSON.stringify([goodEvent(), goodEvent()]), "application/json", 2],
    ["an empty array", "[]", "application/json", 0],
    [
      "an object over several lines",
      JSON.stringify(goodEvent(), null, 2),
      "application/json; charset=utf-8",
      1,
    ],
    [
      "NDJSON",
      `${JSON.stringify(goodEvent())}\n\n${JSON.stringify(goodEvent())}\r\n`,
      "application/x-ndjson",
      2,
    ],
    ["NDJSON without a last line break", JSON.stringify(goodEvent()), "application/x-ndjson", 1],
    ["NDJSON without a line", "\n", "application/x-ndjson", 0],
    ["NDJSON that says it is JSON", `${JSON.stringify(goodEvent())}\n`.repeat(3), "application/json", 3],
    ["NDJSON without a content type", `${JSON.stringify(goodEvent())}\n`.repeat(3), null, 3],
    ["an array without a content type", JSON.stringify([goodEvent()]), null, 1],
    ["what curl -d sends", JSON.stringify(goodEvent()), "application/x-www-form-urlencoded", 1],
    ["what fetch sends of a text", JSON.stringify(goodEvent()), "text/plain;charset=UTF-8", 1],
    ["a body with a byte order mark", `\ufeff${JSON.stringify(goodEvent())}`, "application/json", 1],
  ] as const
) {
  Deno.test(`${what} is understood`, async () => {
    await using rig = await LocalRig.start();
    const answer = await rig.post(body, contentType);
    assert.deepEqual([answer.status, answer.json], [202, { accepted: count }]);
    assert.equal(rig.port.events.length, count);
  });
}

Deno.test("events keep their order", async () => {
  await using rig = await LocalRig.start();
  const events = Array.from({ length: 500 }, (_, index) => goodEvent({ description: String(index) }));
  await rig.post(events);
  assert.deepEqual(
    rig.port.events.map((event) => event.description),
    events.map((_, index) => String(index)),
  );
});

Deno.test("the agent is told of enough bytes for the events, and not of far more", async () => {
  await using rig = await LocalRig.start();
  rig.port.labels = { from_agent: "agent-1", über: "ö".repeat(50) };
  await rig.post(Array.from({ length: 50 }, () => goodEvent({ description: "grün\u0001\n".repeat(20) })));
  const bytes = new TextEncoder().encode(JSON.stringify(rig.port.events)).length;
  const [offered = 0] = rig.port.offeredBytes;
  assert.ok(offered >= bytes && offered < bytes * 2, `${offered} for ${bytes}`);
});

Deno.test("events that are accepted but would not survive a crash are answered with 200", async () => {
  await using rig = await LocalRig.start();
  rig.port.durable = () => Promise.resolve(false);
  const answer = await rig.post([goodEvent(), goodEvent()]);
  assert.deepEqual([answer.status, answer.json], [200, { accepted: 2, durable: false }]);
});

Deno.test("202 comes only once the events are durable", async () => {
  await using rig = await LocalRig.start();
  const disk = Promise.withResolvers<boolean>();
  const asked = Promise.withResolvers<void>();
  rig.port.durable = () => (asked.resolve(), disk.promise);
  let answered = false;
  const answer = rig.post(goodEvent()).finally(() => answered = true);
  await asked.promise;
  await rig.fetch("/livez"); // the server is not busy with anything else
  assert.equal(answered, false);
  disk.resolve(true);
  assert.equal((await answer).status, 202);
});

Deno.test("without room the answer is 429 with Retry-After, and nothing is taken", async () => {
  await using rig = await LocalRig.start();
  rig.port.room = 1;
  rig.port.retryAfterSec = 2.5;
  const refused = await rig.post([goodEvent(), goodEvent()]);
  assert.deepEqual([refused.status, refused.headers.get("retry-after"), rig.port.events.length], [
    429,
    "3",
    0,
  ]);
  assert.match(refused.json.error, /queue is full/);
  assert.equal((await rig.post(goodEvent())).status, 202);
});
