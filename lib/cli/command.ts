/** What every command of the executable has in common: its shape, its output, and its exit code. */
import {
  type Argument,
  CommanderError,
  type CommandUnknownOpts,
  Help,
  InvalidArgumentError,
  type Option,
} from "@commander-js/extra-typings";
import { ConfigError } from "../config/config_error.ts";

/** What a command works with; tests bring their own. Texts carry their own line breaks. */
export interface CliContext {
  /** What the command was asked for: stdout. */
  out(text: string): void;
  /** What people should know besides: stderr. */
  err(text: string): void;
  /** What {@linkcode runCommand} returns when the action ended without throwing; an action may set it. */
  exitCode: number;
}

/** What each `lib/cli/<name>.ts` exports as `command`. One that needs no context may leave the parameter out. */
export type CommandFactory = (context: CliContext) => CommandUnknownOpts;

/** The process's own streams; writes at once, so that nothing is lost when the process ends right after. */
export function systemContext(): CliContext {
  return {
    out: (text) => writeAll(Deno.stdout, text),
    err: (text) => writeAll(Deno.stderr, text),
    exitCode: 0,
  };
}

/**
 * Builds the command, parses `argv` (what follows the command's name), runs the action and waits for it. Never throws:
 * what goes wrong is one line on stderr (at `--log-level debug` with the stack below it) and an exit code.
 *
 * @returns 0 after `--help`; 2 when the arguments or the configuration are wrong; 1 when anything else went wrong;
 * else the context's exit code.
 */
export async function runCommand(
  factory: CommandFactory,
  argv: readonly string[],
  context: CliContext = systemContext(),
): Promise<number> {
  let name = "";
  try {
    const command = factory(context);
    name = `pawl ${command.name()}`;
    command.name(name); // which usage lines begin with
    prepare(command, context);
    await command.parseAsync(argv, { from: "user" });
    return context.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return await report(error, argv, context);
    if (error.exitCode === 0) return 0; // help was asked for, and is printed
    const what = error.code === "commander.help" ? "a subcommand is missing" : sentenceOf(error);
    context.err(`pawl: ${await printable(what)}; see "${name} --help"\n`);
    return 2;
  }
}

/** The parser's complaint as one clause. */
function sentenceOf({ message }: CommanderError): string {
  return message.replace(/^error: /, "")
    .replaceAll(/\s*\n/g, " ")
    .replace(" is invalid. ", " is invalid: ")
    .replace(/\.$/, "");
}

/** Makes a command, and those under it, throw instead of printing and exiting. */
function prepare(command: CommandUnknownOpts, context: CliContext): void {
  command.exitOverride().showHelpAfterError(false).configureOutput({
    writeOut: (text) => context.out(text),
    writeErr: () => {}, // the one line about it is ours
    // Else the environment is asked, which the sandbox need not allow.
    getOutHasColors: () => false,
    getErrHasColors: () => false,
    getOutHelpWidth: () => 100,
    getErrHelpWidth: () => 100,
  }).configureHelp({
    optionDescription: (option: Option) => plain(help.optionDescription(option), option),
    argumentDescription: (argument: Argument) => plain(help.argumentDescription(argument), argument),
  });
  for (const option of command.options) {
    if (option.required && option.parseArg === undefined) option.argParser(valueOfOption);
  }
  for (const inner of command.commands) prepare(inner, context);
}

const help = new Help();

/** A default is told once, and one that is nothing not at all. */
function plain(text: string, { description }: { readonly description: string }): string {
  const isTold = description.includes("(default:");
  return isTold ? description : text.replace(/ \(default: (?:\{\}|\[\]|"")\)$/, "");
}

/** Else `--server --log-level debug` would look for a server of the name "--log-level". */
function valueOfOption(text: string): string {
  if (!/^-./.test(text)) return text;
  throw new InvalidArgumentError("it looks like the next option, so that the value is missing");
}

async function report(error: unknown, argv: readonly string[], context: CliContext): Promise<number> {
  const message = error instanceof Error ? error.message || error.name : String(error);
  context.err(`pawl: ${await printable(message)}\n`);
  if (wantsDebug(argv) && error instanceof Error && error.stack) context.err(`${error.stack}\n`);
  return error instanceof ConfigError ? 2 : 1;
}

function wantsDebug(argv: readonly string[]): boolean {
  return argv.some((word, index) =>
    word === "--log-level=debug" || (word === "debug" && argv[index - 1] === "--log-level")
  );
}

/** Imported when there is something to complain about: most runs do without the logger's packages. */
async function printable(text: string): Promise<string> {
  return (await import("../log.ts")).printable(text);
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
  } catch (error) {
    // The reader has gone (`pawl … | head`): nobody is left to write for.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
