import { about } from "../../lib/zod.ts";
import * as z from "zod/mini";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { ToolPolicy } from "../../lib/tools/policy.ts";
import { ToolRegistry, type ToolRegistryOptions } from "../../lib/tools/registry.ts";
import type { ToolContext, ToolDefinition, ToolOutput } from "../../lib/tools/tool.ts";
import { FakeClock } from "../fakes/fake_clock.ts";

/** A tool that does what its test says. */
export function scriptedTool(
  run: (args: Record<string, unknown>, context: ToolContext) => Promise<ToolOutput>,
  about: Partial<ToolDefinition> = {},
): ToolDefinition {
  return {
    name: "scripted",
    family: "test",
    description: "Does what it is told",
    args: {},
    needs: [],
    reach: "host",
    run,
    ...about,
  };
}

/** Arguments of each kind. */
export const ARGS = {
  pid: about(z.coerce.number().check(z.int(), z.minimum(1)), "Which."),
  verbose: about(z._default(z.boolean(), false), "Whether to say more."),
};

/** A registry over scripted tools and a clock that a test turns. */
export function toolRig(tools: readonly ToolDefinition[], options: Partial<ToolRegistryOptions> = {}) {
  const clock = new FakeClock();
  const registry = new ToolRegistry({
    tools,
    host: new FixtureFacts(),
    clock,
    policy: ToolPolicy.all(),
    ...options,
  });
  return { clock, registry, signal: new AbortController().signal };
}

/** Turns the clock as far as a tool's own waits need, and no further: deadlines of 10 s stay ahead. */
export async function turned<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let settled = false;
  const mark = () => void (settled = true);
  work.then(mark, mark);
  while (!settled) {
    const next = clock.pendingDelaysMs[0];
    await clock.tick(next !== undefined && next <= 5000 ? next : 0);
  }
  return await work;
}
