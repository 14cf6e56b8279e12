import * as z from "zod/mini";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import type { ToolDefinition, ToolOutput } from "../../lib/tools/tool.ts";

/** Runs the tool of a name, its arguments read as they would be from a command line. */
export async function runTool(
  tools: readonly ToolDefinition[],
  name: string,
  args: Record<string, unknown> = {},
  { clock = systemClock, signal = new AbortController().signal }: { clock?: Clock; signal?: AbortSignal } =
    {},
): Promise<ToolOutput<Record<string, unknown>>> {
  const tool = tools.find((each) => each.name === name);
  if (tool === undefined) throw new Error(`there is no tool ${name}`);
  const parsed = z.strictObject(tool.args).parse(args);
  const context = { host: new FixtureFacts(), clock, signal, logRoots: [], allowRun: [] };
  return await tool.run(parsed, context) as ToolOutput<Record<string, unknown>>;
}

/** Whether data is plain JSON: nothing is lost or changed on the way. */
export function isPlainJson(data: unknown): boolean {
  const text = JSON.stringify(data);
  return !/NaN/.test(text) && JSON.stringify(JSON.parse(text)) === text && plain(data);
}

function plain(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(plain);
  if (typeof value === "object" && value !== null) return Object.values(value).every(plain);
  return value === null || typeof value === "string" || typeof value === "boolean";
}
