import assert from "node:assert/strict";
import fc from "fast-check";
import { type Decoded, decodeToAgent, decodeToHub } from "../../lib/protocol/mod.ts";

const decoders: [string, (frame: string) => Decoded<unknown>][] = [
  ["to the agent", decodeToAgent],
  ["to the hub", decodeToHub],
];

const TYPES = [
  "ack",
  "ping",
  "disconnect",
  "session_start",
  "session_input",
  "session_cancel",
  "register",
  "heartbeat",
  "alert_events",
  "session_output",
  "session_error",
  "__proto__",
  "constructor",
  "toString",
];

const FIELDS = [
  "ok",
  "error",
  "warning",
  "capabilities",
  "reason",
  "retry_after_sec",
  "session_id",
  "session_type",
  "auth",
  "params",
  "events",
  "labels",
  "stage",
  "metadata",
  "__proto__",
];

/** Whatever came of it, it is one of the two shapes and was not thrown. */
function assertDecoded(decoded: Decoded<unknown>): void {
  if (decoded.ok) assert.ok(decoded.message);
  else assert.match(decoded.problem, /^(not_json|bad_envelope|unknown_type|bad_payload)$/);
  assert.equal(Object.keys(Object.prototype).length, 0);
}

for (const [direction, decode] of decoders) {
  Deno.test(`reading messages ${direction} never throws: any text`, () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => assertDecoded(decode(text))),
      { numRuns: 300 },
    );
  });

  Deno.test(`reading messages ${direction} never throws: any JSON`, () => {
    fc.assert(fc.property(fc.json(), (text) => assertDecoded(decode(text))), { numRuns: 300 });
  });

  Deno.test(`reading messages ${direction} never throws: envelopes around any JSON`, () => {
    const payload = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...FIELDS), fc.jsonValue(), { noNullPrototype: true }),
    );
    const message = fc.record({
      type: fc.constantFrom(...TYPES),
      id: fc.jsonValue(),
      ref_id: fc.jsonValue(),
      payload,
    }, {
      requiredKeys: ["type"],
    });
    fc.assert(
      fc.property(message, (message) => assertDecoded(decode(JSON.stringify(message)))),
      { numRuns: 500 },
    );
  });
}

const problems: [string, string, string][] = [
  ["", "not_json", "not valid JSON"],
  ["{", "not_json", "not valid JSON"],
  ['{"type":"ping"} trailing', "not_json", "not valid JSON"],
  ["null", "bad_envelope", "message: "],
  ["[]", "bad_envelope", "message: "],
  ['"ping"', "bad_envelope", "message: "],
  ['{"id":"m"}', "bad_envelope", "type: "],
  ['{"type":7}', "bad_envelope", "type: "],
  ['{"type":"ping","id":7}', "bad_envelope", "id: "],
  ['{"type":"ping","ref_id":{}}', "bad_envelope", "ref_id: "],
  ['{"type":"dance","id":"m"}', "unknown_type", "unknown message type"],
  ['{"type":"__proto__","id":"m"}', "unknown_type", "unknown message type"],
  ['{"type":"hasOwnProperty","id":"m"}', "unknown_type", "unknown message type"],
  ['{"type":"ping","id":"m","payload":[]}', "bad_payload", "message: "],
  ['{"type":"ping","id":"m","payload":"x"}', "bad_payload", "message: "],
  ['{"type":"disconnect","id":"m","payload":{"retry_after_sec":"soon"}}', "bad_payload", "retry_after_sec: "],
  ['{"type":"disconnect","id":"m","payload":{"retry_after_sec":1e999}}', "bad_payload", "retry_after_sec: "],
  ['{"type":"session_start","id":"m","payload":{"params":{"plugin":7}}}', "bad_payload", "params.plugin: "],
  ['{"type":"ack","id":"m","payload":{"capabilities":["a",1]}}', "bad_payload", "capabilities.1: "],
];

Deno.test("each kind of problem is told apart and names the field", () => {
  for (const [frame, problem, start] of problems) {
    const decoded = decodeToAgent(frame);
    assert.ok(!decoded.ok, frame);
    assert.equal(decoded.problem, problem, frame);
    assert.ok(decoded.reason.startsWith(start), `${frame}: ${decoded.reason}`);
  }
});

Deno.test("a bad payload still tells type and id, so that a session_start can be answered", () => {
  const decoded = decodeToAgent('{"type":"session_start","id":"m7","payload":{"session_id":1}}');
  assert.ok(!decoded.ok);
  assert.deepEqual([decoded.type, decoded.id], ["session_start", "m7"]);
});

Deno.test("a problem's text quotes nothing of the message's values and stays on one short line", () => {
  const secret = "hunter2\nhunter2";
  const frames = [
    { type: secret, id: "m" },
    { type: "ping", id: { [secret]: secret } },
    {
      type: "session_start",
      id: "m",
      payload: { session_id: [secret], user_name: 1, session_type: {}, params: secret },
    },
    { type: "session_output", id: "m", payload: { stage: secret, session_id: 1 } },
    { type: "session_error", id: "m", payload: { code: secret } },
    { type: "alert_events", id: "m", payload: { events: [{ event_status: secret, labels: { a: 1 } }] } },
  ];
  for (const frame of frames) {
    for (const [, decode] of decoders) {
      const decoded = decode(JSON.stringify(frame));
      assert.ok(!decoded.ok);
      assert.doesNotMatch(decoded.reason, /hunter2|\n/);
      assert.ok(decoded.reason.length < 400, decoded.reason);
    }
  }
});

Deno.test("keys named __proto__ set no prototype, wherever they stand", () => {
  const evil =
    '{"__proto__":{"plugin":"evil","polluted":true},"constructor":{"prototype":{"polluted":true}}}';
  const start = decodeToAgent(
    `{"type":"session_start","id":"m","__proto__":{"x":1},"payload":{"session_id":"s","__proto__":{"user_name":"root"},"params":${evil}}}`,
  );
  assert.ok(start.ok);
  assert.ok(start.message.type === "session_start");
  const { params, user_name } = start.message.payload;
  assert.deepEqual([params.plugin, params["polluted"], user_name], ["", undefined, ""]);
  assert.equal(Object.getPrototypeOf(params), Object.prototype);
  const alerts = decodeToHub(
    `{"type":"register","id":"m","payload":{"labels":{"__proto__":"x","constructor":"y"}}}`,
  );
  assert.ok(alerts.ok);
  assert.ok(alerts.message.type === "register");
  assert.equal(Object.getPrototypeOf(alerts.message.payload.labels), Object.prototype);
  assert.equal((({}) as Record<string, unknown>)["polluted"], undefined);
});

Deno.test("deep nesting and long numbers are read or refused, never thrown", () => {
  const deep = "[".repeat(50_000) + "]".repeat(50_000);
  for (const [, decode] of decoders) {
    assertDecoded(decode(deep));
    assertDecoded(decode(`{"type":"ping","id":"m","payload":{"x":${deep}}}`));
    assertDecoded(decode(`{"type":"session_start","id":"m","payload":{"params":{"x":${deep}}}}`));
    assertDecoded(decode(`{"type":"session_output","id":"m","payload":{"metadata":{"x":${deep}}}}`));
    assertDecoded(decode(`{"type":"disconnect","id":"m","payload":{"retry_after_sec":${"9".repeat(5000)}}}`));
  }
  const ping = decodeToAgent(`{"type":"ping","id":"m","payload":{"x":${deep}}}`);
  assert.equal(ping.ok, true, "what is ignored may be as deep as it likes");
});
