import assert from "node:assert/strict";
import { ToolPolicy } from "../../lib/tools/policy.ts";
import { ToolError } from "../../lib/tools/tool_error.ts";
import type { ToolEnd, ToolGate } from "../../lib/tools/tool_gate.ts";
import { scriptedTool, toolRig } from "./scripted_tool.ts";

/** A gate that keeps what it was told, in order. */
class RecordingGate implements ToolGate {
  readonly told: string[] = [];
  refusal: ToolError | undefined;
  /** Thrown when a run is over. */
  withheld: ToolError | undefined;

  enter(tool: string, args: Readonly<Record<string, unknown>>) {
    this.told.push(`enter ${tool} ${JSON.stringify(args)}`);
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    return Promise.resolve({
      leave: ({ status, bytes, error }: ToolEnd) => {
        this.told.push(`leave ${status} ${bytes} ${error ?? ""}`.trim());
        return this.withheld === undefined ? Promise.resolve() : Promise.reject(this.withheld);
      },
    });
  }
}

Deno.test("the gate is asked before a tool runs, and told before its result is", async () => {
  const gate = new RecordingGate();
  const { registry, signal } = toolRig([scriptedTool(() => {
    gate.told.push("run");
    return Promise.resolve({ text: "äö", data: null });
  })]);
  await registry.run("scripted", {}, signal, gate);
  assert.deepEqual(gate.told, ["enter scripted {}", "run", "leave ok 4"]);
});

Deno.test("a tool does not run that the gate does not let in", async () => {
  const gate = new RecordingGate();
  gate.refusal = new ToolError("not_allowed", "no");
  let runs = 0;
  const { registry, signal } = toolRig([scriptedTool(() => {
    runs++;
    return Promise.resolve({ text: "", data: null });
  })]);
  await assert.rejects(registry.run("scripted", {}, signal, gate), gate.refusal);
  assert.equal(runs, 0);
});

Deno.test("a result is withheld that the gate does not let out", async () => {
  const gate = new RecordingGate();
  gate.withheld = new ToolError("not_allowed", "no");
  const { registry, signal } = toolRig([scriptedTool(() => Promise.resolve({ text: "secret", data: null }))]);
  await assert.rejects(registry.run("scripted", {}, signal, gate), gate.withheld);
});

Deno.test("runs without a result pass the gate too: unknown tools, forbidden ones, wrong arguments, failures", async () => {
  const gate = new RecordingGate();
  const { registry, signal } = toolRig(
    [
      scriptedTool(() => Promise.reject(new Error("broken"))),
      scriptedTool(() => Promise.resolve({ text: "", data: null }), { name: "forbidden" }),
    ],
    { policy: new ToolPolicy(["scripted"]) },
  );
  await assert.rejects(registry.run("no_such", {}, signal, gate), { kind: "unknown_tool" });
  await assert.rejects(registry.run("forbidden", {}, signal, gate), { kind: "not_allowed" });
  await assert.rejects(registry.run("scripted", { odd: 1 }, signal, gate), { kind: "bad_arguments" });
  await assert.rejects(registry.run("scripted", {}, signal, gate), { kind: "failed" });
  assert.deepEqual(gate.told.map((line) => line.split(" ").slice(0, 2).join(" ")), [
    "enter no_such",
    "leave unknown_tool",
    "enter forbidden",
    "leave not_allowed",
    "enter scripted",
    "leave bad_arguments",
    "enter scripted",
    "leave failed",
  ]);
});

Deno.test("a run that is cancelled is told as such", async () => {
  const gate = new RecordingGate();
  const stop = new AbortController();
  const { registry } = toolRig([
    scriptedTool((_args, { signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
    ),
  ]);
  const running = registry.run("scripted", {}, stop.signal, gate);
  await Promise.resolve();
  stop.abort(new Error("enough"));
  await assert.rejects(running, /enough/);
  assert.equal(gate.told.at(-1), "leave cancelled 0");
});
