/** What a diagnosis or a chat asks of the tools: the registry has it; tests and embedders may bring their own. */
import type { ToolGate } from "../tools/tool_gate.ts";

/** One tool, as it is offered. */
export interface OfferedTool {
  /** `snake_case`. */
  readonly name: string;
  /** The group it belongs to. */
  readonly family: string;
  /** One line that helps choosing. */
  readonly description: string;
}

/** What one run of a tool came to. */
export interface ToolAnswer {
  /** For people. Control characters are cleaned and secrets masked; its words may still be an attacker's. */
  readonly text: string;
  /** The same figures, for programs: plain JSON. */
  readonly data: unknown;
  /** Whether `text` was cut. */
  readonly truncated: boolean;
  readonly durationMs: number;
}

/** Runs tools by name. Any number of calls may be under way at once. */
export interface ToolRunner {
  /** What this host's policy allows. */
  list(): readonly OfferedTool[];
  /**
   * Runs one tool.
   *
   * @throws an Error whose message is fit for the operator; where it has a `kind`, that says what went wrong:
   * `unknown_tool`, `not_allowed`, `bad_arguments`, `unavailable`, `timed_out` or `failed`.
   */
  run(
    name: string,
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    gate?: ToolGate,
  ): Promise<ToolAnswer>;
}

/** The same tools, each run of which passes the gate; without one, as they are. */
export function gated(tools: ToolRunner, gate: ToolGate | undefined): ToolRunner {
  if (gate === undefined) return tools;
  return {
    list: () => tools.list(),
    run: (name, args, signal) => tools.run(name, args, signal, gate),
  };
}

/** A runner without any tool: what an agent is left with that was given none. */
export const NO_TOOLS: ToolRunner = {
  list: () => [],
  run: (name) => Promise.reject(new Error(`cannot run ${name}: this agent was given no tools`)),
};
