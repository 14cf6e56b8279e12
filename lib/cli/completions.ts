/** `pawl completions`: what makes a shell complete the words of a pawl command line. */
import { Argument, Command } from "@commander-js/extra-typings";
import type { CliContext, CommandFactory } from "./command.ts";
import type { Place } from "./completions/word_tree.ts";
import type { CommandTable } from "./executable.ts";

/** Each shell's generator. */
const SHELLS: Readonly<Record<string, () => Promise<(places: readonly Place[]) => string>>> = {
  bash: async () => (await import("./completions/bash.ts")).bashCompletions,
  zsh: async () => (await import("./completions/zsh.ts")).zshCompletions,
  fish: async () => (await import("./completions/fish.ts")).fishCompletions,
};

const HELP = `
To have them in every shell:
  bash  pawl completions bash > /etc/bash_completion.d/pawl
  zsh   pawl completions zsh > /usr/local/share/zsh/site-functions/_pawl
  fish  pawl completions fish > ~/.config/fish/completions/pawl.fish
In this one: source <(pawl completions bash); in fish: pawl completions fish | source`;

/**
 * The command for an executable with these commands: the table is asked when the command runs, so that this one may
 * be in it.
 */
export function completionsOf(table: CommandTable): { command: CommandFactory } {
  const command = (context: CliContext) =>
    new Command("completions")
      .description("Print what makes a shell complete the words of pawl")
      .addArgument(new Argument("<shell>", "which").choices(Object.keys(SHELLS)))
      .addHelpText("after", HELP)
      .action(async (shell) => {
        const { placesOf } = await import("./completions/word_tree.ts");
        const generate = await SHELLS[shell]?.();
        if (generate !== undefined) context.out(generate(await placesOf(table, await knownArguments())));
      });
  return { command };
}

/** Names of checks and tools, where a command takes one. */
async function knownArguments(): Promise<Record<string, string[]>> {
  const [{ CHECKS }, { allTools }] = await Promise.all([
    import("../checks/registry.ts"),
    import("../tools/all_tools.ts"),
  ]);
  const checks = CHECKS.map(({ plugin }) => plugin);
  return {
    check: checks,
    inspect: ["system", ...checks],
    diagnose: ["system", ...checks],
    "tools run": allTools().map(({ name }) => name),
  };
}
