import assert from "node:assert/strict";
import { Agent, type AgentOptions, type AlertEvent, alertEvent, TransientSendError } from "../lib/agent.ts";
import { TempFolder } from "./config/temp_folder.ts";
import { FakeHub } from "./fakes/fake_hub.ts";
import { until } from "./fakes/until.ts";

function event(n: number): AlertEvent {
  return alertEvent({ timeSec: n, status: "Warning", labels: { n: `${n}` }, description: `event ${n}` });
}

/** An agent that runs until it is disposed of. */
function running(
  options: Pick<AgentOptions, "address"> & Partial<AgentOptions>,
): { agent: Agent } & AsyncDisposable {
  const stop = new AbortController();
  const agent = new Agent({ agentId: crypto.randomUUID(), checks: () => [], ...options });
  const ended = agent.run(stop.signal);
  return {
    agent,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

Deno.test("an event goes to the hub and to every other destination, and a dead one delays none", async () => {
  await using hub = await FakeHub.start({ capabilities: ["alert_ack"] });
  const arrived: string[] = [];
  await using one = running({
    address: hub.address,
    destinations: [
      { name: "dead", sender: { maxBatch: 1, send: () => Promise.reject(new TransientSendError("down")) } },
      {
        name: "alive",
        sender: {
          maxBatch: 10,
          send(events) {
            arrived.push(...events.map(({ description }) => description));
            return Promise.resolve();
          },
        },
      },
    ],
  });
  for (let n = 0; n < 3; n++) one.agent.notify(event(n));
  const connection = await hub.nextConnection();
  await until(
    "all came to the hub",
    () => connection.receivedOf("alert_events").flatMap(({ payload }) => payload.events).length === 3,
  );
  await until("all came to the other", () => arrived.length === 3);
  assert.deepEqual(arrived, ["event 0", "event 1", "event 2"]);
});

Deno.test("with a state folder, what has not arrived goes out after the next start", async () => {
  await using folder = new TempFolder();
  const stateDir = folder.at("state");
  {
    await using first = running({ address: "ws://127.0.0.1:9", stateDir });
    for (let n = 0; n < 250; n++) first.agent.notify(event(n));
  }
  await using hub = await FakeHub.start({ capabilities: ["alert_ack"] });
  await using _second = running({ address: hub.address, stateDir });
  const connection = await hub.nextConnection();
  const numbers = () =>
    connection.receivedOf("alert_events").flatMap(({ payload }) => payload.events).map(({ event_time }) =>
      event_time
    );
  await until("all have come", () => numbers().length === 250);
  assert.deepEqual(numbers(), Array.from({ length: 250 }, (_, n) => n));
});

Deno.test("a heartbeat carries the queue's accounting, over restarts", async () => {
  await using folder = new TempFolder();
  const stateDir = folder.at("state");
  {
    await using first = running({ address: "ws://127.0.0.1:9", stateDir });
    for (let n = 0; n < 7; n++) first.agent.notify(event(n));
  }
  await using hub = await FakeHub.start({ capabilities: ["alert_ack"] });
  await using _second = running({ address: hub.address, stateDir, timings: { heartbeatMs: 20 } });
  const connection = await hub.nextConnection();
  const dropped = { superseded: 0, overflow: 0, expired: 0, rejected: 0 };
  const queues = () => connection.receivedOf("heartbeat").map(({ payload }) => ({ ...payload.queue }));
  const settled = { accepted: 7, acked: 7, waiting: 0, dropped, degraded: undefined };
  await until("all are acked", () => queues().some(({ acked }) => acked === 7));
  const [before] = queues();
  assert.equal((before?.acked ?? 0) + (before?.waiting ?? 0), 7);
  assert.deepEqual({ degraded: undefined, ...queues().at(-1) }, settled);
});

Deno.test("a request that the queue could never hold is told so, one that fits later is not", async () => {
  await using folder = new TempFolder();
  const listen = folder.at("pawl.sock");
  await using _one = running({
    address: "ws://127.0.0.1:9",
    stateDir: folder.at("state"),
    queue: { maxEvents: 100 },
    local: { listen },
  });
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: listen } });
  const post = async (from: number, to: number) => {
    const events = Array.from({ length: to - from }, (_, n) => event(from + n));
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(events), client };
    const response = await fetch("http://localhost/v1/events", init);
    return { status: response.status, body: await response.json() };
  };
  await until("it listens", () => Deno.stat(listen).then(() => true, () => false));
  const { status, body } = await post(0, 101);
  assert.equal(status, 413);
  assert.match(body.error, /holds 100 events/);
  assert.equal((await post(0, 100)).status, 202);
  assert.equal((await post(100, 101)).status, 429);
});
