import assert from "node:assert/strict";
import { Agent, alertEvent, type ConcurrencyLimiter, ConfigError, type Notifier } from "../lib/agent.ts";
import { AGENT_ID, AgentRig, recordedHost } from "./agent_rig.ts";
import { alertNumbers } from "./link/connection_rig.ts";
import { range } from "./alerts/delivery_rig.ts";
import { FakeClock } from "./fakes/fake_clock.ts";
import { until } from "./fakes/until.ts";

/** A heartbeat without its queue's accounting, which has tests of its own. */
function figuresOf({ payload }: { payload: object }): object {
  const { queue, ...figures } = payload as { queue?: unknown };
  assert.ok(queue, "the queue is missing");
  return figures;
}

Deno.test("an agent dials its hub, says who it is, and beats its heart", async () => {
  await using rig = await AgentRig.start({}, { token: "s3cret", labels: { site: "north" } });
  const connection = await rig.registered();
  const { headers, path } = connection.handshake;
  assert.equal(path, "/api/v1/agent/ws");
  assert.deepEqual([headers["x-agent-id"], headers["x-agent-token"]], [AGENT_ID, "s3cret"]);
  const { payload } = await connection.next("register");
  assert.match(payload.os, /^(linux|darwin|windows)$/);
  assert.match(payload.arch, /^(amd64|arm64)$/);
  assert.match(payload.agent_version, /^\d+\.\d+\.\d+/);
  const { hostname, ip, labels, plugins, uptime_sec, capabilities } = payload;
  assert.deepEqual({ hostname, ip, labels, plugins, uptime_sec }, {
    hostname: "recorded",
    ip: "10.1.2.3",
    labels: { site: "north" },
    plugins: [],
    uptime_sec: 0,
  });
  assert.deepEqual(capabilities, ["alert_ack", "heartbeat_ack", "session_input_ack"]);
  const heartbeat = await connection.next("heartbeat");
  assert.deepEqual(figuresOf(heartbeat), { active_sessions: 0, active_alerts: 0, cpu_pct: 50, mem_pct: 75 });
});

Deno.test("the address may be text or a URL, without a path or the very endpoint", async () => {
  const hubs: string[] = [];
  for (
    const form of [
      (port: number) => `127.0.0.1:${port}`,
      (port: number) => `http://127.0.0.1:${port}/`,
      (port: number) => new URL(`ws://127.0.0.1:${port}`),
      (port: number) => new URL(`http://127.0.0.1:${port}/`),
      (port: number) => new URL(`ws://127.0.0.1:${port}/api/v1/agent/ws`),
    ]
  ) {
    const rig = await AgentRig.make();
    const agent = new Agent({
      address: form(rig.hub.port),
      agentId: AGENT_ID,
      checks: () => [],
      host: recordedHost(),
    });
    const running = agent.run(rig.stop.signal);
    const connection = await rig.hub.nextConnection();
    hubs.push(connection.handshake.path);
    await connection.next("heartbeat");
    rig.stop.abort();
    await running;
    await rig[Symbol.asyncDispose]();
  }
  assert.deepEqual(hubs, Array(5).fill("/api/v1/agent/ws"));
});

Deno.test("an address that cannot be dialled is refused when the agent is made", () => {
  for (const address of ["", "ftp://x", "ws://x/path", new URL("ftp://x"), new URL("ws://user:pass@x")]) {
    assert.throws(() => new Agent({ address, agentId: AGENT_ID }), ConfigError, `${address}`);
  }
});

Deno.test("run may be called once", async () => {
  await using rig = await AgentRig.start();
  await rig.registered();
  await assert.rejects(rig.agent.run(rig.stop.signal), /ran before; make a new one/);
  await rig.stopped();
  await assert.rejects(rig.agent.run(rig.stop.signal), /ran before/);
});

Deno.test("an embedder's notifiers get every event, and one that throws breaks nothing", async () => {
  const got: string[] = [];
  const notifiers: Notifier[] = [
    {
      name: "broken",
      forward() {
        throw new Error("the pager is down");
      },
    },
    { name: "refusing", forward: () => false },
    { name: "pager", forward: (event) => (got.push(event.alert_key), true) },
  ];
  await using rig = await AgentRig.start({ capabilities: ["alert_ack"] }, { notifiers });
  const connection = await rig.registered();
  rig.notify(0, 250);
  await until("all came", () => alertNumbers(connection).length === 250);
  assert.deepEqual(alertNumbers(connection), range(0, 250));
  assert.equal(got.length, 250);
});

Deno.test("an event that nobody could encode costs no other one", async () => {
  await using rig = await AgentRig.start();
  const connection = await rig.registered();
  rig.notify(0, 3);
  const odd = alertEvent({ timeSec: 1, status: "Info", labels: { n: "3" }, description: "" });
  rig.agent.notify({ ...odd, event_time: 1n as unknown as number });
  rig.notify(4, 3);
  await until("the others came", () => alertNumbers(connection).length >= 6);
  assert.deepEqual(alertNumbers(connection), [0, 1, 2, 4, 5, 6]);
});

Deno.test("an embedder's limiter decides how many sessions there are, and heartbeats count them", async () => {
  let active = 0;
  const limiter: ConcurrencyLimiter = {
    get active() {
      return active;
    },
    limit: 1,
    tryAcquire: () => active++ === 0 ? () => active-- : undefined,
  };
  await using rig = await AgentRig.start({}, {
    limiter,
    timings: { heartbeatMs: 5 },
    diagnoseRunner: {
      run: (_request, _stream, signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    },
  });
  const connection = await rig.registered();
  for (const session_id of ["a", "b"]) {
    connection.send({
      type: "session_start",
      id: session_id,
      payload: { session_id, session_type: "diagnose" },
    });
  }
  const acks = [await connection.next("ack"), await connection.next("ack")];
  assert.deepEqual(acks.map(({ ref_id, payload }) => [ref_id, payload.error]), [
    ["a", undefined],
    ["b", "max concurrent sessions reached"],
  ]);
  await connection.next((message) => message.type === "heartbeat" && message.payload.active_sessions === 1);
  connection.cut("fin");
  await until("the slot is back", () => active === 0);
});

Deno.test("a host that never answers keeps no agent from connecting, beating or stopping", async () => {
  const host = recordedHost();
  let asked = 0;
  host.cpuTimes = () => (asked++, new Promise(() => {}));
  await using rig = await AgentRig.start({}, { host, clock: new FakeClock() });
  const connection = await rig.registered();
  rig.notify(0, 1);
  await connection.next("alert_events");
  await rig.until("two heartbeats came", () => connection.receivedOf("heartbeat").length === 2, 1000);
  for (const heartbeat of connection.receivedOf("heartbeat")) {
    assert.deepEqual(figuresOf(heartbeat), { active_sessions: 0, active_alerts: 0 });
  }
  assert.equal(asked, 1);
  await rig.stopped();
});

Deno.test("a host that refuses everything is registered without a name", async () => {
  const host = recordedHost();
  host.facts = {};
  await using rig = await AgentRig.start({}, { host });
  const connection = await rig.registered();
  const { payload } = await connection.next("register");
  assert.deepEqual([payload.hostname, payload.ip], ["", ""]);
  assert.deepEqual(figuresOf(await connection.next("heartbeat")), { active_sessions: 0, active_alerts: 0 });
});

Deno.test("a listener that throws disturbs nothing", async () => {
  await using rig = await AgentRig.start({}, {
    onEvent: () => {
      throw new Error("a listener's fault");
    },
  });
  const connection = await rig.hub.nextConnection();
  await connection.next("heartbeat");
  rig.notify(0, 1);
  await connection.next("alert_events");
});
