import assert from "node:assert/strict";
import { configureSync, type LogRecord, resetSync } from "@logtape/logtape";
import type { ChatHandle, DiagnoseRunner } from "../../lib/sessions/runners.ts";
import { settle } from "../fakes/fake_clock.ts";
import { job, Rig } from "./rig.ts";

/** What the sessions log, until it is disposed of. */
function captureLog(): { records: LogRecord[]; events(): string[] } & Disposable {
  const records: LogRecord[] = [];
  configureSync({
    sinks: { test: (record) => records.push(record) },
    loggers: [{ category: ["pawl", "sessions"], sinks: ["test"], lowestLevel: "debug" }, {
      category: ["logtape", "meta"],
      lowestLevel: "fatal",
    }],
  });
  return {
    records,
    events: () => records.map((record) => `${record.level} ${record.rawMessage}`),
    [Symbol.dispose]: () => resetSync(),
  };
}

/** A runner that a plain JavaScript embedder may have written. */
function runner(run: (...args: Parameters<DiagnoseRunner["run"]>) => unknown): DiagnoseRunner {
  return { run: run as DiagnoseRunner["run"] };
}

const failing: [string, () => unknown, string][] = [
  ["throws before it returns a promise", () => {
    throw new Error("boom");
  }, "boom"],
  ["rejects with a string", () => Promise.reject("out of luck"), "out of luck"],
  ["rejects with nothing", () => Promise.reject(), "no reason was given"],
  ["rejects with null", () => Promise.reject(null), "null"],
  [
    "rejects with an object without a prototype",
    () => Promise.reject(Object.create(null)),
    "an unknown error",
  ],
  [
    "returns nothing",
    () => undefined,
    "cannot use the report: the runner returned undefined instead of text",
  ],
  [
    "returns a number",
    () => Promise.resolve(7),
    "cannot use the report: the runner returned number instead of text",
  ],
  ["returns a thenable that throws", () => ({
    then() {
      throw new Error("no promise");
    },
  }), "no promise"],
];

for (const [what, run, text] of failing) {
  Deno.test(`a runner that ${what} fails its session and nothing else`, async () => {
    const rig = new Rig({ diagnoseRunner: runner(run) });
    assert.equal(rig.start("diagnose"), "");
    await settle();
    assert.deepEqual(rig.said(), [`error diagnose_failed: ${text}`, "final"]);
    assert.equal(rig.limiter.active, 0);
    assert.equal(rig.start("diagnose"), "");
    await settle();
  });
}

Deno.test("the operator gets one line of at most 1 KiB, and no stack", async () => {
  const rig = new Rig();
  rig.start("diagnose");
  job(rig.diagnose.runs).reject(new Error(`line one\n  at line two\r\n${"é".repeat(5000)}`));
  await settle();
  const [error] = rig.link.of("s1");
  assert.ok(error?.kind === "error");
  assert.match(error.message, /^line one at line two é+…$/);
  assert.ok(new TextEncoder().encode(error.message).length <= 1024);
  assert.doesNotMatch(error.message, /\.ts|\n/);
});

Deno.test("an abort listener that throws ends neither the process nor the cancel", async () => {
  using log = captureLog();
  const rig = new Rig();
  rig.start("diagnose", "a");
  rig.start("diagnose", "b");
  let laterListenerRan = false;
  const { signal } = job(rig.diagnose.runs, 0);
  signal.addEventListener("abort", () => {
    throw new Error("bad listener");
  });
  signal.addEventListener("abort", () => laterListenerRan = true);
  rig.scope.cancel("a", "enough");
  assert.equal(laterListenerRan, true);
  assert.ok(log.events().includes("warning session.abort_listener_failed"));
  await rig.clock.tick(1000);
  assert.deepEqual(rig.said("a"), ["final"]);
  assert.equal(job(rig.diagnose.runs).signal.aborted, false);
});

Deno.test("a rejection after the session was given up is caught, and logged at debug only", async () => {
  using log = captureLog();
  const rig = new Rig();
  rig.start("diagnose");
  rig.scope.cancel("s1", "enough");
  await rig.clock.tick(1000);
  assert.deepEqual(log.events(), ["info session.started", "warning session.ended"]);
  job(rig.diagnose.runs).reject(new Error("too late"));
  await settle();
  assert.deepEqual(log.events().slice(2), ["debug session.settled_late"]);
  const { properties } = job(log.records);
  assert.deepEqual([properties["session"], properties["error"]], ["s1", "too late"]);
});

Deno.test("a failure is logged once", async () => {
  using log = captureLog();
  const rig = new Rig();
  rig.start("diagnose");
  job(rig.diagnose.runs).reject(new Error("boom"));
  await settle();
  assert.deepEqual(log.events(), ["info session.started", "warning session.ended"]);
  const { properties } = job(log.records);
  assert.deepEqual([properties["outcome"], properties["error"]], ["failed", "boom"]);
});

Deno.test("a failed turn and a failed close are logged once each, and change nothing else", async () => {
  using log = captureLog();
  const rig = new Rig();
  const chat = await rig.openChat();
  chat.closing = Promise.reject(new Error("no goodbye"));
  chat.closing.catch(() => {});
  rig.input("go");
  await settle();
  job(chat.turns).reject(new Error("no answer"));
  await settle();
  rig.scope.cancel("s1", "enough");
  await settle();
  assert.deepEqual(rig.said(), ["turnDone error:no answer", "final"]);
  assert.deepEqual(log.events(), [
    "info session.started",
    "warning session.turn_failed",
    "warning session.chat_close_failed",
    "info session.ended",
  ]);
});

Deno.test("a handle whose close throws at once ends like any other", async () => {
  const rig = new Rig();
  const chat = await rig.openChat();
  chat.close = () => {
    throw new Error("no goodbye");
  };
  rig.scope.cancel("s1", "enough");
  await settle();
  assert.deepEqual(rig.said(), ["final"]);
});

Deno.test("a turn that throws at once, or returns no text, fails alone", async () => {
  const rig = new Rig();
  rig.chat.hold = true;
  rig.start("chat");
  let calls = 0;
  const turn = (): unknown => {
    if (++calls === 1) throw new Error("not now");
    return calls === 2 ? undefined : "better";
  };
  job(rig.chat.opens).resolve({ turn } as unknown as ChatHandle);
  for (const message of ["one", "two", "three"]) rig.input(message);
  await settle();
  assert.deepEqual(rig.said(), [
    "turnDone error:not now",
    "turnDone error:cannot use the reply: the runner returned undefined instead of text",
    "turnDone answer:better",
  ]);
  await rig.scope.close("end of test");
});

for (const notAChat of [undefined, null, {}, "chat"]) {
  Deno.test(`a chat runner that returns ${JSON.stringify(notAChat)} fails with chat_init_failed`, async () => {
    const rig = new Rig();
    rig.chat.hold = true;
    rig.start("chat");
    job(rig.chat.opens).resolve(notAChat as unknown as ChatHandle);
    await settle();
    assert.deepEqual(rig.said(), [
      "error chat_init_failed: cannot use the chat: the runner returned nothing that takes turns",
      "final",
    ]);
    assert.equal(rig.clock.pendingTimers, 0);
  });
}

Deno.test("a chat runner that throws at once fails its session", async () => {
  const rig = new Rig({
    chatRunner: {
      open() {
        throw new Error("no chat today");
      },
    },
  });
  rig.start("chat");
  await settle();
  assert.deepEqual(rig.said(), ["error chat_init_failed: no chat today", "final"]);
});

Deno.test("what is not text is not streamed", async () => {
  const rig = new Rig();
  rig.start("diagnose");
  const stream = job(rig.diagnose.runs).stream as (stage: string, delta: unknown) => Promise<void>;
  await stream("answer", undefined);
  await stream("answer", { text: "x" });
  await stream("answer", "");
  assert.deepEqual(rig.said(), ["output answer:"]);
});

Deno.test("a slot that cannot be given back does not keep the session from ending", async () => {
  const rig = new Rig({
    limiter: {
      active: 0,
      limit: 1,
      tryAcquire: () => () => {
        throw new Error("lost the key");
      },
    },
  });
  rig.start("diagnose");
  job(rig.diagnose.runs).resolve("report");
  await settle();
  assert.deepEqual(rig.said(), ["final report=report"]);
  assert.equal(rig.dispatcher.activeSessions, 0);
});

Deno.test("two sessions that hang do not hold a third one up", async () => {
  const rig = new Rig();
  rig.start("diagnose", "a");
  const chat = await rig.openChat("b");
  rig.input("hang", "b");
  rig.start("diagnose", "c");
  job(rig.diagnose.runs).resolve("report");
  await settle();
  assert.deepEqual(rig.said("c"), ["final report=report"]);
  assert.equal(rig.limiter.active, 2);
  job(chat.turns).resolve("");
  rig.scope.cancel("b", "end of test");
  await settle();
});
