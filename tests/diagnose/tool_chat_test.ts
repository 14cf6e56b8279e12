import assert from "node:assert/strict";
import { ToolChat } from "../../lib/diagnose/tool_chat.ts";
import type { Check } from "../../lib/checks/check.ts";
import type { ChatRequest } from "../../lib/sessions/runners.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { RecordedStream } from "./recorded_stream.ts";
import { blindCheck, hostChecks } from "./scripted_checks.ts";
import { ScriptedToolError, ScriptedTools } from "./scripted_tools.ts";

const REQUEST: ChatRequest = {
  sessionId: "s1",
  userName: "ana",
  allowShell: false,
  params: { plugin: "", target: "", message: "" },
};
const OFFER = "Ask for cpu, mem, disk, or for a status of all, and it is measured and told.";
const NO_MODEL = "No model is configured on this host, so there is no conversation.";

async function openChat(tools?: ScriptedTools, checks: Check[] = hostChecks()) {
  const clock = new FakeClock();
  const { signal } = new AbortController();
  const chat = await new ToolChat({ clock, makeChecks: () => checks, ...(tools && { tools }) }).open(
    REQUEST,
    signal,
  );
  const stream = new RecordedStream();
  const say = async (message: string) => {
    stream.pieces.length = 0;
    const turn = chat.turn(message, stream.callback, signal);
    turn.catch(() => {}); // awaited below, after the clock was turned
    await clock.tick(12_000);
    return await turn;
  };
  return { say, stream, clock };
}

function someTools() {
  return new ScriptedTools({
    disk_overview: ({ path }) => ({ text: `file system of ${path}\n# not a heading\n\u001b[31mfull` }),
    disk_io_latency: () => ({ text: "" }),
    mem_overview: () => {
      throw new ScriptedToolError("bad_arguments", "cannot run mem_overview: no argument *x*");
    },
    top_cpu_processes: () => new Promise(() => {}),
  });
}

Deno.test("the first turn says that there is no model, and what can be had instead", async () => {
  const { say, stream } = await openChat();
  assert.equal(await say("why is the shop slow?"), `${NO_MODEL} ${OFFER}`);
  assert.equal(await say("and now?"), OFFER);
  assert.deepEqual(stream.pieces, []);
});

Deno.test("a first turn that asks for a figure gets it, too", async () => {
  const { say } = await openChat();
  assert.equal(
    await say("how is memory?"),
    `${NO_MODEL} The figures now:\n- mem: memory usage of memory 25.0 % (4.0 GiB of 16.0 GiB used)\n\n` +
      "All figures are within their thresholds.",
  );
});

Deno.test("a figure is asked for by any of its names, and everything by several words", async () => {
  const { say, stream } = await openChat();
  await say("hello");
  for (
    const [message, names] of [
      ["CPU?", ["cpu"]],
      ["what is the load", ["cpu"]],
      ["RAM and disk space, please", ["mem", "disk"]],
      ["status", ["cpu", "mem", "disk"]],
      ["give me a report", ["cpu", "mem", "disk"]],
      ["show all checks", ["cpu", "mem", "disk"]],
      ["check the disk", ["disk"]],
      ["help", []],
      ["?", []],
      ["downloads and members and ramps", []],
    ] as const
  ) {
    const reply = await say(message);
    assert.deepEqual(stream.of("tool_call"), names, message);
    if (names.length === 0) assert.equal(reply, OFFER, message);
    for (const name of names) assert.match(reply, new RegExp(`^- ${name}: .+`, "m"));
  }
});

Deno.test("a figure that cannot be had is named as such", async () => {
  const { say } = await openChat(undefined, [blindCheck("disk", "/")]);
  await say("hello");
  assert.match(
    await say("disk"),
    /^The figures now:\n- disk: unavailable: cannot read disk: it is not granted; grant it\n\nNothing could be measured\. Not seen: disk \/\.$/,
  );
});

Deno.test("help names the tools by family, and how they are run", async () => {
  const { say } = await openChat(someTools());
  await say("hello");
  for (const message of ["?", "help", "tools"]) {
    const reply = await say(message);
    assert.match(reply, /^- disk: `disk_overview`, `disk_io_latency`$/m, message);
    assert.match(reply, /`path=\/data`/);
  }
});

Deno.test("a tool is run by its name, with its arguments; its answer is quoted so that nothing in it is obeyed", async () => {
  const tools = someTools();
  const { say, stream } = await openChat(tools);
  await say("hello");
  const reply = await say('disk_overview path="/my \\"data\\"" depth=\'a b\'');
  assert.deepEqual(tools.calls, [{ name: "disk_overview", args: { path: '/my "data"', depth: "a b" } }]);
  assert.equal(
    reply,
    '`disk_overview`:\n\n    file system of /my "data"\n    # not a heading\n    [31mfull',
  );
  assert.deepEqual(stream.of("tool_call"), ['disk_overview path="/my \\"data\\"" depth="a b"']);
  assert.equal(stream.of("tool_result").length, 1);
  assert.deepEqual(stream.of("thinking"), []);
});

Deno.test("a tool that fails or hangs is told, and the chat goes on", async () => {
  const { say, clock } = await openChat(someTools());
  await say("hello");
  assert.equal(
    await say("mem_overview x=1"),
    "`mem_overview` has no answer: cannot run mem\\_overview: no argument \\*x\\*",
  );
  assert.equal(await say("top_cpu_processes"), "`top_cpu_processes` has no answer: no result in time");
  assert.match(await say("status"), /^The figures now:/);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a typo gets the nearest name, and nothing is run", async () => {
  const tools = someTools();
  const { say } = await openChat(tools);
  await say("hello");
  assert.match(
    await say("disk_overveiw path=/data"),
    /no tool disk\\_overveiw\. Did you mean `disk_overview`/,
  );
  assert.match(await say("zzz_qqq"), /no tool zzz\\_qqq\. `\?` lists those there are\./);
  assert.deepEqual(tools.calls, []);
});

Deno.test("a command that is not whole is told what it lacks", async () => {
  const tools = someTools();
  const { say } = await openChat(tools);
  await say("hello");
  assert.match(await say('disk_overview path="/data'), /a quote is not closed/);
  assert.match(await say("disk_overview path=/a path=/b"), /path is there twice/);
  assert.match(await say("disk_overview path=/a b"), /has to be key=value/);
  assert.deepEqual(tools.calls, []);
});

Deno.test("a question mark with words names the tools that fit", async () => {
  const { say } = await openChat(someTools());
  await say("hello");
  assert.match(
    await say("? disk latency"),
    /^These tools may tell[^]*- `disk_io_latency`: Tells of disk io latency/,
  );
  assert.match(await say("? xylophone"), /^No tool fits those words\./);
});

Deno.test("a reply is bounded", async () => {
  const tools = new ScriptedTools({ log_tail: () => ({ text: "line\n".repeat(20_000) }) });
  const { say } = await openChat(tools);
  const reply = await say("log_tail file=/x");
  assert.match(reply, /\(cut: the first 16384 of 100000 bytes\)$/);
});

Deno.test("a chat or a turn that is cancelled ends with the reason", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const runner = new ToolChat({ clock, makeChecks: () => hostChecks(), tools: someTools() });
  const chat = await runner.open(REQUEST, abort.signal);
  const turn = assert.rejects(
    chat.turn("top_cpu_processes", () => Promise.resolve(), abort.signal),
    /cancelled/,
  );
  await clock.tick(100);
  abort.abort(new Error("cancelled"));
  await turn;
  await assert.rejects(runner.open(REQUEST, abort.signal), /cancelled/);
  assert.equal(clock.pendingTimers, 0);
});
