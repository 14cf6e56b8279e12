/** `pawl selftest`: every check and every tool once, with what it saw. */
import { Command } from "@commander-js/extra-typings";
import type { CliContext } from "./command.ts";
import type { TrialResult } from "./selftest_trials.ts";

const STATES = ["failed", "unavailable", "needs input", "ok"] as const;

/** See `CommandFactory`. */
export function command(context: CliContext) {
  return new Command("selftest")
    .description(
      "Let every check and every tool look once, and show what each saw; exit code 1 when one failed",
    )
    .argument("[filter]", "only those with this in their name; * stands for anything")
    .option("-q, --quiet", "only those that failed, and the sums")
    .option("--config <file>", "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)")
    .action(async (filter, { quiet, config: path }) => {
      const [
        { openToolBench },
        { checkTrials, toolTrials, runTrials },
        { matchesText },
        { progress },
        { printable },
      ] = await Promise.all([
        import("./tool_bench.ts"),
        import("./selftest_trials.ts"),
        import("../host/text_glob.ts"),
        import("./progress.ts"),
        import("../log.ts"),
      ]);
      const bench = await openToolBench(path);
      const all = [...await checkTrials(bench), ...await toolTrials(bench)];
      const trials = all.filter(({ name }) =>
        filter === undefined || (filter.includes("*") ? matchesText(name, filter) : name.includes(filter))
      );
      if (trials.length === 0) throw await nothingMatches(filter ?? "");
      using shown = progress(context, `${trials.length} to try`);
      let done = 0;
      const results = await runTrials(trials, (result) => {
        shown.update(`${++done} of ${trials.length} tried, ${result.name} last`);
      });
      shown[Symbol.dispose]();
      for (const result of results) {
        if (!quiet || result.state === "failed") context.out(`${lineOf(result, printable)}\n`);
      }
      const sums = STATES.map((state) =>
        `${results.filter((result) => result.state === state).length} ${state}`
      );
      context.out(`${results.length} tried: ${sums.reverse().join(", ")}\n`);
      if (results.some(({ state }) => state === "failed")) context.exitCode = 1;
    });
}

const MAX_SAW_CHARS = 140;

function lineOf({ state, kind, name, saw }: TrialResult, printable: (text: string) => string): string {
  const line = printable(saw.split("\n", 1)[0] ?? "");
  const short = line.length > MAX_SAW_CHARS ? `${line.slice(0, MAX_SAW_CHARS - 1).toWellFormed()}…` : line;
  return `${state.padEnd(11)}  ${kind.padEnd(5)}  ${name.padEnd(28)}  ${short}`.trimEnd();
}

async function nothingMatches(filter: string): Promise<Error> {
  const { ConfigError } = await import("../config/config_error.ts");
  return new ConfigError(
    `cannot test ${JSON.stringify(filter)}: neither a check nor a tool has that in its name`,
  );
}
