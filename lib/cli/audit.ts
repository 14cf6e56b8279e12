/** `pawl audit`: what operators did on this host through the hub, and whether that is all of it. */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import type { CliContext } from "./command.ts";

const CONFIG = [
  "--config <file>",
  "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)",
] as const;
const STATE_DIR = ["--state-dir <folder>", "the agent's state folder"] as const;

interface AuditFlags {
  config?: string | undefined;
  stateDir?: string | undefined;
}

/** See `CommandFactory`. */
export function command(context: CliContext) {
  const audit = new Command("audit")
    .description("Show what remote sessions did on this host, and whether the record of it is whole");
  audit.command("verify")
    .description("Check that no entry was altered, removed or put elsewhere; exit code 1 where one was")
    .option("--head <count:hash>", "an end that the log had once, as the agent's log told it", parseHead)
    .option("--json", "the verdict as one object")
    .option(...CONFIG)
    .option(...STATE_DIR)
    .action(async ({ head, json, ...flags }) => {
      const folder = await folderOf(flags);
      const [{ verifyAudit }, { verdictText }] = await Promise.all([
        import("../sessions/audit/verify.ts"),
        import("./audit_view.ts"),
      ]);
      const verdict = await verifyAudit(folder, head);
      context.out(json ? `${JSON.stringify(verdict, undefined, 2)}\n` : verdictText(verdict, folder));
      if (verdict.problems.length > 0) context.exitCode = 1;
    });
  audit.command("show")
    .description("Show the entries, the oldest first")
    .option("--session <id>", "of this session alone")
    .option("--last <n>", "no more than the last n", parseCount)
    .option("--json", "one entry a line, as it is written")
    .option(...CONFIG)
    .option(...STATE_DIR)
    .action(async ({ session, last, json, ...flags }) => {
      const folder = await folderOf(flags);
      const [{ readAudit }, { entryText }] = await Promise.all([
        import("../sessions/audit/read.ts"),
        import("./audit_view.ts"),
      ]);
      const { entries, unreadable } = await readAudit(folder, { session, last });
      for (const { entry, text } of entries) context.out(json ? `${text}\n` : entryText(entry));
      if (unreadable > 0) {
        context.err(`pawl: ${unreadable} lines are no entries; "pawl audit verify" tells which\n`);
      }
      if (entries.length === 0) context.err(`pawl: no such entry is kept in ${folder}\n`);
    });
  return audit;
}

async function folderOf(flags: AuditFlags): Promise<string> {
  const [{ loadConfig }, { resolveStateDir }, { join }] = await Promise.all([
    import("../config/load.ts"),
    import("../config/state_dir.ts"),
    import("node:path"),
  ]);
  const [env, cwd] = [Deno.env, Deno.cwd()];
  // What a flag says needs no configuration, which may be damaged just then.
  const config = flags.stateDir === undefined || flags.config !== undefined
    ? await loadConfig({ path: flags.config, env, cwd, stderrIsTerminal: false })
    : undefined;
  const stateDir = resolveStateDir({
    flag: flags.stateDir,
    config: config?.stateDir,
    env,
    uid: Deno.uid(),
    cwd,
  });
  return join(stateDir, "audit");
}

function parseHead(text: string): { count: number; hash: string } {
  const [, count, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash === undefined) throw new InvalidArgumentError("it has to be a count, a colon and a hash");
  return { count: Number(count), hash };
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("it has to be a whole number of at least 1");
}
