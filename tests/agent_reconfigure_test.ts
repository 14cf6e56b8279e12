import assert from "node:assert/strict";
import {
  Agent,
  type AgentChanges,
  type AlertEvent,
  alertEvent,
  ConfigError,
  type ConnectionEvent,
  type ScheduledCheck,
  type Sender,
  SessionLimiter,
} from "../lib/agent.ts";
import { startHub } from "../lib/hub/mod.ts";
import { AGENT_ID, AgentRig, recordedHost } from "./agent_rig.ts";
import { range } from "./alerts/delivery_rig.ts";
import { TempFolder } from "./config/temp_folder.ts";
import { FakeHub } from "./fakes/fake_hub.ts";
import { SeededRandom } from "./fakes/seeded_random.ts";
import { until } from "./fakes/until.ts";
import { alertNumbers } from "./link/connection_rig.ts";

/** Keeps what it is given. */
class KeepingSender implements Sender {
  readonly maxBatch = 100;
  readonly got: string[] = [];
  broken = false;

  send(events: readonly AlertEvent[]): Promise<void> {
    if (this.broken) return Promise.reject(new Error("down"));
    this.got.push(...events.map(({ labels }) => labels["n"] ?? ""));
    return Promise.resolve();
  }
}

/** A check that finds one figure, and rates it by a threshold. */
function figure(value: number, criticalGe: number): () => ScheduledCheck[] {
  return () => [{
    check: {
      plugin: "figure",
      target: "it",
      gather: () =>
        Promise.resolve([{
          labels: { check: "figure::value", target: "it" },
          status: value >= criticalGe ? "Critical" as const : "Ok" as const,
          description: `it is ${value}`,
          attrs: { current_value: String(value), threshold_desc: `≥ ${criticalGe}` },
        }]),
    },
  }];
}

/** The statuses that the hub was told of the figure, in order. */
function told(hub: FakeHub): string[] {
  return hub.connections.flatMap((connection) => connection.receivedOf("alert_events"))
    .flatMap(({ payload }) => payload.events)
    .filter(({ labels }) => labels["check"] === "figure::value")
    .map(({ event_status: status }) => status);
}

/** Whatever else changes, the connection stays. */
async function change(rig: AgentRig, changes: AgentChanges): Promise<void> {
  await rig.agent.reconfigure(changes);
  assert.equal(rig.hub.connections.length, 1);
}

Deno.test("thresholds that change judge anew what is open, on the connection that is up", async () => {
  await using folder = new TempFolder();
  await using rig = await AgentRig.start({ capabilities: ["alert_ack"] }, {
    stateDir: folder.path,
    checks: figure(50, 40),
    random: () => 0,
  });
  await until("it is critical", () => told(rig.hub).length === 1);
  await change(rig, { checks: figure(50, 60) });
  await until("it is over", () => told(rig.hub).length === 2);
  assert.deepEqual(told(rig.hub), ["Critical", "Ok"]);
  await change(rig, { checks: figure(70, 60), labels: { rack: "r2" } });
  await until("it is critical again", () => told(rig.hub).length === 3);
  const events = rig.hub.connections[0]?.receivedOf("alert_events").flatMap(({ payload }) => payload.events);
  assert.equal(events?.at(-1)?.labels["rack"], "r2");
});

Deno.test("an alert that stays open over a change is not told twice", async () => {
  await using folder = new TempFolder();
  await using rig = await AgentRig.start({ capabilities: ["alert_ack"] }, {
    stateDir: folder.path,
    checks: figure(50, 40),
    random: () => 0,
  });
  await until("it is critical", () => told(rig.hub).length === 1);
  await change(rig, { checks: figure(50, 45) });
  await change(rig, { checks: figure(50, 60) });
  await until("it is over", () => told(rig.hub).length === 2);
  assert.deepEqual(told(rig.hub), ["Critical", "Ok"]);
});

Deno.test("destinations come, change and go; no event is lost, and what one had waiting stays on disk", async () => {
  await using folder = new TempFolder();
  const [first, second, third] = [new KeepingSender(), new KeepingSender(), new KeepingSender()];
  first.broken = true;
  const stays = new KeepingSender();
  await using rig = await AgentRig.start({}, {
    stateDir: folder.path,
    destinations: [{ name: "hook", sender: first }, { name: "stays", sender: stays }],
  });
  await rig.registered();
  rig.notify(0, 3);
  const changing = change(rig, {
    destinations: [{ name: "hook", sender: second }, { name: "stays", sender: stays }],
  });
  rig.notify(3, 3);
  await changing;
  await until("the backlog went to the new sender", () => second.got.length === 6);
  assert.deepEqual(second.got, ["0", "1", "2", "3", "4", "5"]);
  second.broken = true;
  rig.notify(6, 2);
  await change(rig, { destinations: [{ name: "stays", sender: stays }] });
  rig.notify(8, 1);
  assert.ok(Deno.statSync(folder.at("queue/hook.db")).isFile);
  await change(rig, {
    destinations: [{ name: "stays", sender: stays }, { name: "hook", sender: third }],
  });
  rig.notify(9, 1);
  await until("it has what waited, and what came since", () => third.got.length === 3);
  assert.deepEqual(third.got, ["6", "7", "9"]);
  await until("the other missed nothing", () => stays.got.length === 10);
  assert.deepEqual(stays.got, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
});

Deno.test("the local server moves; one that cannot listen refuses the whole change", async () => {
  await using folder = new TempFolder();
  const [one, two] = [folder.at("one.sock"), folder.at("two.sock")];
  const sender = new KeepingSender();
  await using rig = await AgentRig.start({}, { local: { listen: one } });
  await rig.registered();
  assert.equal(await status(one), 200);
  await change(rig, { local: { listen: two } });
  assert.equal(await status(two), 200);
  assert.throws(() => Deno.statSync(one), Deno.errors.NotFound);
  await assert.rejects(
    rig.agent.reconfigure({
      local: { listen: folder.at("missing/three.sock") },
      destinations: [{ name: "d", sender }],
    }),
    ConfigError,
  );
  assert.equal(await status(two), 200);
  rig.notify(0, 1);
  await until("the hub has it", () => alertNumbers(...rig.hub.connections).length === 1);
  assert.deepEqual(sender.got, []);
});

Deno.test("sessions that run go on, under the limit that is new", async () => {
  const running: string[] = [];
  await using rig = await AgentRig.start({}, {
    diagnoseRunner: {
      run: (request, _, signal) => {
        running.push(request.plugin);
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    },
    limiter: new SessionLimiter({ limit: 2 }),
  });
  const hub = await rig.registered();
  const start = (id: string) =>
    hub.send({
      type: "session_start",
      payload: { session_id: id, session_type: "inspect", user_name: "u", params: { plugin: id } },
    });
  const answer = async (ref: string) => {
    const ack = await hub.next((message) => message.type === "ack" && message.ref_id === ref);
    return ack.type === "ack" ? ack.payload.error ?? "ok" : "";
  };
  assert.equal(await answer(start("a")), "ok");
  assert.equal(await answer(start("b")), "ok");
  await change(rig, { limiter: new SessionLimiter({ limit: 1 }) });
  assert.equal(await answer(start("c")), "max concurrent sessions reached");
  assert.deepEqual(running, ["a", "b"]);
  hub.send({ type: "session_cancel", payload: { session_id: "a", reason: "" } });
  hub.send({ type: "session_cancel", payload: { session_id: "b", reason: "" } });
  await until(
    "both are over",
    () => hub.receivedOf("session_output").filter(({ payload }) => payload.done).length === 2,
  );
  assert.equal(await answer(start("d")), "ok");
});

Deno.test("an agent that moves registers with the new hub before it leaves the old one", async () => {
  await using there = await FakeHub.start({ capabilities: ["alert_ack"] });
  await using rig = await AgentRig.start({ capabilities: ["alert_ack"] });
  const old = await rig.registered();
  rig.notify(0, 5);
  await rig.agent.reconfigure({ address: there.address });
  const fresh = await there.nextConnection();
  await rig.registered(2);
  rig.notify(5, 5);
  await until("all are there", () => alertNumbers(old, fresh).length === 10);
  assert.deepEqual(alertNumbers(old, fresh).toSorted((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal((await old.closed).reason, "replaced");
});

Deno.test("a new hub that does not answer leaves the agent with the old one until it does", async () => {
  await using there = await FakeHub.start((index) => index < 2 ? { refuse: { status: 503 } } : {});
  await using rig = await AgentRig.start({}, { backoff: { firstMs: 20 } });
  const old = await rig.registered();
  await rig.agent.reconfigure({ address: there.address });
  await there.nextHandshake();
  rig.notify(0, 1);
  await until("the old one still serves", () => alertNumbers(old).length === 1);
  await there.nextConnection();
  await rig.registered(2);
});

Deno.test("an address that cannot be dialled changes nothing", async () => {
  await using rig = await AgentRig.start();
  await rig.registered();
  await assert.rejects(rig.agent.reconfigure({ address: "ftp://x", labels: { a: "b" } }), ConfigError);
  rig.notify(0, 1);
  await until("the hub has it", () => alertNumbers(...rig.hub.connections).length === 1);
  assert.equal(rig.hub.connections.length, 1);
});

Deno.test("of two hubs with one dead and one slow, the slow one is connected to, and kept to", async () => {
  await using dead = await FakeHub.start();
  const { address } = dead;
  await dead[Symbol.asyncDispose]();
  await using rig = await AgentRig.start({ ack: { delayMs: 300 } }, {
    address,
    addresses: [],
    backoff: { firstMs: 20 },
  });
  assert.equal(rig.hub.connections.length, 0);
  await rig.agent.reconfigure({ address, addresses: [rig.hub.address] });
  const first = await rig.registered();
  first.cut("reset");
  await rig.registered(2);
  const ended = rig.events.flatMap((event) => event.type === "ended" ? [event.end.kind] : []);
  assert.equal(ended.at(-1), "lost", "after the loss the dead one was not tried again");
});

Deno.test("an agent that has stopped cannot be changed", async () => {
  const rig = await AgentRig.start();
  await rig.registered();
  await rig[Symbol.asyncDispose]();
  await assert.rejects(rig.agent.reconfigure({ labels: {} }), /stopping/);
});

/** What the health check on a unix socket answers. */
async function status(path: string): Promise<number> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const response = await fetch("http://localhost/livez", { client });
  await response.body?.cancel();
  return response.status;
}

Deno.test("a hub that lets the newer connection displace the older sees the agent move once, and all its alerts once", async () => {
  await using hub = await startHub();
  const events: ConnectionEvent[] = [];
  const agent = new Agent({
    address: hub.address,
    agentId: AGENT_ID,
    checks: () => [],
    host: recordedHost(),
    onEvent: (event) => events.push(event),
  });
  const stop = new AbortController();
  const running = agent.run(stop.signal);
  const registered = () => events.filter(({ type }) => type === "registered").length;
  await until("it is registered", () => registered() === 1);
  for (let number = 0; number < 500; number++) {
    if (number === 250) await agent.reconfigure({ token: "other" });
    agent.notify(alertEvent({ status: "Info", labels: { n: String(number) }, description: "d", timeSec: 1 }));
  }
  await until("it has moved", () => registered() === 2);
  await until("all are stored", () => hub.alerts().length >= 500);
  stop.abort();
  await running;
  assert.deepEqual(hub.alerts().map(({ event }) => Number(event.labels["n"])), range(0, 500));
  assert.equal(registered(), 2);
});

Deno.test("whatever changes while a hub comes and goes, all alerts arrive and the agent stops in order", async () => {
  const random = new SeededRandom(11);
  await using other = await FakeHub.start({ capabilities: ["alert_ack"] });
  await using rig = await AgentRig.start(
    (index) => ({
      capabilities: ["alert_ack"],
      ...(index % 5 === 1 && { refuse: { status: 503 } }),
      ...(index % 5 === 2 && { ack: { ok: false, error: "no" } }),
      ...(index % 5 === 3 && { cutAfter: { messages: 2, how: "reset" as const } }),
      ...(index % 5 === 4 && { ack: { delayMs: 20 } }),
    }),
    { backoff: { firstMs: 2, maxMs: 20 } },
  );
  const changes = [];
  for (let step = 0; step < 60; step++) {
    rig.notify(step * 10, 10);
    const address = random.chance(0.5) ? rig.hub.address : other.address;
    changes.push(rig.agent.reconfigure({ address, token: String(random.int(0, 2)) }));
    if (random.chance(0.3)) rig.hub.connections.at(-1)?.cut("reset");
    if (random.chance(0.2)) other.connections.at(-1)?.cut("fin");
    await new Promise((resolve) => setTimeout(resolve, random.int(0, 15)));
  }
  await Promise.all(changes);
  await rig.agent.reconfigure({ address: other.address, token: "last" });
  await until(
    "it has settled where it was sent last",
    () => other.connections.at(-1)?.handshake.headers["x-agent-token"] === "last",
  );
  const seen = () => new Set(alertNumbers(...rig.hub.connections, ...other.connections));
  await until("all are there", () => seen().size === 600);
  await rig.stopped();
  assert.deepEqual([...seen()].toSorted((a, b) => a - b), range(0, 600));
  for (const connection of [...rig.hub.connections, ...other.connections]) {
    assert.deepEqual(connection.violations, []);
  }
});

Deno.test("an agent that is stopped in the middle of a move stops in order", async () => {
  await using there = await FakeHub.start({ stall: "register" });
  const rig = await AgentRig.start();
  const old = await rig.registered();
  await rig.agent.reconfigure({ address: there.address });
  await there.nextConnection();
  await rig[Symbol.asyncDispose]();
  assert.equal((await old.closed).reason, "agent stopping");
});
