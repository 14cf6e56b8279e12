/** What is wrong with a configuration file, in words: from the schema's issues to one line. */
import { closest, distance } from "fastest-levenshtein";
import type * as z from "zod/mini";
import { isSecretName, maskSecrets } from "../host/mask_secrets.ts";
import { expectation } from "./expectation.ts";
import { allKeys, ANY_NAME, knownKeys } from "./known_keys.ts";
import { dotted, kindOf, lineOf, type TomlTable, valueAt } from "./toml.ts";

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
  error: z.core.$ZodError,
  raw: TomlTable,
  source: string,
): { text: string; line: number | undefined } {
  const problems = error.issues.flatMap((issue) => problemsOf(issue, raw)).slice(0, 20)
    .map(({ path, text }) => ({ path, text, line: lineOf(source, path) }));
  // What is missing has no line, and comes last: a key that is misspelt instead says more.
  const { path, text, line } = problems.reduce((first, next) =>
    (next.line ?? Infinity) < (first.line ?? Infinity) ? next : first
  );
  return { text, line: line ?? (path.length > 1 ? lineOf(source, path.slice(0, -1)) : undefined) };
}

function problemsOf(issue: z.core.$ZodIssue, raw: TomlTable): Problem[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [...path, key],
      text: unknownKey(path, key, raw),
    }));
  }
  return [{ path, text: wrongValue(issue, raw) }];
}

function wrongValue(issue: z.core.$ZodIssue, raw: TomlTable): string {
  const { path } = issue;
  const key = dotted(path);
  const value = valueAt(raw, path);
  if (issue.code === "invalid_type" && issue.expected === "array" && path[0] === "check") {
    return `${key} must be a list of tables; write [[${key}]]`;
  }
  if (issue.code === "custom" && issue.params?.["quiet"]) return `${key} ${issue.message}`;
  if (issue.code === "invalid_key") {
    // A header's name that is none may be a whole header, secret and all.
    const shown = path.includes("headers") ? dotted(path.slice(0, -1)) : key;
    return `${shown} ${issue.issues[0]?.message ?? "is no valid name"}`;
  }
  if (issue.code === "too_small" && issue.origin === "string") {
    return `${key} must not be empty; fill it in or leave it out`;
  }
  if (value === undefined) return `${key} is missing; it ${expectation(issue)}`;
  const is = maskSecrets(kindOf(value, !mayBeSecret(path)));
  return `${key} ${expectation(issue)}; it is ${is}${hint(path, value)}`;
}

function hint(path: readonly PropertyKey[], value: unknown): string {
  if (path[0] === "labels" && typeof value === "number") return "; put it in quotes";
  if (path[0] === "notify" && path.length === 1) return `; write [notify.${ANY_NAME}]`;
  if (path[0] === "notify" && path.length === 2) {
    const name = typeof value === "object" && !(value instanceof Date) ? String(path[1]) : ANY_NAME;
    return `; write [notify.${name}]`;
  }
  return "";
}

/** Keys of checks that hold what is sent or handed on. */
const SECRET_KEYS: ReadonlySet<string> = new Set(["args", "body", "env", "headers"]);

/** Whether a secret may stand there, be it by mistake. */
function mayBeSecret(path: readonly PropertyKey[]): boolean {
  const [table, , key] = path;
  if (table === "notify") {
    return path.length < 3 || !["type", "method", "batch", "source"].includes(String(key));
  }
  // Headers and variables have any name; of a check's own keys the names tell.
  if (table === "check" && path.some((step) => SECRET_KEYS.has(String(step)) || isSecretName(String(step)))) {
    return true;
  }
  return path.length === 1 && (table === "server" || table === "local") ||
    ["server.token", "server.proxy"].includes(dotted(path));
}

function unknownKey(path: readonly PropertyKey[], key: string, raw: TomlTable): string {
  const value = valueAt(raw, [...path, key]);
  const what = typeof value === "object" && !(value instanceof Date) ? "table" : "key";
  const where = path.length === 0 ? "at the top of the file" : `in ${tableName(path)}`;
  return `unknown ${what} ${JSON.stringify(key)} ${where}; ${advice(path, key, raw)}`;
}

function advice(path: readonly PropertyKey[], key: string, raw: TomlTable): string {
  const known = knownKeys(path, raw) ?? [];
  const near = closest(key.toLowerCase(), known);
  const startsSo = known.find((one) => one.startsWith(`${key.toLowerCase()}_`));
  if (startsSo !== undefined) return `did you mean ${JSON.stringify(startsSo)}?`;
  const homes = homesOf(path, key);
  if (homes.length > 0) return `it belongs in ${homes.join(", ")}`;
  if (isNear(key.toLowerCase(), near)) {
    return `did you mean ${JSON.stringify(near)}?`;
  }
  const type = path[0] === "notify" ? ` for the type ${String(valueAt(raw, [...path, "type"]))}` : "";
  return `known here${type}: ${known.join(", ")}`;
}

function isNear(written: string, known: string): boolean {
  if (distance(written, known) <= Math.max(1, Math.floor(known.length / 3))) return true;
  // Two letters that changed places count as two changes: too many for a short key.
  return [...written].sort().join("") === [...known].sort().join("");
}

/**
 * The tables that have the key. Destinations and checks are what people make them: their keys are hardly meant for
 * elsewhere.
 */
function homesOf(path: readonly PropertyKey[], key: string): string[] {
  if (path[0] === "notify") return [];
  const homes = allKeys().filter((known) => known.endsWith(`.${key}`))
    .filter((known) => path.length === 0 || !/^(notify|check)\./.test(known))
    .map((known) => tableName(known.split(".").slice(0, -1)));
  const ofChecks = homes.filter((home) => home.startsWith("[[check."));
  return ofChecks.length < 4 ? homes : [...homes.filter((home) => !ofChecks.includes(home)), "a [[check.…]]"];
}

function tableName(path: readonly PropertyKey[]): string {
  const isList = typeof path.at(-1) === "number" || knownKeys(path) === undefined;
  return isList ? `[[${dotted(path)}]]` : `[${dotted(path)}]`;
}
