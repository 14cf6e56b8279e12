/** `pawl config`: look at the configuration without running anything. */
import { Command } from "@commander-js/extra-typings";
import type { CliContext } from "./command.ts";

/** See `CommandFactory`. */
export function command(context: CliContext) {
  const check = new Command("check")
    .description("Read the configuration as `pawl run` would, and say what is wrong with it")
    .option("--config <file>", "the file to check (default: ./pawl.toml, else /etc/pawl/pawl.toml)")
    .action(async ({ config: path }) => {
      const { loadConfig } = await import("../config/load.ts");
      const config = await loadConfig({
        path,
        env: Deno.env,
        cwd: Deno.cwd(),
        stderrIsTerminal: Deno.stderr.isTerminal(),
      });
      const { printable } = await import("../log.ts");
      context.out(config.file ? `read ${printable(config.file)}\n` : "no file: the defaults hold\n");
      for (const warning of config.warnings) context.out(`warning: ${printable(warning)}\n`);
      context.out("ok\n");
    });
  const example = new Command("example")
    .description("Print a configuration file with every key, its default and what it does")
    .action(async () => {
      const { EXAMPLE } = await import("../config/example.ts");
      context.out(EXAMPLE);
    });
  return new Command("config")
    .description("Check the configuration, or print an example of one")
    .addCommand(check)
    .addCommand(example);
}
