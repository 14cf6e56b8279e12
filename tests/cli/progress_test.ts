import assert from "node:assert/strict";
import { progress } from "../../lib/cli/progress.ts";
import { FakeClock } from "../fakes/fake_clock.ts";

function rig() {
  const seen: string[] = [];
  const context = {
    out: () => assert.fail("stdout is for results"),
    err: (text: string) => void seen.push(text),
    exitCode: 0,
  };
  return { seen, context, clock: new FakeClock() };
}

Deno.test("what is done within a second says nothing, and leaves no timer", async () => {
  const { seen, context, clock } = rig();
  const shown = progress(context, "looking", { clock, isTerminal: true, plain: false });
  await clock.tick(999);
  shown[Symbol.dispose]();
  shown[Symbol.dispose]();
  await clock.tick(10_000);
  assert.deepEqual(seen, []);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("on a terminal one line is written over, and is gone at the end", async () => {
  const { seen, context, clock } = rig();
  using shown = progress(context, "looking", { clock, isTerminal: true, plain: false });
  await clock.tick(1000);
  shown.update(`step 2 ${"x".repeat(500)}`);
  await clock.tick(120);
  shown[Symbol.dispose]();
  assert.deepEqual(seen.map((text) => text.slice(0, 10).trimEnd()), [
    "\r\x1b[K| look",
    "\r\x1b[K/ step",
    "\r\x1b[K",
  ]);
  assert.ok(seen.every((text) => !text.includes("\n") && text.length < 90));
});

Deno.test("elsewhere, and where plain text is wanted, each new step is a line", async () => {
  for (const options of [{ isTerminal: false, plain: false }, { isTerminal: true, plain: true }]) {
    const { seen, context, clock } = rig();
    using shown = progress(context, "looking", { clock, ...options });
    await clock.tick(5000);
    shown.update("step 2");
    shown.update("step 3");
    await clock.tick(5000);
    shown[Symbol.dispose]();
    assert.deepEqual(seen, ["looking\n", "step 3\n"]);
  }
});
