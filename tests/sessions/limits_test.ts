import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { RemotePolicy, type RemoteSettings } from "../../lib/sessions/remote_policy.ts";
import { ToolError } from "../../lib/tools/tool_error.ts";
import type { ToolGate } from "../../lib/tools/tool_gate.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import { job, Rig } from "./rig.ts";

const limited = (settings: RemoteSettings) =>
  new Rig({ policy: new RemotePolicy(new FakeClock(), settings), limit: 2 });

/** The gate of the last run. */
function gateOf(rig: Rig): ToolGate {
  const { gate } = job(rig.diagnose.runs).request;
  assert.ok(gate);
  return gate;
}

async function runTool(gate: ToolGate): Promise<string> {
  try {
    await (await gate.enter("disk_overview", {})).leave({ status: "ok", bytes: 1 });
    return "ok";
  } catch (error) {
    assert.ok(error instanceof ToolError && error.kind === "not_allowed");
    return error.message;
  }
}

Deno.test("a run that never returns loses its slot at the limit of minutes, and the operator is told", async () => {
  const rig = limited({ maxMs: 5 * 60_000 });
  rig.start("diagnose");
  job(rig.diagnose.runs).stream("thinking", "hm");
  await rig.clock.tick(5 * 60_000 - 1);
  assert.equal(rig.limiter.active, 1);
  assert.equal(job(rig.diagnose.runs).signal.aborted, false);
  await rig.clock.tick(1);
  assert.equal(job(rig.diagnose.runs).signal.aborted, true);
  await rig.clock.tick(1000);
  assert.equal(rig.limiter.active, 0);
  assert.deepEqual(rig.said(), [
    "output thinking:hm",
    "final delta=This session has ended: it has reached this host's limit of 5 minutes. stage=answer",
  ]);
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("a report that comes within the second after the limit of minutes is sent, and says that it was cut short", async () => {
  const rig = limited({ maxMs: 60_000 });
  rig.start("diagnose");
  await rig.clock.tick(60_000);
  job(rig.diagnose.runs).stream("answer", "too late");
  job(rig.diagnose.runs).resolve("# Half of it");
  await settle();
  assert.deepEqual(rig.said(), [
    "final report=# Half of it\n\nThis session has ended: it has reached this host's limit of 1 minute.",
  ]);
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("a run that fails at the limit of minutes ends with the limit, not with its error", async () => {
  const rig = limited({ maxMs: 60_000 });
  rig.start("diagnose");
  await rig.clock.tick(60_000);
  job(rig.diagnose.runs).reject(job(rig.diagnose.runs).signal.reason);
  await settle();
  assert.deepEqual(rig.link.of("s1").map(({ kind }) => kind), ["final"]);
});

Deno.test("a run that ends in time leaves no timer", async () => {
  const rig = limited({ maxMs: 60_000 });
  rig.start("diagnose");
  job(rig.diagnose.runs).resolve("# Done");
  await settle();
  assert.deepEqual(rig.said(), ["final report=# Done"]);
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("a chat ends at the limit of minutes although it is written to all the time", async () => {
  const rig = limited({ maxMs: 10 * 60_000 });
  const chat = await rig.openChat();
  for (let minute = 0; minute < 10; minute++) {
    rig.input("go on");
    await settle();
    job(chat.turns).resolve("yes");
    await rig.clock.tick(60_000);
  }
  assert.match(rig.said().at(-1) ?? "", /^final delta=This session .* limit of 10 minutes\. stage=answer$/);
  assert.equal(chat.closed, 1);
  assert.equal(rig.limiter.active, 0);
});

Deno.test("a chat ends with the last turn that it may have", async () => {
  const rig = limited({ maxTurns: 2 });
  const chat = await rig.openChat();
  for (const message of ["one", "two", "three"]) rig.input(message);
  await settle();
  job(chat.turns).resolve("1");
  await settle();
  job(chat.turns).resolve("2");
  await settle();
  assert.equal(chat.turns.length, 2);
  assert.deepEqual(rig.said(), [
    "turnDone answer:1",
    "turnDone answer:2",
    "final delta=This session has ended: it has reached this host's limit of 2 turns in a chat. stage=answer",
  ]);
});

Deno.test("a session says no more than it may, to the byte, whatever its pieces", async () => {
  const rig = limited({ maxOutputBytes: 10 });
  rig.start("diagnose");
  const { stream, signal } = job(rig.diagnose.runs);
  await stream("answer", "äää");
  await stream("answer", "€€");
  assert.equal(signal.aborted, true);
  await stream("answer", "more");
  job(rig.diagnose.runs).resolve("");
  await settle();
  const outputs = rig.link.of("s1").flatMap((record) => record.kind === "output" ? [record.delta] : []);
  assert.deepEqual(outputs, ["äää", "€"]);
  assert.ok(Buffer.byteLength(outputs.join("")) <= 10);
  assert.match(
    rig.said().at(-1) ?? "",
    /^final delta=.* limit of 10 bytes of output in a session\. stage=answer$/,
  );
});

Deno.test("a report has the room that the stream has left, and says what is missing", async () => {
  const rig = limited({ maxOutputBytes: 100 });
  rig.start("diagnose");
  await job(rig.diagnose.runs).stream("answer", "x".repeat(60));
  job(rig.diagnose.runs).resolve("y".repeat(500));
  await settle();
  const report = rig.said().at(-1) ?? "";
  assert.match(report, /^final report=y{40}\n\n\[cut here: 460 bytes left out\]\n\nThis session has reached/);
});

Deno.test("a chat's replies count as output", async () => {
  const rig = limited({ maxOutputBytes: 100 });
  const chat = await rig.openChat();
  rig.input("one");
  await settle();
  job(chat.turns).resolve("z".repeat(150));
  await settle();
  const [reply, final] = rig.said();
  assert.match(reply ?? "", /^turnDone answer:z{100}\n\n\[cut here: 50 bytes left out\]$/);
  assert.match(final ?? "", /^final delta=.*100 bytes of output/);
});

Deno.test("tools beyond the limit of a session do not run, and the report says so", async () => {
  const rig = limited({ maxToolRuns: 2 });
  rig.start("diagnose");
  const gate = gateOf(rig);
  const refusal = "not allowed by host policy: more than 2 tool runs in a session";
  assert.deepEqual([await runTool(gate), await runTool(gate), await runTool(gate)], ["ok", "ok", refusal]);
  assert.equal(job(rig.diagnose.runs).signal.aborted, false, "what was seen so far is still told");
  job(rig.diagnose.runs).resolve("# Half of it");
  await settle();
  assert.deepEqual(rig.said(), [
    "final report=# Half of it\n\nThis session has reached this host's limit of 2 tool runs in a session.",
  ]);
});

Deno.test("a chat that has run all its tools ends with the turn", async () => {
  const rig = limited({ maxToolRuns: 1 });
  const chat = await rig.openChat();
  const { gate } = job(rig.chat.opens).request;
  assert.ok(gate);
  rig.input("one");
  await settle();
  await runTool(gate);
  assert.match(await runTool(gate), /more than 1 tool runs in a session$/);
  job(chat.turns).resolve("could not");
  await settle();
  assert.deepEqual(rig.said().map((line) => line.slice(0, 20)), [
    "turnDone answer:coul",
    "final delta=This ses",
  ]);
});

Deno.test("the tools of all sessions together have a limit within an hour", async () => {
  const clock = new FakeClock();
  const rig = new Rig({ policy: new RemotePolicy(clock, { maxToolRunsPerHour: 2 }), limit: 2 });
  rig.start("diagnose", "a");
  const first = gateOf(rig);
  rig.start("diagnose", "b");
  const second = gateOf(rig);
  const refusal = "not allowed by host policy: more than 2 tool runs within an hour";
  assert.deepEqual([await runTool(first), await runTool(second), await runTool(first)], [
    "ok",
    "ok",
    refusal,
  ]);
  await clock.tick(3_600_000);
  assert.equal(await runTool(second), "ok");
  rig.scope.close("end of test");
  await rig.clock.tick(1000);
});

Deno.test("no tool runs for a session that was cancelled or has ended", async () => {
  const rig = limited({});
  rig.start("diagnose", "a");
  const gate = gateOf(rig);
  assert.equal(await runTool(gate), "ok");
  rig.scope.cancel("a", "enough");
  assert.equal(await runTool(gate), "cannot run disk_overview: the session is over");
  await rig.clock.tick(1000);
  assert.equal(await runTool(gate), "cannot run disk_overview: the session is over");
});

Deno.test("each session has limits of its own", async () => {
  const rig = limited({ maxToolRuns: 1 });
  rig.start("diagnose", "a");
  const first = gateOf(rig);
  rig.start("diagnose", "b");
  const second = gateOf(rig);
  assert.deepEqual([await runTool(first), await runTool(second)], ["ok", "ok"]);
  rig.scope.close("end of test");
  await rig.clock.tick(1000);
});
