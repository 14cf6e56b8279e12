/** `pawl tools`: the read-only tools, run on this host without an agent. */
import { Command } from "@commander-js/extra-typings";
import type { ToolInfo } from "../tools/registry.ts";
import type { CliContext } from "./command.ts";

/** See `CommandFactory`. */
export function command(context: CliContext) {
  const list = new Command("list")
    .description("List the tools: a name and what it is for, a line each")
    .option("--family <name>", "only those of one family")
    .option("--json", "with their arguments, for programs")
    .option("--config <file>", "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)")
    .action(async ({ family, json, config }) => {
      const { openToolBench } = await import("./tool_bench.ts");
      const { tools } = await openToolBench(config);
      const all = tools.list();
      const chosen = family === undefined ? all : await ofFamily(all, family);
      if (json) {
        return context.out(
          `${JSON.stringify(chosen.map(({ name }) => tools.describe(name)), undefined, 2)}\n`,
        );
      }
      const width = Math.max(0, ...chosen.map(({ name }) => name.length));
      for (const { name, description } of chosen) context.out(`${name.padEnd(width)}  ${description}\n`);
    });
  const run = new Command("run")
    .description("Run one tool and print what it tells")
    .argument("<name>", "which; `pawl tools list` has them")
    .argument("[key=value...]", "its arguments; `pawl tools list --json` has them")
    .option("--json", "the figures as JSON")
    .option("--config <file>", "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)")
    .action(async (name, words, { json, config }) => {
      const [{ openToolBench }, { progress }, { ToolError }, { ConfigError }] = await Promise.all([
        import("./tool_bench.ts"),
        import("./progress.ts"),
        import("../tools/tool_error.ts"),
        import("../config/config_error.ts"),
      ]);
      const args = await argumentsFrom(words);
      const { tools } = await openToolBench(config);
      using shown = progress(context, `${name}: looking`);
      try {
        const result = await tools.run(name, args, new AbortController().signal);
        shown[Symbol.dispose]();
        const { text, durationMs, ...rest } = result;
        context.out(
          json
            ? `${JSON.stringify({ ...rest, text, duration_ms: durationMs }, undefined, 2)}\n`
            : `${text}\n`,
        );
      } catch (error) {
        // What was typed is wrong, not the host.
        const isUsage = error instanceof ToolError &&
          (error.kind === "unknown_tool" || error.kind === "bad_arguments");
        throw isUsage ? new ConfigError(error.message, { cause: error }) : error;
      }
    });
  return new Command("tools")
    .description("List the read-only tools of this host, or run one of them")
    .addCommand(list, { isDefault: true })
    .addCommand(run);
}

async function ofFamily(all: readonly ToolInfo[], family: string): Promise<ToolInfo[]> {
  const chosen = all.filter((tool) => tool.family === family);
  if (chosen.length > 0) return chosen;
  const { ConfigError } = await import("../config/config_error.ts");
  const families = [...new Set(all.map((tool) => tool.family))].join(", ");
  throw new ConfigError(
    `cannot list the family ${JSON.stringify(family)}: there is none; known are ${families}`,
  );
}

/** `path=/data` by `path=/data`. */
async function argumentsFrom(words: readonly string[]): Promise<Record<string, string>> {
  const { ConfigError } = await import("../config/config_error.ts");
  const args = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf("=");
    if (at < 1) {
      throw new ConfigError(`cannot read the argument ${JSON.stringify(word)}: it has to be key=value`);
    }
    const key = word.slice(0, at);
    if (args.has(key)) throw new ConfigError(`cannot take the argument ${key} twice; keep one of them`);
    args.set(key, word.slice(at + 1));
  }
  return Object.fromEntries(args);
}
