import assert from "node:assert/strict";
import { runSteps, type Step } from "../../lib/diagnose/steps.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import { RecordedStream } from "./recorded_stream.ts";

function step(name: string, run: Step<string>["run"]): Step<string> {
  return { name, args: {}, why: `why ${name}`, run };
}

function rig() {
  const clock = new FakeClock();
  const over = new AbortController();
  const abort = new AbortController();
  const stream = new RecordedStream();
  const run = (steps: Step<string>[], atOnce = 4) =>
    runSteps(
      steps,
      { clock, stepDeadlineMs: 5000, over: over.signal, atOnce, maxStreamedBytes: 40 },
      stream.callback,
      abort.signal,
    );
  return { clock, over, abort, stream, run };
}

const answer = (text: string) => ({ text, value: text });

Deno.test("steps are told in their order, whichever comes back first", async () => {
  const { run, stream } = rig();
  const slow = Promise.withResolvers<void>();
  const outcomes = await run([
    step("slow", async () => {
      await slow.promise;
      return answer("first");
    }),
    step("fast", () => {
      slow.resolve();
      return Promise.resolve(answer("second"));
    }),
  ]);
  assert.deepEqual(stream.pieces, [
    ["thinking", "why slow"],
    ["tool_call", "slow"],
    ["tool_result", "first"],
    ["thinking", "why fast"],
    ["tool_call", "fast"],
    ["tool_result", "second"],
  ]);
  assert.deepEqual(outcomes.map(({ answer }) => answer?.value), ["first", "second"]);
});

Deno.test("so many are under way at once, and no more", async () => {
  const { run } = rig();
  let underWay = 0;
  let most = 0;
  const steps = Array.from({ length: 9 }, (_, at) =>
    step(`s${at}`, async () => {
      most = Math.max(most, ++underWay);
      await settle();
      underWay--;
      return answer("x");
    }));
  await run(steps, 4);
  assert.equal(most, 4);
});

Deno.test("what fails, hangs or may not look is a gap of its kind", async () => {
  const { run, clock } = rig();
  const running = run([
    step("broken", () => {
      throw new Error("cannot do it: broken");
    }),
    step("hangs", () => new Promise(() => {})),
    step("hidden", () => Promise.reject(new FactUnavailableError("cannot read: no permission"))),
    step("denied", () => Promise.reject(Object.assign(new Error("no"), { kind: "not_allowed" }))),
    step("late", () => Promise.reject(Object.assign(new Error("late"), { kind: "timed_out" }))),
    step("fine", () => Promise.resolve(answer("ok"))),
  ]);
  await clock.tick(5000);
  const outcomes = await running;
  assert.deepEqual(outcomes.map(({ gap }) => gap?.kind), [
    "failed",
    "timed_out",
    "unavailable",
    "unavailable",
    "timed_out",
    undefined,
  ]);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("when the time is over, what runs is a gap and what was not begun is told no more", async () => {
  const { run, over, stream } = rig();
  const told = Promise.withResolvers<void>();
  const running = run(
    [
      step("hangs", () => {
        told.resolve();
        return new Promise(() => {});
      }),
      step("never", () => Promise.resolve(answer("x"))),
    ],
    1,
  );
  await told.promise;
  await settle();
  over.abort();
  const outcomes = await running;
  assert.deepEqual(outcomes.map(({ gap }) => gap?.kind), ["timed_out", "not_begun"]);
  assert.deepEqual(stream.of("tool_call"), ["hangs"]);
});

Deno.test("a cancellation is heard at every moment, also where neither step nor reader comes back", async () => {
  for (const hangs of ["thinking", "tool_call", "tool_result", "step"]) {
    const { clock, abort } = rig();
    const begun = Promise.withResolvers<void>();
    const seen: AbortSignal[] = [];
    const stream = (stage: string) => {
      if (stage !== hangs) return Promise.resolve();
      begun.resolve();
      return new Promise<void>(() => {});
    };
    const running = runSteps(
      [step("s", (signal) => {
        seen.push(signal);
        if (hangs !== "step") return Promise.resolve(answer("x"));
        begun.resolve();
        return new Promise(() => {});
      })],
      { clock, stepDeadlineMs: 5000, over: new AbortController().signal },
      stream,
      abort.signal,
    );
    await begun.promise;
    abort.abort(new Error("cancelled"));
    await assert.rejects(running, /cancelled/, hangs);
    assert.equal(clock.pendingTimers, 0, hangs);
    if (hangs === "step") assert(seen[0]?.aborted, "the step was told to let go");
  }
});

Deno.test("what is streamed of an answer is bounded and inert", async () => {
  const { run, stream } = rig();
  await run([step("loud", () => Promise.resolve(answer(`\u001b[31m\u202e${"é".repeat(100)}`)))]);
  const [text = ""] = stream.of("tool_result");
  assert.match(text, /^\[31mé{18}\n\[cut: the first 40 of 204 bytes\]$/);
});
