/** `pawl config`: look at the configuration without running anything. */
import { Command } from "@commander-js/extra-typings";
import type { MigrationNote } from "../config/migrate/report.ts";
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
  const migrate = new Command("migrate")
    .description("Print a configuration made of one of catpaw, and on stderr what could not be kept")
    .argument("<file>", "its config.toml; the plugin folders next to it are read, too")
    .action(async (file) => {
      const [{ migrate }, { printable }] = await Promise.all([
        import("../config/migrate/migrate.ts"),
        import("../log.ts"),
      ]);
      const { toml, dropped, changed } = await migrate(file, Deno.cwd());
      context.out(toml);
      const list = (title: string, notes: readonly MigrationNote[]) => {
        if (notes.length > 0) context.err(`${title}:\n`);
        for (const { place, text } of notes) context.err(`  ${printable(`${place}: ${text}`)}\n`);
      };
      list("no counterpart", dropped);
      list("changed in meaning", changed);
    });
  return new Command("config")
    .description("Check the configuration, print an example of one, or make one of another agent's")
    .addCommand(check)
    .addCommand(example)
    .addCommand(migrate);
}
