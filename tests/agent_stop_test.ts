import assert from "node:assert/strict";
import { Agent } from "../lib/agent.ts";
import { AGENT_ID, AgentRig, recordedHost } from "./agent_rig.ts";
import { range } from "./alerts/delivery_rig.ts";
import { FakeClock, settle } from "./fakes/fake_clock.ts";
import { FakeHub } from "./fakes/fake_hub.ts";
import { alertNumbers } from "./link/connection_rig.ts";

Deno.test("stop before the start, and before anything was dialled", async () => {
  await using rig = await AgentRig.make();
  rig.stop.abort();
  await rig.run();
  assert.equal(rig.hub.handshakes.length, 0);
});

Deno.test("stop before the start leaves no check behind", async () => {
  const clock = new FakeClock();
  await using rig = await AgentRig.make({}, {
    clock,
    checks: () => [{
      check: {
        plugin: "test",
        target: "t",
        gather: () => assert.fail("it is too late to look"),
      },
    }],
  });
  rig.stop.abort();
  await rig.run();
  assert.equal(clock.pendingTimers, 0);
});

for (const stall of ["accept", "upgrade"] as const) {
  Deno.test(`stop while the hub stalls at the ${stall}`, async () => {
    await using rig = await AgentRig.start({ stall });
    await rig.hub.nextHandshake();
    await rig.stopped();
    assert.equal(rig.hub.connections.length, 0);
  });
}

Deno.test("stop during the wait between two tries leaves no timer", async () => {
  const clock = new FakeClock();
  await using rig = await AgentRig.start({ refuse: { status: 401 } }, { clock });
  await rig.until("it waits", () => rig.events.some(({ type }) => type === "waiting"));
  rig.stop.abort();
  await settle();
  await rig.stopped();
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("stop during the register", async () => {
  await using rig = await AgentRig.start({ stall: "register" });
  const connection = await rig.hub.nextConnection();
  await connection.next("register");
  await rig.stopped();
  assert.equal((await connection.closed).code, 1000);
});

Deno.test("stop delivers what was raised right before it, and says goodbye", async () => {
  for (const capabilities of [[], ["alert_ack"]]) {
    await using rig = await AgentRig.start({ capabilities }, { alertBufferSize: 10_000 });
    const connection = await rig.registered();
    rig.notify(0, 5000);
    await rig.stopped();
    assert.deepEqual(alertNumbers(connection), range(0, 5000));
    assert.deepEqual(await connection.closed, { how: "close", code: 1000, reason: "agent stopping" });
  }
});

Deno.test("stop ends running sessions with their final output, whatever their runner does", async () => {
  await using rig = await AgentRig.start({}, {
    diagnoseRunner: { run: () => new Promise(() => {}) }, // listens to nothing
    clock: new FakeClock(),
  });
  const connection = await rig.registered();
  connection.send({ type: "session_start", payload: { session_id: "s", session_type: "diagnose" } });
  await connection.next("ack");
  await rig.stopped();
  const outputs = connection.receivedOf("session_output");
  assert.deepEqual(outputs.map(({ payload }) => [payload.session_id, payload.done]), [["s", true]]);
});

Deno.test("the checks stop with the agent: none looks and none reports afterwards", async () => {
  let gathers = 0;
  await using rig = await AgentRig.start({}, {
    checks: () => [{
      check: {
        plugin: "test",
        target: "t",
        gather: () => (gathers++, Promise.resolve([])),
      },
      intervalMs: 1,
    }],
    random: () => 0,
  });
  const connection = await rig.registered();
  assert.deepEqual((await connection.next("register")).payload.plugins, ["test"]);
  await rig.until("it looked", () => gathers > 1);
  await rig.stopped();
  const before = gathers;
  await settle();
  assert.equal(gathers, before);
});

Deno.test("nothing keeps the process after the stop: no timer, no listener on the signal", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = stop.signal;
  stop.signal.addEventListener = function (this: AbortSignal, ...args: Parameters<typeof addEventListener>) {
    listeners++;
    return Reflect.apply(addEventListener, this, args);
  } as typeof addEventListener;
  stop.signal.removeEventListener = function (
    this: AbortSignal,
    ...args: Parameters<typeof removeEventListener>
  ) {
    listeners--;
    return Reflect.apply(removeEventListener, this, args);
  } as typeof removeEventListener;
  await using hub = await FakeHub.start((index) =>
    index < 3 ? { cutAfter: { messages: 2, how: "fin" } } : {}
  );
  const agent = new Agent({
    address: hub.address,
    agentId: AGENT_ID,
    host: recordedHost(),
    checks: () => [],
    clock,
  });
  const running = agent.run(stop.signal);
  let over = false;
  running.then(() => over = true);
  while (hub.connections.length < 4) await clock.tick(100);
  await hub.connections[3]?.next("heartbeat");
  const during = listeners;
  stop.abort();
  while (!over) await clock.tick(5);
  assert.equal(clock.pendingTimers, 0);
  assert.ok(during <= 4, `${during} listeners after four connections`);
});

Deno.test("notify works before, during and after a run, and never throws", async () => {
  await using rig = await AgentRig.make();
  rig.notify(0, 1);
  rig.run();
  await rig.registered();
  rig.notify(1, 1);
  await rig.stopped();
  rig.notify(2, 5000);
});
