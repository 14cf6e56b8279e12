import type { ToolAnswer, ToolRunner } from "../../lib/diagnose/tool_runner.ts";

/** What a tool does when it is run. */
export type ScriptedTool = (
  args: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) => Promise<Partial<ToolAnswer>> | Partial<ToolAnswer>;

/** Tools that answer as a test says, and keep what was asked of them. */
export class ScriptedTools implements ToolRunner {
  readonly calls: { name: string; args: Readonly<Record<string, unknown>> }[] = [];
  /** The most that were under way at once. */
  mostAtOnce = 0;
  #underWay = 0;
  readonly #tools: Readonly<Record<string, ScriptedTool>>;

  constructor(tools: Readonly<Record<string, ScriptedTool>>) {
    this.#tools = tools;
  }

  list() {
    return Object.keys(this.#tools).map((name) => ({
      name,
      family: name.split("_")[0] ?? "",
      description: `Tells of ${name.replaceAll("_", " ")}`,
    }));
  }

  async run(name: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<ToolAnswer> {
    this.calls.push({ name, args });
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay);
    try {
      const answer = await this.#tools[name]?.(args, signal);
      if (answer === undefined) throw new Error(`there is no tool ${name}`);
      return {
        text: JSON.stringify(answer.data ?? null),
        data: null,
        truncated: false,
        durationMs: 1,
        ...answer,
      };
    } finally {
      this.#underWay--;
    }
  }
}

/** An error as the tools throw it. */
export class ScriptedToolError extends Error {
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}
