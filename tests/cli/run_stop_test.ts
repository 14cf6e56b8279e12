import assert from "node:assert/strict";
import { type Behaviour, FakeHub } from "../fakes/fake_hub.ts";
import { CAPABILITIES } from "../../lib/protocol/mod.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { PawlProcess } from "./pawl_process.ts";

/** An agent whose only check finds something on any host that runs at all. */
function startAgent(hub: FakeHub, folder: TempFolder, ...flags: string[]): PawlProcess {
  const path = folder.write("pawl.toml", `[[check.mem]]\nfor = "0s"\nwarn_ge = 0.01\ncritical_ge = 0\n`);
  const place = ["--config", path, "--server", hub.address, "--state-dir", folder.at("state")];
  return PawlProcess.start(["run", ...place, ...flags]);
}

const events = (agent: PawlProcess) => agent.log().map(({ event }) => event);

const CHAT = { session_type: "chat", user_name: "op" };

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} ends sessions, flushes alerts, says goodbye, and is exit code 0`, async () => {
    await using folder = new TempFolder();
    await using hub = await FakeHub.start({
      capabilities: CAPABILITIES,
      verdict: ({ type }) => type === "alert_events" ? "withhold" : "ack",
    });
    await using agent = startAgent(hub, folder);
    const connection = await hub.nextConnection();
    const alert = await connection.next("alert_events");
    connection.send({
      type: "session_start",
      payload: { ...CHAT, session_id: "talk", params: { message: "hello" } },
    });
    await connection.next((message) =>
      message.type === "session_output" && message.payload.metadata?.turn_done === true
    );

    agent.kill(signal);
    const final = await connection.next(
      (message) => message.type === "session_output" && message.payload.done,
    );
    assert.ok(final.type === "session_output" && final.payload.session_id === "talk");
    // It waits for the alert to be acked; meanwhile nobody is let in.
    const late = connection.send({ type: "session_start", payload: { ...CHAT, session_id: "late" } });
    const answer = await connection.next((message) => message.type === "ack" && message.ref_id === late);
    assert.ok(answer.type === "ack" && !answer.payload.ok);
    connection.ack(alert.id);
    assert.deepEqual(await connection.closed, { how: "close", code: 1000, reason: "agent stopping" });

    const { code, signal: killedBy, out } = await agent.ended();
    assert.deepEqual([code, killedBy, out], [0, null, ""]);
    const stopping = await agent.logged("process.stopping");
    assert.equal(stopping["signal"], signal);
    assert.equal(events(agent).at(-1), "agent.stopped");
    assert.ok(!events(agent).includes("alerts.undelivered_at_stop"));
    assert.deepEqual(connection.violations, []);
  });
}

Deno.test("a hub that acks no alert, answers no close, or neither, cannot keep the agent from stopping in order", async () => {
  const stopAt = async (behaviour: Behaviour) => {
    await using folder = new TempFolder();
    await using hub = await FakeHub.start({ capabilities: CAPABILITIES, ...behaviour });
    await using agent = startAgent(hub, folder);
    const connection = await hub.nextConnection();
    await connection.next("alert_events");
    agent.kill("SIGTERM");
    const { how, code: closeCode } = await connection.closed;
    // 0 tells that it was done before the 8 s after which the process ends itself with 1.
    const { code } = await agent.ended();
    const kept = agent.log().find(({ event }) => event === "alerts.kept_for_next_start")?.["events"];
    return { how, closeCode, code, kept };
  };
  const verdict: Behaviour["verdict"] = ({ type }) => type === "alert_events" ? "withhold" : "ack";
  const inOrder = { how: "close", closeCode: 1000, code: 0 };
  assert.deepEqual(
    await Promise.all([
      stopAt({ answerClose: false }),
      stopAt({ verdict }),
      stopAt({ verdict, answerClose: false }),
    ]),
    [
      { ...inOrder, kept: undefined },
      { ...inOrder, kept: 1 },
      { ...inOrder, kept: 1 },
    ],
  );
});

for (const [first, second] of [["SIGTERM", "SIGTERM"], ["SIGINT", "SIGTERM"]] as const) {
  Deno.test(`${second} after ${first} ends the process at once, with exit code 1`, async () => {
    await using folder = new TempFolder();
    await using hub = await FakeHub.start({
      capabilities: CAPABILITIES,
      verdict: ({ type }) => type === "alert_events" ? "withhold" : "ack",
      answerClose: false,
    });
    await using agent = startAgent(hub, folder);
    const connection = await hub.nextConnection();
    await connection.next("alert_events");
    agent.kill(first);
    await agent.logged("process.stopping");
    agent.kill(second);
    const { code, signal } = await agent.ended();
    assert.deepEqual([code, signal], [1, null]);
    assert.equal((await agent.logged("process.killed"))["signal"], second);
    assert.equal((await connection.closed).how === "close", false, "it took the time for a goodbye");
  });
}

/** What keeps an agent from being connected, and how to tell that it has come so far. */
const UNCONNECTED: readonly [string, Behaviour, (hub: FakeHub, agent: PawlProcess) => Promise<unknown>][] = [
  ["dialling", { stall: "accept" }, (hub) => hub.nextHandshake()],
  ["in the middle of the upgrade", { stall: "upgrade" }, (hub) => hub.nextHandshake()],
  [
    "waiting for its registration",
    { stall: "register" },
    async (hub) => (await hub.nextConnection()).next("register"),
  ],
  [
    "waiting for the next try",
    { refuse: { status: 503, headers: { "Retry-After": "3600" } } },
    (_hub, agent) => agent.logged("link.dial_failed"),
  ],
  [
    "waiting after a 401",
    { refuse: { status: 401 } },
    (_hub, agent) => agent.logged("link.unauthorized"),
  ],
];

for (const [when, behaviour, reached] of UNCONNECTED) {
  Deno.test(`an agent that is ${when} stops at once, with exit code 0`, async () => {
    await using folder = new TempFolder();
    await using hub = await FakeHub.start(behaviour);
    await using agent = startAgent(hub, folder);
    await reached(hub, agent);
    const before = events(agent);
    agent.kill("SIGTERM");
    assert.equal((await agent.ended()).code, 0);
    // Nothing ran into its deadline first.
    const after = events(agent).slice(before.length).filter((event) =>
      event.startsWith("process.") || event === "agent.stopped" || event.startsWith("link.")
    );
    assert.deepEqual(after, ["process.stopping", "agent.stopped"]);
    assert.equal(hub.handshakes.length, 1);
  });
}

Deno.test("SIGUSR1 neither ends the agent nor opens a debugger", async () => {
  await using folder = new TempFolder();
  await using hub = await FakeHub.start();
  await using agent = startAgent(hub, folder, "--log-level", "debug");
  const connection = await hub.nextConnection();
  await connection.next("heartbeat");
  agent.kill("SIGUSR1");
  await agent.logged("process.signal_ignored");
  agent.kill("SIGUSR1");
  await agent.logged("process.signal_ignored", 2);
  connection.send({
    type: "session_start",
    payload: { session_id: "s", session_type: "inspect", params: { plugin: "mem" } },
  });
  const final = await connection.next((message) => message.type === "session_output" && message.payload.done);
  assert.ok(final.type === "session_output" && final.payload.report);
  assert.doesNotMatch(agent.err, /debugger|inspector|ws:\/\/127\.0\.0\.1:9229/i);
  agent.kill("SIGTERM");
  assert.equal((await agent.ended()).code, 0);
});
