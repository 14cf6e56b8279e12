import { about } from "../../lib/zod.ts";
import assert from "node:assert/strict";
import * as z from "zod/mini";
import { duration } from "../../lib/config/fields.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { flag, processId, wholeNumber } from "../../lib/tools/arguments.ts";
import { ToolPolicy } from "../../lib/tools/policy.ts";
import type { ToolContext, ToolOutput } from "../../lib/tools/tool.ts";
import { ToolError, type ToolErrorKind } from "../../lib/tools/tool_error.ts";
import { settle } from "../fakes/fake_clock.ts";
import { ARGS, scriptedTool, toolRig } from "./scripted_tool.ts";

const said = (text: string, data: unknown = {}): Promise<ToolOutput> => Promise.resolve({ text, data });

function refusal(kind: ToolErrorKind, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof ToolError, String(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    return true;
  };
}

Deno.test("tools are listed by family, then by name, with their arguments", () => {
  const tools = [
    scriptedTool(() => said(""), { name: "b_two", family: "b" }),
    scriptedTool(() => said(""), { name: "a_two", family: "b", args: ARGS }),
    scriptedTool(() => said(""), { name: "z_one", family: "a" }),
  ];
  const { registry } = toolRig(tools);
  assert.deepEqual(registry.list().map(({ name }) => name), ["z_one", "a_two", "b_two"]);
  assert.deepEqual(registry.list()[1]?.args, [
    { name: "pid", description: "Which.", required: true },
    { name: "verbose", description: "Whether to say more.", required: false, default: false },
  ]);
  const { inputSchema } = registry.describe("a_two");
  assert.equal(inputSchema.additionalProperties, false);
  assert.deepEqual(inputSchema.required, ["pid"]);
});

Deno.test("two tools of one name are a mistake that shows at once", () => {
  const tool = scriptedTool(() => said(""));
  assert.throws(() => toolRig([tool, tool]), /two of the name scripted/);
});

Deno.test("what is not in the set cannot be run; the nearest is named", async () => {
  const { registry, signal } = toolRig([scriptedTool(() => said(""), { name: "disk_overview" })]);
  await assert.rejects(
    registry.run("disk_overvew", {}, signal),
    refusal("unknown_tool", /did you mean disk_overview/),
  );
  await assert.rejects(
    registry.run("constructor", {}, signal),
    refusal("unknown_tool", /no tool "constructor"/),
  );
  await assert.rejects(
    registry.run("\x1b[31mx", {}, signal),
    (error: Error) => !error.message.includes("\x1b"),
  );
});

Deno.test("what the policy does not admit is neither listed, nor suggested, nor run", async () => {
  let runs = 0;
  const tools = [
    scriptedTool(() => (runs++, said("")), { name: "tcp_ping", reach: "network" }),
    scriptedTool(() => said("fine"), { name: "load" }),
  ];
  const { registry, signal } = toolRig(tools, { policy: new ToolPolicy() });
  assert.deepEqual(registry.list().map(({ name }) => name), ["load"]);
  assert.deepEqual(registry.suggest("tcp ping"), []);
  assert.throws(() => registry.describe("tcp_ping"), refusal("not_allowed", /not allowed by host policy/));
  await assert.rejects(registry.run("tcp_ping", {}, signal), refusal("not_allowed", /tcp_ping/));
  assert.equal(runs, 0);
});

Deno.test("arguments that are not declared, missing or of the wrong kind are refused by name, not by value", async () => {
  const { registry, signal } = toolRig([scriptedTool(() => said(""), { args: ARGS })]);
  const run = (args: Record<string, unknown>) => registry.run("scripted", args, signal);
  await assert.rejects(
    run({ pid: 1, verbos: true }),
    refusal("bad_arguments", /no argument "verbos", did you mean verbose\?/),
  );
  await assert.rejects(
    run({}),
    refusal("bad_arguments", /pid is missing; it takes pid, verbose \(optional\)/),
  );
  await assert.rejects(
    run({ pid: "hunter2" }),
    (error: Error) =>
      refusal("bad_arguments", /pid is not valid/)(error) && !error.message.includes("hunter2"),
  );
  await assert.rejects(run({ pid: { toString: () => "1" } }), refusal("bad_arguments", /pid must be a text/));
  await assert.rejects(run({ pid: NaN }), refusal("bad_arguments", /pid must be a text/));
  await assert.rejects(run(JSON.parse('{"__proto__": 1, "pid": 1}')), refusal("bad_arguments", /__proto__/));
});

Deno.test("a schema that throws over an argument refuses it", async () => {
  const args = { at: about(z.pipe(z.string(), z.transform((text) => BigInt(text))), "A number.") };
  const { registry, signal } = toolRig([scriptedTool(() => said(""), { args })]);
  await assert.rejects(
    registry.run("scripted", { at: "x" }, signal),
    refusal("bad_arguments", /cannot be read; it takes at/),
  );
});

Deno.test("what models are told of arguments has a type, its bounds and its default", () => {
  const args = {
    count: about(wholeNumber(10, 1, 100), "How many."),
    all: about(flag(false), "All."),
    pid: about(processId(), "Which."),
    since: about(z._default(duration("1s", "1d"), 0), "How long."),
    kind: about(z._default(z.enum(["a", "b"]), "a"), "Kind."),
  };
  const { registry } = toolRig([scriptedTool(() => said(""), { args })]);
  assert.deepEqual(registry.describe("scripted").inputSchema, {
    type: "object",
    properties: {
      count: { type: "integer", minimum: 1, maximum: 100, default: 10, description: "How many." },
      all: { type: "boolean", default: false, description: "All." },
      pid: { type: "integer", minimum: 1, maximum: 4_194_304, description: "Which." },
      since: { type: "string", description: "How long." },
      kind: { type: "string", enum: ["a", "b"], default: "a", description: "Kind." },
    },
    required: ["pid"],
    additionalProperties: false,
  });
});

Deno.test("a result is inert, masked, and plain JSON", async () => {
  const data = {
    count: NaN,
    none: undefined,
    list: [Infinity, 1n],
    password: "hunter2",
    deep: { at: "token=hunter2" },
  };
  const { registry, signal } = toolRig([
    scriptedTool(() => said("\x1b]0;x\x07 --password=hunter2\u202e\r\nb\tc", data)),
  ]);
  const result = await registry.run("scripted", {}, signal);
  assert.equal(result.text, "\\u001b]0;x\\u0007 --password=***\nb\tc");
  assert.deepEqual(result.data, {
    count: null,
    list: [null, 1],
    password: "***",
    deep: { at: "token=***" },
  });
  assert.equal(result.truncated, false);
});

Deno.test("a text that is too long is cut between characters, with a line that says so", async () => {
  const { registry, signal } = toolRig([scriptedTool(() => said("é".repeat(40_000)))], {
    maxOutputBytes: 1001,
  });
  const { text, truncated } = await registry.run("scripted", {}, signal);
  assert.equal(text, `${"é".repeat(500)}\n[cut: the first 1001 of 80000 bytes]`);
  assert.equal(truncated, true);
});

Deno.test("the deadline ends the wait and aborts the tool", async () => {
  let seen: AbortSignal | undefined;
  const tool = scriptedTool((_args, { signal }) => {
    seen = signal;
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const { registry, clock, signal } = toolRig([tool]);
  const run = assert.rejects(
    registry.run("scripted", {}, signal),
    refusal("timed_out", /took longer than 10 s/),
  );
  await clock.tick(9_999);
  assert.equal(seen?.aborted, false);
  await clock.tick(1);
  await run;
  assert.equal(seen?.aborted, true);
  assert.equal(clock.pendingTimers, 0);
  // It heeded its signal: it may run again at once.
  const again = assert.rejects(registry.run("scripted", {}, signal), refusal("timed_out", /./));
  await clock.tick(10_000);
  await again;
});

Deno.test("a tool that does not come back is refused until it has", async () => {
  const ends: (() => void)[] = [];
  const tool = scriptedTool(() =>
    new Promise((resolve) => ends.push(() => resolve({ text: "late", data: {} })))
  );
  const other = scriptedTool(() => said("fine"), { name: "other" });
  const { registry, clock, signal } = toolRig([tool, other], { maxUnderWay: 1 });
  const first = assert.rejects(registry.run("scripted", {}, signal), refusal("timed_out", /./));
  await clock.tick(10_000);
  await first;
  await clock.tick(5_000);
  await assert.rejects(
    registry.run("scripted", {}, signal),
    refusal("unavailable", /its run of 15 s ago has not come back/),
  );
  assert.equal((await registry.run("other", {}, signal)).text, "fine"); // it holds up no other
  ends[0]?.();
  await settle();
  const second = registry.run("scripted", {}, signal);
  await settle();
  ends[1]?.();
  assert.equal((await second).text, "late");
});

Deno.test("no more than so many are at work at once; the others wait their turn, or for their own end", async () => {
  let atWork = 0;
  let most = 0;
  const ends: (() => void)[] = [];
  const tool = scriptedTool(() => {
    most = Math.max(most, ++atWork);
    return new Promise((resolve) =>
      ends.push(() => (atWork--, resolve({ text: String(ends.length), data: {} })))
    );
  });
  const { registry, clock, signal } = toolRig([tool], { maxUnderWay: 2 });
  const gone = new AbortController();
  const runs = [1, 2, 3].map(() => registry.run("scripted", {}, signal));
  const cancelled = assert.rejects(registry.run("scripted", {}, gone.signal), /gone/);
  await settle();
  assert.equal(ends.length, 2);
  gone.abort(new Error("gone"));
  await cancelled;
  ends[0]?.();
  await settle();
  assert.equal(ends.length, 3);
  ends[1]?.();
  ends[2]?.();
  await Promise.all(runs);
  assert.equal(most, 2);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a session's end ends the wait at once, with the session's own reason", async () => {
  const { registry, clock } = toolRig([scriptedTool(() => new Promise(() => {}))]);
  const session = new AbortController();
  const run = registry.run("scripted", {}, session.signal);
  await settle();
  session.abort(new Error("the operator left"));
  await assert.rejects(run, /the operator left/);
  await assert.rejects(registry.run("scripted", {}, session.signal), refusal("unavailable", /not come back/));
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("what goes wrong is told by kind, in one line, without secrets", async () => {
  const cases: [() => Promise<ToolOutput>, ToolErrorKind, RegExp][] = [
    [
      () => Promise.reject(new FactUnavailableError("cannot read /proc: no")),
      "unavailable",
      /^cannot read \/proc: no$/,
    ],
    [
      () => Promise.reject(new Deno.errors.NotCapable("no read")),
      "unavailable",
      /^cannot run scripted: no read$/,
    ],
    [() => Promise.reject(new DOMException("it hung", "TimeoutError")), "timed_out", /it hung/],
    [
      () => Promise.reject(new Error("a\n b --token=hunter2\x07")),
      "failed",
      /^cannot run scripted: a b --token=\*\*\*$/,
    ],
    [() => Promise.reject("a text"), "failed", /a text/],
    [() => Promise.reject(new Error("x".repeat(100_000))), "failed", /^.{1,1100}$/],
    [
      () => {
        throw new TypeError("thrown at once");
      },
      "failed",
      /thrown at once/,
    ],
  ];
  for (const [run, kind, message] of cases) {
    const { registry, signal, clock } = toolRig([scriptedTool(run)]);
    await assert.rejects(registry.run("scripted", {}, signal), refusal(kind, message));
    assert.equal(clock.pendingTimers, 0);
  }
});

Deno.test("a service that does not run is unavailable; elsewhere a refused connection is a failure", async () => {
  const refused = () =>
    Promise.reject(new Error("cannot connect", { cause: new Deno.errors.ConnectionRefused("refused") }));
  for (const [reach, kind] of [["service", "unavailable"], ["network", "failed"]] as const) {
    const { registry, signal } = toolRig([scriptedTool(refused, { reach })]);
    await assert.rejects(registry.run("scripted", {}, signal), refusal(kind, /cannot connect/));
  }
});

Deno.test("a tool gets the roots and programs of the configuration", async () => {
  let seen: ToolContext | undefined;
  const tool = scriptedTool((_args, context) => (seen = context, said("")));
  const { registry, signal } = toolRig([tool], { logRoots: ["/var/log"], allowRun: ["/usr/bin/dmesg"] });
  await registry.run("scripted", {}, signal);
  assert.deepEqual([seen?.logRoots, seen?.allowRun], [["/var/log"], ["/usr/bin/dmesg"]]);
});
