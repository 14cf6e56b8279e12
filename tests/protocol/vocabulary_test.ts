import assert from "node:assert/strict";
import {
  decodeToAgent,
  decodeToHub,
  encode,
  type MessageToAgent,
  type MessageToHub,
  payloadsToAgent,
  payloadsToHub,
} from "../../lib/protocol/mod.ts";

const event = {
  event_time: 1_700_000_000,
  event_status: "Critical",
  alert_key: "k",
  labels: { check: "cpu::usage" },
  attrs: { current_value: "97" },
  description: "busy",
  description_format: "markdown",
} as const;

const toHub: { [Type in MessageToHub["type"]]: Extract<MessageToHub, { type: Type }>["payload"] } = {
  register: {
    hostname: "h",
    ip: "10.0.0.1",
    os: "linux",
    arch: "amd64",
    labels: { site: "north" },
    plugins: ["cpu", "mem"],
    agent_version: "1.2.3",
    uptime_sec: 7,
    capabilities: ["alert_ack"],
  },
  heartbeat: { active_sessions: 1, active_alerts: 2, cpu_pct: 3.5, mem_pct: 40 },
  alert_events: { events: [{ ...event, labels: { ...event.labels }, attrs: { ...event.attrs } }] },
  ack: { ok: false, error: "missing session_id" },
  session_output: {
    session_id: "s",
    delta: "text",
    stage: "answer",
    done: true,
    report: "# r",
    metadata: { turn_done: true },
  },
  session_error: { session_id: "s", error: "no", code: "diagnose_failed" },
};

const auth = { key_id: "k", time: 1_700_000_000, nonce: "n", signature: "c2ln" };

const toAgent: { [Type in MessageToAgent["type"]]: Extract<MessageToAgent, { type: Type }>["payload"] } = {
  ack: { ok: true, error: "e", warning: "w", capabilities: ["alert_ack"] },
  ping: {},
  disconnect: { reason: "maintenance", retry_after_sec: 30 },
  session_start: {
    session_id: "s",
    session_type: "inspect",
    user_name: "ada",
    params: { plugin: "cpu", target: "localhost", message: "m", depth: 3 },
    auth,
  },
  session_input: { session_id: "s", message: "and now?", auth: { ...auth, sequence: 1 } },
  session_cancel: { session_id: "s", reason: "enough", auth: { ...auth, sequence: 2 } },
};

Deno.test("every message of both vocabularies comes back as it was sent", () => {
  assert.deepEqual(Object.keys(toHub).sort(), Object.keys(payloadsToHub).sort());
  assert.deepEqual(Object.keys(toAgent).sort(), Object.keys(payloadsToAgent).sort());
  for (const [type, payload] of Object.entries(toHub)) {
    const message = { type, id: "m1", ref_id: "m0", payload } as MessageToHub;
    assert.deepEqual(decodeToHub(encode(message)), { ok: true, message, sent: payload });
  }
  for (const [type, payload] of Object.entries(toAgent)) {
    const message = { type, id: "m1", ref_id: "m0", payload } as MessageToAgent;
    assert.deepEqual(decodeToAgent(encode(message)), { ok: true, message, sent: payload });
  }
});

/** Every type's zeros: what is read where a server leaves them out. */
const zerosToAgent: Record<MessageToAgent["type"], unknown> = {
  ack: { ok: false, error: undefined, warning: undefined, capabilities: [] },
  ping: {},
  disconnect: { reason: "", retry_after_sec: 0 },
  session_start: {
    session_id: "",
    session_type: "",
    user_name: "",
    params: { plugin: "", target: "", message: "" },
  },
  session_input: { session_id: "", message: "" },
  session_cancel: { session_id: "", reason: "" },
};

for (const [type, zeros] of Object.entries(zerosToAgent)) {
  Deno.test(`absent and null fields of ${type} read as zeros`, () => {
    const fields = Object.keys(toAgent[type as MessageToAgent["type"]]);
    const nulls = Object.fromEntries(fields.map((field) => [field, null]));
    for (const payload of [undefined, null, {}, nulls]) {
      const decoded = decodeToAgent(JSON.stringify({ type, id: "m", payload }));
      assert.ok(decoded.ok, JSON.stringify(payload));
      assert.deepEqual(withoutUndefined(decoded.message.payload), withoutUndefined(zeros));
    }
  });
}

Deno.test("absent and null fields of what agents say read as zeros too", () => {
  const heartbeat = decodeToHub(`{"type":"heartbeat","id":"m","payload":{"cpu_pct":null}}`);
  assert.ok(heartbeat.ok);
  assert.deepEqual(withoutUndefined(heartbeat.message.payload), { active_sessions: 0, active_alerts: 0 });
  const output = decodeToHub(`{"type":"session_output","id":"m","payload":{"stage":null,"metadata":null}}`);
  assert.ok(output.ok);
  assert.deepEqual(withoutUndefined(output.message.payload), {
    session_id: "",
    delta: "",
    stage: "",
    done: false,
  });
  const register = decodeToHub(`{"type":"register","id":"m"}`);
  assert.ok(register.ok);
  assert.deepEqual(withoutUndefined(register.message.payload), {
    hostname: "",
    ip: "",
    os: "",
    arch: "",
    labels: {},
    plugins: [],
    agent_version: "",
    uptime_sec: 0,
    capabilities: [],
  });
});

Deno.test("the envelope's zeros: an id may be missing, an empty or null ref_id names nothing", () => {
  for (const ref_id of [undefined, null, ""]) {
    const decoded = decodeToAgent(JSON.stringify({ type: "ping", ref_id }));
    assert.ok(decoded.ok);
    assert.equal(decoded.message.id, "");
    assert.equal(decoded.message.ref_id, undefined);
  }
});

Deno.test("unknown fields are ignored, in the envelope, in payloads and in events", () => {
  const decoded = decodeToAgent(
    `{"type":"disconnect","id":"m","v":9,"payload":{"reason":"r","retry_after_sec":1,"more":{"x":[1]}}}`,
  );
  assert.ok(decoded.ok);
  assert.deepEqual(withoutUndefined(decoded.message), {
    type: "disconnect",
    id: "m",
    payload: { reason: "r", retry_after_sec: 1 },
  });
  const alerts = decodeToHub(
    encode({ type: "alert_events", id: "m", payload: toHub.alert_events }).replace(
      `"description":`,
      `"colour":"red","description":`,
    ),
  );
  assert.ok(alerts.ok);
  assert.deepEqual(alerts.message.payload, toHub.alert_events);
});

Deno.test("unknown session parameters are kept: a runner may know them", () => {
  const decoded = decodeToAgent(
    `{"type":"session_start","id":"m","payload":{"session_id":"s","params":{"plugin":"cpu","depth":[1,{}]}}}`,
  );
  assert.ok(decoded.ok);
  assert.ok(decoded.message.type === "session_start");
  assert.deepEqual(decoded.message.payload.params, {
    plugin: "cpu",
    target: "",
    message: "",
    depth: [1, {}],
  });
});

Deno.test("what is no signature reads as one that nobody made, and the message can still be read", () => {
  const nobody = { key_id: "", time: 0, nonce: "", signature: "" };
  for (const type of ["session_start", "session_input", "session_cancel"]) {
    for (const auth of ["x", 5, true, [], { key_id: 1 }, { time: "now" }, { sequence: {} }]) {
      const decoded = decodeToAgent(JSON.stringify({ type, id: "m", payload: { session_id: "s", auth } }));
      assert.ok(decoded.ok, JSON.stringify(auth));
      const read = withoutUndefined(decoded.message.payload) as { session_id: string; auth: unknown };
      assert.equal(read.session_id, "s");
      assert.deepEqual(read.auth, nobody);
    }
  }
});

Deno.test("a message comes with what was sent, before zeros were filled in", () => {
  const payload = { session_id: "s", params: { plugin: "cpu" } };
  const decoded = decodeToAgent(JSON.stringify({ type: "session_start", id: "m", payload }));
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.sent, payload);
});

Deno.test("a message carries 100 events, not 101", () => {
  const events = (count: number) =>
    JSON.stringify({ type: "alert_events", id: "m", payload: { events: Array(count).fill(event) } });
  assert.equal(decodeToHub(events(100)).ok, true);
  const decoded = decodeToHub(events(101));
  assert.ok(!decoded.ok);
  assert.equal(decoded.problem, "bad_payload");
});

function withoutUndefined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
