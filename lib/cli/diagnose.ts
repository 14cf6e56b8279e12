/** `pawl diagnose`: what is wrong with this host, and what was found before. */
import { Command } from "@commander-js/extra-typings";
import type { CliContext } from "./command.ts";
import { diagnoseHere, type DiagnosisFlags, openRecords } from "./local_diagnosis.ts";

const JSON_RECORD = ["--json", "the whole record instead of the report"] as const;
const CONFIG = [
  "--config <file>",
  "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)",
] as const;
const STATE_DIR = ["--state-dir <folder>", "where the records are kept"] as const;

/** See `CommandFactory`. */
export function command(context: CliContext) {
  const diagnose = new Command("diagnose")
    .description("Find out what is wrong with this host; list and show what was found before")
    .argument("[plugin]", "what to look at first (default: every resource)")
    .argument("[target]", "where (default: this host)")
    .option(...JSON_RECORD)
    .option(...CONFIG)
    .option(...STATE_DIR)
    .enablePositionalOptions() // so that an option behind "list" or "show" is theirs
    .action((plugin = "system", target = "localhost", flags) =>
      diagnoseHere(context, { mode: "alert", plugin, target }, flags)
    );
  diagnose.command("list")
    .description("Show which diagnoses of this host are kept, the newest first")
    .option("--json", "one array of the records, without their reports")
    .option(...CONFIG)
    .option(...STATE_DIR)
    .action(async (flags) => {
      const records = await (await recordsOf(flags)).list();
      const { recordList } = await import("./record_view.ts");
      const bare = records.map(({ report: _, ...record }) => record);
      context.out(flags.json ? `${JSON.stringify(bare, undefined, 2)}\n` : recordList(records));
    });
  diagnose.command("show")
    .description("Show the report of a diagnosis")
    .argument("<id>", "its id, or how that begins or ends")
    .option(...JSON_RECORD)
    .option(...CONFIG)
    .option(...STATE_DIR)
    .action(async (id, flags) => {
      const record = await (await recordsOf(flags)).show(id);
      const { recordText } = await import("./record_view.ts");
      context.out(flags.json ? `${JSON.stringify(record, undefined, 2)}\n` : recordText(record));
    });
  return diagnose;
}

async function recordsOf(flags: DiagnosisFlags) {
  const { loadConfig } = await import("../config/load.ts");
  const { stateDir } = await loadConfig({
    path: flags.config,
    env: Deno.env,
    cwd: Deno.cwd(),
    stderrIsTerminal: Deno.stderr.isTerminal(),
  });
  return await openRecords(flags, stateDir);
}
