/** What may stand where on the command line, as data: read from the commands themselves. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { runCommand } from "../command.ts";
import type { CommandTable } from "../executable.ts";

/** What a value may be: files, folders, one of some words, or whatever somebody thinks of. */
export type ValueKind = "file" | "folder" | "any" | readonly string[];

/** A word with what it is for. */
export interface Word {
  readonly text: string;
  readonly description: string;
}

/** An option: every way to write it, such as `-q` and `--quiet`. */
export interface OptionWord {
  readonly names: readonly string[];
  readonly description: string;
  /** What follows it; undefined where nothing does. */
  readonly value: ValueKind | undefined;
}

/** One place on the command line: what was written so far, and what may come next. */
export interface Place {
  /** The commands that lead here: `""`, `"config"`, `"config check"`. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly OptionWord[];
  /** What the command takes besides; undefined where it takes nothing. */
  readonly argument: ValueKind | undefined;
}

/**
 * Every place, outermost first. Loads each command's module; runs none of them.
 *
 * @param known the words that arguments may be, by place
 */
export async function placesOf(
  table: CommandTable,
  known: Readonly<Record<string, readonly string[]>> = {},
): Promise<Place[]> {
  const names = Object.keys(table);
  const commands = Object.entries(table).map(([text, { summary }]) => ({ text, description: summary }));
  const places: Place[] = [
    {
      path: "",
      commands: [...commands, { text: "help", description: "List the commands, or tell what one takes" }],
      options: [
        { names: ["-h", "--help"], description: "list the commands", value: undefined },
        { names: ["-V", "--version"], description: "print the version", value: undefined },
      ],
      argument: undefined,
    },
    { path: "help", commands: [], options: [], argument: names },
  ];
  for (const name of names) {
    const command = await commandOf(table, name);
    if (command !== undefined) collect(command, name, { places, known });
  }
  return places;
}

/** The command as the executable would build it, without its action being run. */
async function commandOf(table: CommandTable, name: string): Promise<CommandUnknownOpts | undefined> {
  const entry = table[name];
  if (entry === undefined) return undefined;
  const { command } = await entry.load();
  let built: CommandUnknownOpts | undefined;
  const silent = { out: () => {}, err: () => {}, exitCode: 0 };
  await runCommand((context) => built = command(context), ["--help"], silent);
  return built;
}

interface Collecting {
  readonly places: Place[];
  readonly known: Readonly<Record<string, readonly string[]>>;
}

function collect(command: CommandUnknownOpts, path: string, collecting: Collecting): void {
  const { places, known } = collecting;
  const help = command.createHelp();
  const inner = help.visibleCommands(command).map((one) => ({
    text: one.name(),
    description: help.subcommandDescription(one),
  }));
  const [first] = command.registeredArguments;
  places.push({
    path,
    commands: inner,
    options: help.visibleOptions(command).map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined),
      description: option.description,
      value: option.required || option.optional
        ? option.argChoices ?? valueKind(/[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1])
        : undefined,
    })),
    argument: first && (known[path] ?? first.argChoices ?? valueKind(first.name())),
  });
  for (const one of command.commands) collect(one, `${path} ${one.name()}`, collecting);
}

/** By the word that stands for the value in the help. */
function valueKind(placeholder: string | undefined): ValueKind {
  if (placeholder === "file" || placeholder === "path") return "file";
  return placeholder === "folder" ? "folder" : "any";
}
