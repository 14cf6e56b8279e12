/** What a read-only diagnostic tool is. */
import type * as z from "zod/mini";
import type { Clock } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { Need } from "../host/need.ts";

/** What every tool works with. */
export interface ToolContext {
  readonly host: HostFacts;
  readonly clock: Clock;
  /** Aborts at the tool's deadline, and when its session ends: whatever is open has to be let go of then. */
  readonly signal: AbortSignal;
  /** The folders below which files may be read, absolute. */
  readonly logRoots: readonly string[];
  /** The programs that may be run, by their absolute paths; none otherwise. */
  readonly allowRun: readonly string[];
}

/** What a tool came to. */
export interface ToolOutput<Data = unknown> {
  /** For people and models: short lines, figures with units. The registry caps it. */
  readonly text: string;
  /** The same, for programs: what the text was rendered from. Plain JSON. */
  readonly data: Data;
}

/**
 * How far a tool reaches. `host`: this host's own figures. `files`: files below the log roots. `network`: addresses
 * that the caller names. `service`: a service on this host or one that the configuration names. `program`: it runs one.
 */
export type ToolReach = "host" | "files" | "network" | "service" | "program";

/** A tool. Several runs of it may be under way at once. */
export interface ToolDefinition<Shape extends z.core.$ZodShape = z.core.$ZodShape, Data = unknown> {
  /** `snake_case`. */
  readonly name: string;
  /** The group it is listed under. */
  readonly family: string;
  /** One line that helps choosing: what it shows, and when that is wanted. */
  readonly description: string;
  /** Its arguments; each has a text, by `about`. Values may come as text: use `wholeNumber`, `flag` and `processId`. */
  readonly args: Shape;
  readonly needs: readonly Need[];
  readonly reach: ToolReach;
  /**
   * Does it.
   * @throws FactUnavailableError where the host does not let it look, Error with a message fit for the operator else.
   */
  run(
    args: z.output<z.ZodMiniObject<Shape, z.core.$strict>>,
    context: ToolContext,
  ): Promise<ToolOutput<Data>>;
}

/** Ties the types of a tool together. */
export function defineTool<Shape extends z.core.$ZodShape, Data>(
  tool: ToolDefinition<Shape, Data>,
): ToolDefinition<Shape, Data> {
  return tool;
}
