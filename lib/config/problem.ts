/** What is wrong with a configuration file, in words: from the schema's issues to one line. */
import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";
import { allKeys, knownKeys } from "./schema.ts";
import { kindOf, lineOf, type TomlTable, valueAt } from "./toml.ts";

/** One thing that is wrong, and the path of the key that it is wrong with. */
export interface Problem {
  path: readonly PropertyKey[];
  /** One line; names the key; never quotes a secret. */
  text: string;
}

/**
 * The first problem in the file, with its line.
 *
 * @param raw the document before variables were put in: only that may be quoted.
 */
export function firstProblem(
  error: z.ZodError,
  raw: TomlTable,
  source: string,
): { text: string; line: number | undefined } {
  return error.issues.flatMap((issue) => problemsOf(issue, raw))
    .slice(0, 20)
    .map(({ path, text }) => ({ text, line: lineOf(source, path) }))
    .reduce((first, next) => (next.line ?? Infinity) < (first.line ?? Infinity) ? next : first);
}

/** A path as people write it: `check.cpu.interval`. */
export function dotted(path: readonly PropertyKey[]): string {
  return path.filter((step) => typeof step !== "number")
    .map((step) => /^[\w-]+$/.test(String(step)) ? String(step) : JSON.stringify(step))
    .join(".");
}

/** What a value had to be, for an issue that is about a value; flags use it too. */
export function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return "must not be empty";
      return `must be at least ${issue.minimum}`;
    case "too_big":
      return `must be at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a finite number",
  int: "a whole number",
  array: "a list",
  object: "a table",
  record: "a table",
};

function problemsOf(issue: z.core.$ZodIssue, raw: TomlTable): Problem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      text: unknownKey(issue.path, key, valueAt(raw, [...issue.path, key])),
    }));
  }
  const key = dotted(issue.path);
  const value = valueAt(raw, issue.path);
  if (issue.code === "invalid_type" && issue.expected === "array" && issue.path[0] === "check") {
    return [{ path: issue.path, text: `${key} must be a list of tables; write [[${key}]]` }];
  }
  if (issue.code === "custom" && issue.params?.["quiet"]) {
    return [{ path: issue.path, text: `${key} ${issue.message}` }];
  }
  if (issue.code === "too_small" && issue.origin === "string") {
    return [{ path: issue.path, text: `${key} must not be empty; fill it in or leave it out` }];
  }
  const hint = issue.path[0] === "labels" && typeof value === "number" ? "; put it in quotes" : "";
  const is = kindOf(value, key !== "server.token" && key !== "server");
  return [{ path: issue.path, text: `${key} ${expectation(issue)}; it is ${is}${hint}` }];
}

function unknownKey(path: readonly PropertyKey[], key: string, value: unknown): string {
  const what = typeof value === "object" && !(value instanceof Date) ? "table" : "key";
  const where = path.length === 0 ? "at the top of the file" : `in ${tableName(path)}`;
  return `unknown ${what} ${JSON.stringify(key)} ${where}; ${advice(path, key)}`;
}

function advice(path: readonly PropertyKey[], key: string): string {
  const homes = allKeys().filter((known) => known.endsWith(`.${key}`)).map((known) =>
    tableName(known.split(".").slice(0, -1))
  );
  if (homes.length > 0) return `it belongs in ${homes.join(", ")}`;
  const known = knownKeys(path) ?? [];
  const near = closest(key.toLowerCase(), known);
  if (distance(key.toLowerCase(), near) <= Math.max(1, Math.floor(near.length / 3))) {
    return `did you mean ${JSON.stringify(near)}?`;
  }
  return `known here: ${known.join(", ")}`;
}

function tableName(path: readonly PropertyKey[]): string {
  const isList = typeof path.at(-1) === "number" || knownKeys(path) === undefined;
  return isList ? `[[${dotted(path)}]]` : `[${dotted(path)}]`;
}
