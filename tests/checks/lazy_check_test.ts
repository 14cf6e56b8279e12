import assert from "node:assert/strict";
import { lazyCheck } from "../../lib/checks/lazy_check.ts";

const { signal } = new AbortController();

Deno.test("a check is made at its first look, once; a look that fails to make it is told, and the next one tries again", async () => {
  let made = 0;
  const check = lazyCheck({ plugin: "http", target: "shop" }, () => {
    if (++made === 1) return Promise.reject(new Error("cannot load it"));
    return Promise.resolve({ gather: () => Promise.resolve([]) });
  });
  assert.deepEqual([check.plugin, check.target, made], ["http", "shop", 0]);
  await assert.rejects(check.gather(signal), /cannot load it/);
  assert.deepEqual(await Promise.all([check.gather(signal), check.gather(signal)]), [[], []]);
  assert.equal(made, 2);
});

Deno.test("a look whose code is there when nobody wants to know any more does not begin", async () => {
  const code = Promise.withResolvers<void>();
  let looks = 0;
  const check = lazyCheck({ plugin: "http", target: "shop" }, async () => {
    await code.promise;
    return { gather: () => Promise.resolve((looks++, [])) };
  });
  const stop = new AbortController();
  const look = check.gather(stop.signal);
  stop.abort(new Error("the agent stops"));
  code.resolve();
  await assert.rejects(look, /the agent stops/);
  assert.equal(looks, 0);
});
