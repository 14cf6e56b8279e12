/** `pawl inspect`: look closely at one thing on this host, without an agent. */
import { Command } from "@commander-js/extra-typings";
import type { CliContext } from "./command.ts";
import { diagnoseHere } from "./local_diagnosis.ts";

/** See `CommandFactory`. */
export function command(context: CliContext) {
  return new Command("inspect")
    .description(
      "Look closely at one thing on this host: its check's figures, what the tools tell, what follows",
    )
    .argument("<plugin>", "what to look at: a check, or system for every resource")
    .argument("[target]", "where: a mount point, an address, a unit (default: this host)", "localhost")
    .option("--json", "the whole record instead of the report")
    .option("--config <file>", "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)")
    .option("--state-dir <folder>", "where the record is kept")
    .action((plugin, target, flags) => diagnoseHere(context, { mode: "inspect", plugin, target }, flags));
}
