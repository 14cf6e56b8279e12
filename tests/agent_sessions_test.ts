import assert from "node:assert/strict";
import type { ChatRunner, DiagnoseRequest, DiagnoseRunner } from "../lib/agent.ts";
import { numbered } from "./alerts/delivery_rig.ts";
import { AgentRig } from "./agent_rig.ts";
import { FakeClock } from "./fakes/fake_clock.ts";
import type { FakeConnection } from "./fakes/fake_hub.ts";
import { until } from "./fakes/until.ts";

function start(connection: FakeConnection, session_id: string, session_type: string, params = {}): void {
  connection.send({
    type: "session_start",
    id: `start-${session_id}`,
    payload: { session_id, session_type, user_name: "ada", params },
  });
}

const final = (session: string) => (message: { type: string; payload: unknown }) => {
  const { session_id, done } = message.payload as { session_id?: string; done?: boolean };
  return message.type === "session_output" && session_id === session && done === true;
};

Deno.test("100,000 pieces of output that nobody waits for delay neither an alert nor a heartbeat", async () => {
  const piece = (n: number) => `${n} `.padEnd(150, ".");
  const diagnoseRunner: DiagnoseRunner = {
    run(_request, stream) {
      for (let n = 0; n < 100_000; n++) stream("answer", piece(n));
      return Promise.resolve("# done");
    },
  };
  await using rig = await AgentRig.start({}, { diagnoseRunner, timings: { heartbeatMs: 20 } });
  const connection = await rig.registered();
  connection.send({ type: "ping" });
  await connection.next("heartbeat");
  start(connection, "s", "diagnose");
  await connection.next("session_output");
  connection.stopReading();
  rig.agent.notify(numbered(7));
  const beats = () => rig.events.filter(({ type }) => type === "heartbeat").length;
  const before = beats();
  await until("two more heartbeats are due", () => beats() >= before + 2);
  connection.resumeReading();
  await connection.next(final("s"));
  await connection.next("alert_events");

  // By order of arrival: how much output came before each, and how much after.
  const arrivals = connection.received;
  const outputAfter = (type: string) => {
    const from = type === "heartbeat"
      ? arrivals.findIndex((message, at) => message.type === type && at > arrivals.findIndex(isOutput))
      : arrivals.findIndex((message) => message.type === type);
    assert.ok(from >= 0, `no ${type} came`);
    return outputOf(arrivals.slice(from)).length;
  };
  assert.ok(
    outputAfter("alert_events") > 5_000_000,
    `only ${outputAfter("alert_events")} came after the alert`,
  );
  assert.ok(
    outputAfter("heartbeat") > 5_000_000,
    `only ${outputAfter("heartbeat")} came after the heartbeat`,
  );

  const text = outputOf(arrivals);
  const expected = Array.from({ length: 100_000 }, (_, n) => piece(n)).join("");
  assert.equal(text.length, expected.length);
  assert.ok(text === expected, "all of it came, in order");
  assert.ok(connection.receivedOf("session_output").length < 1000, "the pieces were merged on their way");
});

const isOutput = (message: { type: string }) => message.type === "session_output";

function outputOf(messages: FakeConnection["received"]): string {
  return messages.map((message) => message.type === "session_output" ? message.payload.delta : "").join("");
}

Deno.test("an embedder's runner is asked what the operator asked, and its report arrives", async () => {
  const requests: DiagnoseRequest[] = [];
  const diagnoseRunner: DiagnoseRunner = {
    async run(request, stream) {
      requests.push(request);
      await stream("thinking", "hm");
      return "# Report";
    },
  };
  await using rig = await AgentRig.start({}, { diagnoseRunner });
  const connection = await rig.registered();
  start(connection, "s1", "inspect", { plugin: "cpu" });
  const end = await connection.next(final("s1"));
  assert.ok(end.type === "session_output");
  assert.equal(end.payload.report, "# Report");
  const [request] = requests;
  assert.deepEqual([request?.mode, request?.plugin, request?.target, request?.userName], [
    "inspect",
    "cpu",
    "localhost",
    "ada",
  ]);
});

Deno.test("an embedder's chat answers turn by turn", async () => {
  const chatRunner: ChatRunner = {
    open: () => Promise.resolve({ turn: (message) => Promise.resolve(message.toUpperCase()) }),
  };
  await using rig = await AgentRig.start({}, { chatRunner });
  const connection = await rig.registered();
  start(connection, "c", "chat", { message: "hello" });
  const turn = (text: string) => (message: { type: string; payload: unknown }) =>
    message.type === "session_output" && (message.payload as { delta: string }).delta === text;
  await connection.next(turn("HELLO"));
  connection.send({ type: "session_input", payload: { session_id: "c", message: "again" } });
  await connection.next(turn("AGAIN"));
  connection.send({ type: "session_cancel", payload: { session_id: "c", reason: "enough" } });
  await connection.next(final("c"));
});

Deno.test("runners that are null are refused, those not given are there", async () => {
  await using without = await AgentRig.start({}, { diagnoseRunner: null, chatRunner: null });
  const bare = await without.registered();
  start(bare, "a", "diagnose");
  start(bare, "b", "chat");
  assert.equal((await bare.next("ack")).payload.error, "diagnose engine not available");
  assert.equal((await bare.next("ack")).payload.error, "chat engine not available");

  await using rig = await AgentRig.start();
  const connection = await rig.registered();
  start(connection, "a", "diagnose");
  start(connection, "b", "chat", { message: "how is it going?" });
  await connection.next(final("a"));
  await connection.next((message) =>
    message.type === "session_output" && message.payload.session_id === "b" &&
    message.payload.metadata?.["turn_done"] === true
  );
  assert.equal(connection.receivedOf("session_error").length, 0);
});

Deno.test("sessions of a lost connection are cancelled, and nothing of them leaks into the next", async () => {
  const aborted = Promise.withResolvers<void>();
  const diagnoseRunner: DiagnoseRunner = {
    run: (_request, stream, signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          stream("answer", "too late");
          aborted.resolve();
          resolve("# too late");
        });
      }),
  };
  await using rig = await AgentRig.start({}, { diagnoseRunner, clock: new FakeClock() });
  const first = await rig.registered();
  start(first, "s", "diagnose");
  await first.next("ack");
  first.cut("reset");
  await aborted.promise;
  const second = await rig.registered(2);
  start(second, "s", "diagnose");
  assert.equal((await second.next("ack")).payload.ok, true, "the id and the slot are free again");
  second.send({ type: "session_cancel", payload: { session_id: "s" } });
  await second.next(final("s"));
  assert.equal(outputOf(second.received), "");
});
