import assert from "node:assert/strict";
import { settle } from "./fake_clock.ts";
import { type Behaviour, FakeHub, Opcode, type RegisterAck, type Script, type Verdict } from "./fake_hub.ts";
import { until } from "./until.ts";

const AGENT_ID = "5f0c1d6e-52b4-4d0e-9a3b-3b1f6a4f2c11";

/** A native client that keeps what it gets, playing the agent. */
class Client {
  readonly messages: unknown[] = [];
  readonly opened: Promise<void>;
  readonly ended: Promise<{ code: number; reason: string; error: boolean }>;
  readonly socket: WebSocket;

  constructor(hub: FakeHub) {
    this.socket = new WebSocket(`${hub.address}/api/v1/agent/ws`, { headers: { "X-Agent-ID": AGENT_ID } });
    this.socket.binaryType = "arraybuffer";
    let error = false;
    this.socket.onerror = () => error = true;
    this.socket.onmessage = (event) => this.messages.push(event.data);
    this.opened = new Promise((resolve) => this.socket.onopen = () => resolve());
    this.ended = new Promise((resolve) => {
      this.socket.onclose = ({ code, reason }) => resolve({ code, reason, error });
    });
  }

  say(type: string, id: string, payload: unknown = {}): void {
    this.socket.send(JSON.stringify({ type, id, payload }));
  }

  /** The JSON messages that came. */
  get heard(): { type: string; ref_id?: string; payload: Record<string, unknown> }[] {
    return this.messages.map((text) => JSON.parse(text as string));
  }
}

/** One test of a hub with this script: the hub goes first, so that no client can be left hanging. */
function test(name: string, script: Script, body: (t: Stage) => Promise<void>): void {
  Deno.test(name, { timeout: 60_000 }, async () => {
    const stage = new Stage(await FakeHub.start(script));
    try {
      await body(stage);
    } finally {
      await stage.hub[Symbol.asyncDispose]();
      for (const client of stage.clients) await client.ended;
    }
  });
}

class Stage {
  readonly clients: Client[] = [];
  constructor(readonly hub: FakeHub) {}

  dial(): Client {
    const client = new Client(this.hub);
    this.clients.push(client);
    return client;
  }

  async connect() {
    const client = this.dial();
    const connection = await this.hub.nextConnection();
    await client.opened;
    return { client, connection };
  }

  /** Connects and registers, without waiting for an ack. */
  async register(capabilities: string[] = []) {
    const both = await this.connect();
    both.client.say("register", "r1", { hostname: "h", capabilities });
    return both;
  }
}

const heardAcks = (client: Client) => client.heard.map(({ ref_id, payload }) => [ref_id, payload["ok"]]);

test(
  "it accepts, records the handshake, acks register, and keeps messages for whoever asks",
  {},
  async (t) => {
    const { client, connection } = await t.register(["alert_ack"]);
    await until("the ack came", () => client.messages.length === 1);
    assert.equal(connection.handshake.headers["x-agent-id"], AGENT_ID);
    assert.equal(connection.handshake.path, "/api/v1/agent/ws");
    const [ack] = client.heard;
    assert.deepEqual([ack?.type, ack?.ref_id, ack?.payload], ["ack", "r1", { ok: true }]);
    const second = connection.next((message) => message.type === "heartbeat" && message.id === "h2");
    client.say("heartbeat", "h1", { active_alerts: 3 });
    client.say("heartbeat", "h2");
    assert.equal((await second).id, "h2");
    assert.equal((await connection.next("heartbeat")).payload.active_alerts, 3);
    assert.equal((await connection.next("register")).payload.hostname, "h");
    assert.equal(connection.received.length, 3);
    assert.equal(connection.arrivedAtMs.length, 3);
    assert.deepEqual(t.hub.connections, [connection]);
    assert.equal(client.messages.length, 1, "what was not agreed upon is not acked");
  },
);

test("an orderly close is answered, and what was still awaited fails", {}, async (t) => {
  const { client, connection } = await t.connect();
  const awaited = assert.rejects(connection.next("heartbeat"), /next "heartbeat": .*close 1000 bye.*nothing/);
  client.socket.close(1000, "bye");
  assert.deepEqual(await connection.closed, { how: "close", code: 1000, reason: "bye" });
  assert.deepEqual(await client.ended, { code: 1000, reason: "", error: false });
  await Promise.all([awaited, connection.gone]);
  await assert.rejects(connection.next("heartbeat"), /ended/);
});

test("next can be abandoned by a signal", {}, async (t) => {
  const { connection } = await t.connect();
  const abort = new AbortController();
  const awaited = connection.next("heartbeat", abort.signal);
  abort.abort(new Error("enough"));
  await assert.rejects(awaited, /enough/);
  await assert.rejects(t.hub.nextConnection(AbortSignal.abort(new Error("none"))), /none/);
});

const busy: Behaviour = { refuse: { status: 503, headers: { "Retry-After": "7" }, body: "busy" } };

test(
  "it refuses the first upgrade, tells a probe why, and accepts the second",
  (index) => index ? {} : busy,
  async (t) => {
    const refused = t.dial();
    assert.equal((await refused.ended).error, true);
    const probe = await fetch(t.hub.address.replace("ws:", "http:"));
    assert.deepEqual(
      [probe.status, probe.headers.get("retry-after"), await probe.text()],
      [503, "7", "busy"],
    );
    await t.connect();
    assert.deepEqual([t.hub.handshakes.length, t.hub.probes.length, t.hub.connections.length], [2, 1, 1]);
  },
);

test("it answers the upgrade with raw bytes", { answer: "SSH-2.0-nothing like HTTP\r\n\r\n" }, async (t) => {
  assert.equal((await t.dial().ended).error, true);
});

for (const cutAtUpgrade of ["reset", "fin"] as const) {
  test(`it cuts at the upgrade: ${cutAtUpgrade}`, { cutAtUpgrade }, async (t) => {
    assert.equal((await t.dial().ended).error, true);
    assert.equal(t.hub.connections.length, 0);
  });
}

for (const stall of ["accept", "upgrade"] as const) {
  test(`it stalls at: ${stall}`, { stall }, async (t) => {
    const client = t.dial();
    await t.hub.nextHandshake();
    assert.equal(client.socket.readyState, WebSocket.CONNECTING);
    assert.equal(t.hub.connections.length, 0);
  });
}

test("it stalls at the register ack, which the test may send by hand", { stall: "register" }, async (t) => {
  const { client, connection } = await t.register();
  const register = await connection.next("register");
  assert.equal(client.messages.length, 0);
  connection.ackRegister(register, { warning: "late" });
  await until("the ack came", () => client.messages.length === 1);
  assert.deepEqual(client.heard[0]?.payload, { ok: true, warning: "late" });
});

const scriptedAcks: [string, RegisterAck, (ack: Client["heard"][number]) => void][] = [
  ["a refusal", { ok: false, error: "no room" }, ({ ref_id, payload }) => {
    assert.deepEqual([ref_id, payload], ["r1", { ok: false, error: "no room" }]);
  }],
  ["another message's", { refId: "wrong" }, ({ ref_id }) => assert.ok(ref_id && ref_id !== "r1")],
  ["nobody's", { refId: "absent" }, ({ ref_id }) => assert.equal(ref_id, undefined)],
  ["a capability nobody asked for", { capabilities: ["teleport"] }, ({ payload }) => {
    assert.deepEqual(payload["capabilities"], ["teleport"]);
  }],
  ["delayed", { delayMs: 5, warning: "slow" }, ({ payload }) => assert.equal(payload["warning"], "slow")],
];
for (const [name, ack, verify] of scriptedAcks) {
  test(`its ack to register may be ${name}`, { ack }, async (t) => {
    const { client } = await t.register();
    await until("the ack came", () => client.messages.length === 1);
    client.heard.forEach(verify);
  });
}

test("frames may come before the ack", { beforeAck: [{ type: "ping" }, "no JSON"] }, async (t) => {
  const { client } = await t.register();
  await until("all came", () => client.messages.length === 3);
  assert.deepEqual(client.messages.map((text) => /"(ping|ack)"/.exec(text as string)?.[1]), [
    "ping",
    undefined,
    "ack",
  ]);
});

const verdicts: Verdict[] = ["ack", { refuse: "disk full" }, "withhold", "duplicate"];
test("acks of alerts and heartbeats may be refused, withheld and doubled", {
  capabilities: ["alert_ack", "heartbeat_ack"],
  verdict: () => verdicts.shift() ?? "ack",
}, async (t) => {
  const { client, connection } = await t.register(["alert_ack", "heartbeat_ack", "unheard_of"]);
  for (const id of ["a1", "a2", "a3", "a4"]) client.say("alert_events", id, { events: [] });
  client.say("heartbeat", "h1");
  await until("the last ack came", () => client.heard.at(-1)?.ref_id === "h1");
  assert.deepEqual(heardAcks(client), [
    ["r1", true],
    ["a1", true],
    ["a2", false],
    ["a4", true],
    ["a4", true],
    ["h1", true],
  ]);
  assert.deepEqual(client.heard[0]?.payload["capabilities"], ["alert_ack", "heartbeat_ack"]);
  assert.equal(client.heard[2]?.payload["error"], "disk full");
  assert.equal(connection.receivedOf("alert_events").length, 4);
});

test("it falls silent but reads on", { silentAfter: 2, capabilities: ["heartbeat_ack"] }, async (t) => {
  const { client, connection } = await t.register(["heartbeat_ack"]);
  client.say("heartbeat", "h1");
  await until("both acks came", () => client.messages.length === 2);
  client.say("heartbeat", "h2");
  await connection.next((message) => message.id === "h2");
  client.socket.close();
  assert.equal((await connection.closed).how, "close");
  assert.deepEqual(heardAcks(client), [["r1", true], ["h1", true]]);
  assert.equal(client.socket.readyState, WebSocket.CLOSING);
});

test(
  "it stops reading, so that the sender's buffers fill up, and reads on later",
  { stopReadingAfter: 1 },
  async (t) => {
    const { client, connection } = await t.register();
    await connection.next("register");
    const wide = "x".repeat(1 << 20);
    for (let i = 0; i < 24; i++) client.say("heartbeat", `h${i}`, { wide });
    await settle();
    assert.ok(client.socket.bufferedAmount > 1 << 20, `only ${client.socket.bufferedAmount} bytes wait`);
    assert.equal(connection.messageCount, 1);
    connection.resumeReading();
    await connection.next((message) => message.id === "h23");
    assert.equal(client.socket.bufferedAmount, 0);
    assert.equal(connection.messageCount, 25);
  },
);

test("it never answers a close frame", { answerClose: false }, async (t) => {
  const { client, connection } = await t.connect();
  client.socket.close(1000, "answer me");
  assert.deepEqual(await connection.closed, { how: "close", code: 1000, reason: "answer me" });
  assert.equal(client.socket.readyState, WebSocket.CLOSING);
});

for (const how of ["reset", "fin"] as const) {
  test(`it cuts after so many messages: ${how}`, {
    capabilities: ["heartbeat_ack"],
    cutAfter: { messages: 2, how },
  }, async (t) => {
    const { client, connection } = await t.register(["heartbeat_ack"]);
    client.say("heartbeat", "h1");
    client.say("heartbeat", "h2");
    assert.notEqual((await client.ended).code, 1000);
    assert.equal((await connection.closed).how, how === "reset" ? "reset" : "eof");
    assert.deepEqual(connection.received.map((message) => message.id), ["r1", "h1"]);
    // A reset may overtake the answer to the first message; the second is never answered.
    if (how === "fin") assert.deepEqual(heardAcks(client), [["r1", true]]);
    else assert.ok(client.messages.length <= 1);
  });
  test(`it cuts on request: ${how}`, {}, async (t) => {
    const { client, connection } = await t.connect();
    connection.cut(how);
    await client.ended;
    await connection.gone;
  });
}

test("it closes with a code and a reason", {}, async (t) => {
  const { client, connection } = await t.connect();
  connection.close(4321, "enough");
  assert.deepEqual(await client.ended, { code: 4321, reason: "enough", error: false });
  assert.deepEqual(await connection.closed, { how: "close", code: 4321, reason: "enough" });
});

test("it sends binary, huge and fragmented messages, and pings", {}, async (t) => {
  const { client, connection } = await t.connect();
  const huge = "é".repeat(1 << 20); // 2 MiB
  connection.sendBinary(new Uint8Array([1, 2, 3]));
  connection.send(huge);
  connection.sendFragmented("grün — ✓", 5);
  connection.sendPing("there?");
  await until("all came", () => client.messages.length === 3 && connection.pongs.length === 1);
  assert.deepEqual(new Uint8Array(client.messages[0] as ArrayBuffer), new Uint8Array([1, 2, 3]));
  assert.equal(client.messages[1] === huge, true);
  assert.equal(client.messages[2], "grün — ✓");
  assert.deepEqual(connection.pongs, ["there?"]);
});

for (
  const [what, frame] of Object.entries({
    "text that is not UTF-8": { opcode: Opcode.text, payload: new Uint8Array([0xc3, 0x28]) },
    "a reserved opcode": { opcode: 3 },
    "reserved bits": { opcode: Opcode.text, payload: "{}", reservedBits: 4 },
  })
) {
  test(`it breaks the WebSocket protocol with ${what}`, {}, async (t) => {
    const { client, connection } = await t.connect();
    connection.sendFrame(frame);
    assert.equal((await client.ended).error, true);
  });
}

test("it reads long, tiny and undecodable messages", {}, async (t) => {
  const { client, connection } = await t.connect();
  for (const length of [0, 1, 2, 3, 125, 126, 65535, 65536, 1 << 20]) {
    client.say("heartbeat", "é".repeat(length));
  }
  client.socket.send("");
  client.socket.send("no JSON");
  client.socket.send(new Uint8Array([1]));
  client.say("heartbeat", "last");
  await connection.next((message) => message.id === "last");
  assert.deepEqual(
    connection.received.map((message) => message.id.length),
    [0, 1, 2, 3, 125, 126, 65535, 65536, 1 << 20, 4],
  );
  assert.deepEqual(connection.undecoded.map(({ text }) => text), ["", "no JSON"]);
  assert.deepEqual(connection.violations, ["a binary message"]);
});

let texts = 0;
test("counting keeps nothing but acks on, fast", {
  decode: "count",
  capabilities: ["alert_ack"],
}, async (t) => {
  const { client, connection } = await t.register(["alert_ack"]);
  const events = Array.from({ length: 100 }, () => ({ event_status: "Info", description: "d".repeat(100) }));
  for (let i = 0; i < 1000; i++) client.say("alert_events", `a${i}`, { events });
  await until("the last ack came", () => client.messages.length === 1001);
  assert.equal(connection.messageCount, 1001);
  assert.ok(connection.messageBytes > 10_000_000);
  assert.equal(connection.received.length, 1);
  assert.equal(client.heard.at(-1)?.ref_id, "a999");
});

test(
  "a hook sees the raw text also while counting",
  { decode: "count", onText: () => texts++ },
  async (t) => {
    const { client } = await t.register();
    client.say("heartbeat", "h1");
    await until("both were seen", () => texts === 2);
  },
);
