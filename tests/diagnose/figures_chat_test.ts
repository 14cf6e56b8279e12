import assert from "node:assert/strict";
import { FiguresChat } from "../../lib/diagnose/figures_chat.ts";
import type { FixtureFacts } from "../../lib/host/fixture.ts";
import type { ChatRequest } from "../../lib/sessions/runners.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { recordedHost } from "../host/recorded_host.ts";
import { RecordedStream } from "./recorded_stream.ts";

const REQUEST: ChatRequest = {
  sessionId: "s1",
  userName: "ana",
  allowShell: false,
  params: { plugin: "", target: "", message: "" },
};
const OFFER = "Ask for cpu, load, mem, disk, or for a status of all, and it is measured and told.";
const NO_MODEL = "No model is configured on this host, so there is no conversation.";

async function openChat(host: FixtureFacts = recordedHost()) {
  const clock = new FakeClock();
  const { signal } = new AbortController();
  const chat = await new FiguresChat({ host, clock }).open(REQUEST, signal);
  const stream = new RecordedStream();
  const say = async (message: string) => {
    const turn = chat.turn(message, stream.callback, signal);
    await clock.tick(1000);
    return await turn;
  };
  return { say, stream };
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
    `${NO_MODEL} The figures now:\n- mem: memory usage 25.0 % (4.0 GiB of 16.0 GiB used)\n\n` +
      "The figure is within the thresholds.",
  );
});

Deno.test("a figure is asked for by any of its names, and everything by several words", async () => {
  const { say, stream } = await openChat();
  await say("hello");
  for (
    const [message, names] of [
      ["CPU?", ["cpu"]],
      ["what is the load", ["load"]],
      ["RAM and disk space, please", ["mem", "disk"]],
      ["status", ["cpu", "load", "mem", "disk"]],
      ["give me a report", ["cpu", "load", "mem", "disk"]],
      ["show all checks", ["cpu", "load", "mem", "disk"]],
      ["check the disk", ["disk"]],
      ["help", []],
      ["?", []],
      ["downloads and members and ramps", []],
    ] as const
  ) {
    stream.pieces.length = 0;
    const reply = await say(message);
    assert.deepEqual(stream.of("tool_call"), names, message);
    if (names.length === 0) assert.equal(reply, OFFER, message);
    for (const name of names) assert.match(reply, new RegExp(`^- ${name}: .+`, "m"));
  }
});

Deno.test("a figure that cannot be had is named as such", async () => {
  const { say } = await openChat(recordedHost({ fileSystems: {} }));
  await say("hello");
  assert.equal(
    await say("disk"),
    "- disk: unavailable: cannot read the file system of /: it was not recorded; add it to the recording\n\n" +
      "Nothing could be measured. Not seen: disk /.",
  );
});

Deno.test("a chat or a turn that is cancelled ends with the reason", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const runner = new FiguresChat({ host: recordedHost(), clock });
  const chat = await runner.open(REQUEST, abort.signal);
  const turn = assert.rejects(chat.turn("cpu", () => Promise.resolve(), abort.signal), /cancelled/);
  await clock.tick(100);
  abort.abort(new Error("cancelled"));
  await turn;
  await assert.rejects(runner.open(REQUEST, abort.signal), /cancelled/);
  assert.equal(clock.pendingTimers, 0);
});
