import assert from "node:assert/strict";
import { once, onceDone } from "../lib/once.ts";

Deno.test("once: made at the first call, and kept; a throw is not", () => {
  let calls = 0;
  const made = once(() => {
    if (++calls === 1) throw new Error("not yet");
    return { calls };
  });
  assert.equal(calls, 0);
  assert.throws(made, /not yet/);
  assert.equal(made(), made());
  assert.equal(calls, 2);
});

Deno.test("once: undefined is a value, too", () => {
  let calls = 0;
  const made = once(() => void calls++);
  made();
  made();
  assert.equal(calls, 1);
});

Deno.test("onceDone: those who call meanwhile wait for the same; a rejection is not kept", async () => {
  let calls = 0;
  const made = onceDone(async () => {
    if (++calls === 1) throw new Error("not yet");
    return await Promise.resolve({ calls });
  });
  const both = await Promise.allSettled([made(), made()]);
  assert.deepEqual(both.map(({ status }) => status), ["rejected", "rejected"]);
  assert.equal(calls, 1);
  assert.equal(await made(), await made());
  assert.equal(calls, 2);
});
