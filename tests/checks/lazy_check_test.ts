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
