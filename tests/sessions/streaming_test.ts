import assert from "node:assert/strict";
import { settle } from "../fakes/fake_clock.ts";
import { job, Rig } from "./rig.ts";

/** Counts how many of the promises have resolved. */
function count(promises: Promise<void>[]): { resolved: number } {
  const state = { resolved: 0 };
  for (const promise of promises) promise.then(() => state.resolved++);
  return state;
}

Deno.test("a runner that awaits its output waits while the link has no room", async () => {
  const rig = new Rig();
  rig.start("diagnose");
  rig.link.full = true;
  const waiting = count([job(rig.diagnose.runs).stream("thinking", "a")]);
  await settle();
  assert.equal(waiting.resolved, 0);
  rig.link.makeRoom();
  await settle();
  assert.equal(waiting.resolved, 1);
});

Deno.test("a cancel frees a runner that waits for room", async () => {
  const rig = new Rig({
    diagnoseRunner: {
      async run(_request, stream) {
        await stream("thinking", "a");
        return "";
      },
    },
  });
  rig.link.full = true;
  rig.start("diagnose");
  rig.scope.cancel("s1", "enough");
  await settle();
  assert.deepEqual(rig.said(), ["output thinking:a", "final"], "it settled by itself, without the clock");
});

Deno.test("the end of the session and of the connection free what still waits for room", async () => {
  const rig = new Rig();
  rig.link.full = true;
  rig.start("diagnose", "a");
  rig.start("diagnose", "b");
  const [a, b] = [job(rig.diagnose.runs, 0), job(rig.diagnose.runs, 1)];
  const waiting = count([a.stream("thinking", "1"), a.stream("answer", "2"), b.stream("thinking", "3")]);
  a.resolve("");
  await settle();
  assert.equal(waiting.resolved, 2);
  rig.scope.close("lost");
  await settle();
  assert.equal(waiting.resolved, 3);
  b.resolve("");
  await settle();
});

Deno.test("a turn that waits for room is freed by the cancel", async () => {
  const rig = new Rig();
  const chat = await rig.openChat();
  rig.link.full = true;
  rig.input("go");
  await settle();
  const waiting = count([job(chat.turns).stream("answer", "…")]);
  rig.scope.cancel("s1", "enough");
  await settle();
  assert.equal(waiting.resolved, 1);
  job(chat.turns).resolve("");
  await settle();
});

Deno.test("100,000 deltas without a wait all reach the link in order, and the cancel frees every one", async () => {
  const rig = new Rig();
  rig.link.full = true;
  rig.start("diagnose");
  const { stream, resolve } = job(rig.diagnose.runs);
  const waiting = count(Array.from({ length: 100_000 }, (_, n) => stream("answer", String(n))));
  const outputs = rig.link.of("s1");
  assert.equal(outputs.length, 100_000);
  assert.ok(outputs.every((record, n) => record.kind === "output" && record.delta === String(n)));
  rig.scope.cancel("s1", "enough");
  await settle();
  assert.equal(waiting.resolved, 100_000);
  resolve("");
  await settle();
  assert.deepEqual(rig.link.of("s1").at(-1), { kind: "final", sessionId: "s1", output: {} });
});
