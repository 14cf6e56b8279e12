import assert from "node:assert/strict";
import { settle } from "../fakes/fake_clock.ts";
import { job, Rig } from "./rig.ts";

Deno.test("inspect runs the plugin on the target in mode inspect", () => {
  const rig = new Rig();
  assert.equal(rig.start("inspect", "s1", { plugin: "redis", target: "10.0.0.7:6379" }), "");
  const { gate, ...request } = job(rig.diagnose.runs).request;
  assert.ok(gate, "its tools pass a gate");
  assert.deepEqual(request, {
    sessionId: "s1",
    userName: "ada",
    mode: "inspect",
    plugin: "redis",
    target: "10.0.0.7:6379",
    params: { plugin: "redis", target: "10.0.0.7:6379", message: "" },
  });
});

Deno.test("inspect takes localhost for a target when none is given", () => {
  const rig = new Rig();
  rig.start("inspect", "s1", { plugin: "cpu" });
  assert.equal(job(rig.diagnose.runs).request.target, "localhost");
});

Deno.test("inspect without a plugin fails with missing_plugin and never runs", () => {
  const rig = new Rig();
  assert.equal(rig.start("inspect", "s1", { plugin: "  " }), "");
  const [error, final, ...more] = rig.link.of("s1");
  assert.ok(error?.kind === "error" && error.code === "missing_plugin");
  assert.match(error.message, /params\.plugin is missing/);
  assert.deepEqual([final, more], [{ kind: "final", sessionId: "s1", output: {} }, []]);
  assert.equal(rig.diagnose.runs.length, 0);
  assert.equal(rig.limiter.active, 0);
});

Deno.test("diagnose runs in mode alert, on system and localhost unless told otherwise, with every param", () => {
  const rig = new Rig();
  rig.start("diagnose", "a", { alert_text: "disk / is full" });
  const { mode, plugin, target, params } = job(rig.diagnose.runs).request;
  assert.deepEqual([mode, plugin, target], ["alert", "system", "localhost"]);
  assert.equal(params["alert_text"], "disk / is full");
  rig.start("diagnose", "b", { plugin: "disk", target: "/srv" });
  const second = job(rig.diagnose.runs).request;
  assert.deepEqual([second.plugin, second.target], ["disk", "/srv"]);
});

Deno.test("the ack precedes what a runner streams at once", async () => {
  const rig = new Rig({
    diagnoseRunner: {
      async run(_request, stream) {
        await stream("thinking", "hm");
        await stream("tool_call", "df");
        return "# All is well";
      },
    },
  });
  rig.start("diagnose");
  await settle();
  assert.deepEqual(rig.link.records.map((record) => record.kind), ["ack", "output", "output", "final"]);
  assert.deepEqual(rig.said(), ["output thinking:hm", "output tool_call:df", "final report=# All is well"]);
});

Deno.test("an empty report does not travel", async () => {
  const rig = new Rig();
  rig.start("diagnose");
  job(rig.diagnose.runs).resolve("");
  await settle();
  assert.deepEqual(rig.link.of("s1"), [{ kind: "final", sessionId: "s1", output: {} }]);
});

Deno.test("a failure sends diagnose_failed with its causes, then an empty final output", async () => {
  const rig = new Rig();
  rig.start("inspect", "s1", { plugin: "cpu" });
  job(rig.diagnose.runs).reject(
    new Error("cannot ask the model", { cause: new Error("connection\nrefused") }),
  );
  await settle();
  assert.deepEqual(rig.said(), [
    "error diagnose_failed: cannot ask the model: connection refused",
    "final",
  ]);
  assert.deepEqual(rig.link.of("s1").at(-1), { kind: "final", sessionId: "s1", output: {} });
  assert.equal(rig.limiter.active, 0);
});

Deno.test("a report of 512 KiB travels whole; a longer one is cut and says by how much", async () => {
  const rig = new Rig();
  const limit = 512 * 1024;
  rig.start("diagnose", "a");
  job(rig.diagnose.runs).resolve("x".repeat(limit));
  rig.start("diagnose", "b");
  job(rig.diagnose.runs).resolve("x".repeat(limit + 1234));
  await settle();
  const [a, b] = [...rig.link.of("a"), ...rig.link.of("b")];
  assert.ok(a?.kind === "final" && b?.kind === "final");
  assert.equal(a.output.report, "x".repeat(limit));
  assert.equal(b.output.report, "x".repeat(limit) + "\n\n[cut here: 1234 bytes left out]");
});

Deno.test("the bound on reports can be set, and splits no character", async () => {
  const rig = new Rig({ maxReplyBytes: 6 });
  rig.start("diagnose");
  job(rig.diagnose.runs).resolve("é😀😀");
  await settle();
  assert.deepEqual(rig.said(), ["final report=é😀\n\n[cut here: 4 bytes left out]"]);
});
