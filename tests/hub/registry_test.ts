import assert from "node:assert/strict";
import { AgentRegistry } from "../../lib/hub/registry.ts";

Deno.test("the newer entry of an agent displaces the older, whose removal then does nothing", () => {
  const registry = new AgentRegistry<{ agentId: string }>();
  const older = { agentId: "a" };
  const newer = { agentId: "a" };
  assert.equal(registry.add(older), undefined);
  assert.equal(registry.add(older), undefined);
  assert.equal(registry.add(newer), older);
  registry.remove(older);
  assert.equal(registry.get("a"), newer);
  assert.deepEqual(registry.list(), [newer]);
  registry.remove(newer);
  assert.equal(registry.get("a"), undefined);
});
