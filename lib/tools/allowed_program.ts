/** Running a program for a tool: only what the configuration allows by its absolute path. */
import { FactUnavailableError } from "../host/host_facts.ts";
import { type ProgramResult, runProgram } from "../host/subprocess.ts";
import { cleanLine } from "../host/foreign_text.ts";
import type { ToolContext } from "./tool.ts";

/** Longer than any tool may take: whoever runs tools ends it before that, through the signal. */
const TIMEOUT_MS = 30_000;
/** More than the kernel's log holds nearly everywhere. */
const MAX_BYTES = 4 * 1024 * 1024;

/** What of a tool's context it takes to run a program. */
export type ProgramContext = Pick<ToolContext, "allowRun" | "clock" | "signal">;

/** Where the usual distributions have programs. */
const FOLDERS = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];

/** The path by which `name` may be run; undefined when it may not. */
export function allowedPath(name: string, { allowRun }: Pick<ToolContext, "allowRun">): string | undefined {
  const places = FOLDERS.map((folder) => `${folder}/${name}`);
  return allowRun.find((path) => places.includes(path));
}

/**
 * Runs one of `names`: the first that is allowed.
 * @throws FactUnavailableError where none is, or where it is not installed.
 */
export async function runAllowed(
  names: readonly [string, ...string[]],
  args: readonly string[] | ((name: string) => readonly string[]),
  context: ProgramContext,
): Promise<ProgramResult & { name: string }> {
  for (const name of names) {
    const program = allowedPath(name, context);
    if (program === undefined) continue;
    try {
      const result = await runProgram({
        program,
        args: typeof args === "function" ? args(name) : args,
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
        signal: context.signal,
        clock: context.clock,
      });
      return { ...result, name };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new FactUnavailableError(`cannot run ${program}: it is not installed`, { cause: error });
    }
  }
  const [name] = names;
  throw new FactUnavailableError(
    `cannot run ${name}: the configuration does not allow it; allow it with [remote] allow_run = ["/usr/bin/${name}"]`,
  );
}

/** What a program complains of when it fails: its own first words. */
export function requireSuccess(result: ProgramResult & { name: string }, isFine = result.code === 0): void {
  if (isFine && result.signal === null) return;
  const said = cleanLine(result.stderr, 300) || cleanLine(result.stdout, 300);
  throw new Error(
    `cannot use what ${result.name} says: it ended with ${result.signal ?? `exit code ${result.code}`}${
      said === "" ? "" : `: ${said}`
    }`,
  );
}

/** The last `maxLines` lines that say something, and a note of how many there were more. */
export function lastLines(
  text: string,
  maxLines: number,
  truncated: boolean,
): { lines: string[]; note: string } {
  const all = text.split("\n").filter((line) => line.trim() !== "");
  const lines = all.slice(-maxLines).map((line) => cleanLine(line, 1000));
  const more = all.length - lines.length;
  return {
    lines,
    note: more > 0 || truncated ? `, ${truncated ? "at least " : ""}${more} more not shown` : "",
  };
}
