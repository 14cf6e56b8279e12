import assert from "node:assert/strict";
import { DEFAULT_CHECKS, defaultDefinition, definitionsOf } from "../../lib/checks/default_checks.ts";
import { checkDefinition, CHECKS } from "../../lib/checks/registry.ts";

Deno.test("the default checks are those that say so of themselves, in the order of all", () => {
  assert.deepEqual(DEFAULT_CHECKS, CHECKS.filter(({ byDefault }) => byDefault));
});

Deno.test("the others are loaded where one is asked for", async () => {
  assert.equal(await definitionsOf(["cpu", "disk"]), defaultDefinition);
  assert.equal(await definitionsOf(["cpu", "redis"]), checkDefinition);
  assert.throws(() => defaultDefinition("redis"), /none of those that run by default/);
});
