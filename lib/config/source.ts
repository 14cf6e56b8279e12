/** The configuration file: found, read, and passed through the schema. */
import { resolve } from "node:path";
import { ConfigError } from "./config_error.ts";
import { type Environment, EnvReferenceError, expandEnv } from "./env_references.ts";
import { readSmallFile } from "./read_file.ts";
import { type FileSettings, readTables } from "./schema.ts";
import { dotted, lineOf, parseToml, TomlSyntaxError, type TomlTable } from "./toml.ts";

const MAX_FILE_BYTES = 1024 * 1024;

/** A file that is valid TOML. */
export interface SourceFile {
  /** Absolute. */
  path: string;
  text: string;
  /** Before variables are put in. */
  raw: TomlTable;
}

/**
 * Reads the file at `path`, or without one the first that exists of `pawl.toml` in `cwd` and `systemPath`.
 *
 * @param warnings takes note of a file that the sandbox hides.
 * @throws ConfigError
 */
export async function findSource(
  path: string | undefined,
  cwd: string,
  systemPath: string,
  warnings: string[],
): Promise<SourceFile | undefined> {
  const candidates = path === undefined ? [resolve(cwd, "pawl.toml"), systemPath] : [resolve(cwd, path)];
  for (const candidate of candidates) {
    let text: string;
    try {
      text = await readSmallFile(candidate, MAX_FILE_BYTES);
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (path === undefined && cause instanceof Deno.errors.NotFound) continue;
      if (path === undefined && cause instanceof Deno.errors.NotCapable) {
        warnings.push(`the sandbox does not let ${candidate} be read: it is left out; name it with --config`);
        continue;
      }
      const why = error instanceof Error ? error.message : String(error);
      throw new ConfigError(
        `cannot read the configuration ${candidate}: ${why}; check the path and its mode`,
        {
          cause: error,
        },
      );
    }
    return { path: candidate, text, raw: parseSource(candidate, text) };
  }
  return undefined;
}

function parseSource(path: string, text: string): TomlTable {
  try {
    return parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlSyntaxError)) throw error;
    throw new ConfigError(
      `cannot load ${path}:${error.line}:${error.column}: ${error.message}; mend the syntax`,
    );
  }
}

/**
 * Puts the environment's variables in and checks everything that can be checked without reading further files.
 *
 * @throws ConfigError for the first problem in the file.
 */
export async function readSettings(source: SourceFile, env: Environment): Promise<FileSettings> {
  let expanded: Record<string, unknown>;
  try {
    expanded = expandEnv(source.raw, env) as Record<string, unknown>; // a table, as it was
  } catch (error) {
    if (!(error instanceof EnvReferenceError)) throw error;
    const text = `${dotted(error.path)} ${error.message}`;
    throw new ConfigError(`cannot load ${placeOf(source, error.path)}: ${text}`, { cause: error });
  }
  const result = await readTables(expanded);
  if (result.success) return result.data;
  const { firstProblem } = await import("./problem.ts"); // a start that goes well does without
  const { text, line } = firstProblem(result.error, source.raw, source.text);
  throw new ConfigError(`cannot load ${source.path}${line === undefined ? "" : `:${line}`}: ${text}`);
}

/** `file:line` of the key at `path`. */
export function placeOf(source: SourceFile, path: readonly PropertyKey[]): string {
  const line = lineOf(source.text, path);
  return line === undefined ? source.path : `${source.path}:${line}`;
}

/** What names the key at `path` in an error about what it leads to: `file:line: key`. */
export function settingName(source: SourceFile | undefined, path: readonly PropertyKey[]): string {
  return source ? `${placeOf(source, path)}: ${dotted(path)}` : dotted(path);
}
