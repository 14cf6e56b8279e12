/** Tools that open one connection to a Redis or Sentinel, ask, and close it. */
import type * as z from "zod/mini";
import type { RedisClient } from "../host/probes/redis.ts";
import {
  defaultTarget,
  openInstance,
  type RedisPlace,
  type RedisToolsOptions,
  resolveInstance,
  targetArgument,
} from "./redis_target.ts";
import { defineTool, type ToolDefinition, type ToolOutput } from "./tool.ts";

/** What the tools of one family have in common. */
export interface AskingFamily {
  family: string;
  /** What stands before the target in the first line. */
  kind: string;
  place: RedisPlace;
  options: RedisToolsOptions;
}

/** One of them. Its arguments have a `target` besides. */
export interface Asking<Shape extends z.core.$ZodShape> {
  name: string;
  description: string;
  args: Shape;
  ask(
    args: z.output<z.ZodMiniObject<Shape, z.core.$strict>>,
    client: RedisClient,
    signal: AbortSignal,
  ): Promise<ToolOutput>;
}

/** Makes the tools of a family. */
export function askingToolMaker(
  { family, kind, place, options }: AskingFamily,
): <Shape extends z.core.$ZodShape>(asking: Asking<Shape>) => ToolDefinition {
  const fallback = defaultTarget(options, place);
  const target = targetArgument(fallback);
  return <Shape extends z.core.$ZodShape>({ name, description, args, ask }: Asking<Shape>) =>
    defineTool({
      name,
      family,
      description,
      args: { ...args, target },
      needs: [{ net: fallback }],
      reach: "service",
      async run(given, context) {
        const { target, ...rest } = given as { target?: string };
        const instance = resolveInstance(target ?? fallback, options, place);
        using client = await openInstance(instance, context, place);
        const asked = rest as z.output<z.ZodMiniObject<Shape, z.core.$strict>>;
        const { text, data } = await ask(asked, client, context.signal);
        return {
          text: `${kind} ${instance.target}\n${text}`,
          data: { target: instance.target, ...data as object },
        };
      },
    });
}
