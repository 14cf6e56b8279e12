/** From the words after `pawl` to the command they name. */
import { closest, distance } from "fastest-levenshtein";
import { type CliContext, type CommandFactory, runCommand, systemContext } from "./command.ts";

/** A command of the executable. */
export interface CommandEntry {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Imports the command's module. */
  load(): Promise<{ command: CommandFactory }>;
}

/** The commands by name, in the order in which they are listed. */
export type CommandTable = Readonly<Record<string, CommandEntry>>;

/** Runs the command that `argv` names. @returns the exit code of the process: see {@linkcode runCommand}. */
export async function runExecutable(
  table: CommandTable,
  argv: readonly string[],
  context: CliContext = systemContext(),
): Promise<number> {
  const [first, ...rest] = argv;
  if (first === undefined) {
    context.err(overview(table));
    return 2;
  }
  if (first === "--help" || first === "-h" || (first === "help" && rest.length === 0)) {
    context.out(overview(table));
    return 0;
  }
  const [name, words] = first === "--version" || first === "-V"
    ? ["version", rest]
    : first === "help"
    ? [rest[0] ?? "", ["--help"]]
    : [first, rest];
  const entry = Object.hasOwn(table, name) ? table[name] : undefined;
  if (entry === undefined) {
    const { printable } = await import("../log.ts");
    const what = name.startsWith("-")
      ? `option "${printable(name)}", a command comes first`
      : `command "${printable(name)}"${suggestion(name, table)}`;
    context.err(`pawl: unknown ${what}; see "pawl --help"\n`);
    return 2;
  }
  const { command } = await entry.load();
  return await runCommand(command, words, context);
}

function suggestion(name: string, table: CommandTable): string {
  const nearest = closest(name, Object.keys(table));
  return distance(name, nearest) <= 2 ? `, did you mean ${nearest}?` : "";
}

function overview(table: CommandTable): string {
  const width = Math.max(...Object.keys(table).map((name) => name.length));
  const lines = Object.entries(table).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "pawl: an agent that keeps one connection to a control server",
    "",
    "Usage: pawl <command> [options]",
    "",
    "Commands:",
    ...lines,
    "",
    'What a command takes: "pawl <command> --help".',
    "",
  ].join("\n");
}
