/** TOML, with the places that its errors must name. */
import { parse, TomlDate, TomlError } from "smol-toml";

/** A TOML document as plain values. Tables have no prototype. */
export type TomlTable = { [key: string]: unknown };

/** The text is no TOML. The message is one line; both numbers count from 1. */
export class TomlSyntaxError extends SyntaxError {
  override readonly name = "TomlSyntaxError";
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number, options?: ErrorOptions) {
    super(message, options);
    this.line = line;
    this.column = column;
  }
}

/** @throws TomlSyntaxError */
export function parseToml(text: string): TomlTable {
  try {
    return parse(text, { unsafeKeyBehaviour: "throw", maxDepth: 20 }) as TomlTable;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // What follows the first line is a picture of the code, which may show a secret.
    const reason = (error.message.split("\n", 1)[0] ?? "").replace(/^Invalid TOML document: /, "");
    // The error itself is no cause to keep: it carries that picture.
    throw new TomlSyntaxError(reason, error.line, error.column);
  }
}

/**
 * The line, from 1, of the statement that first brings the key at `path` about; undefined when nothing does.
 * `text` must be valid. Takes time that grows with the square of the lines: for errors only.
 */
export function lineOf(text: string, path: readonly PropertyKey[]): number | undefined {
  const lines = text.split("\n");
  let firstOpen = 0;
  // A prefix that parses ends where a statement ends: the first one that has the key ends with its statement.
  for (let count = 1; count <= lines.length; count++) {
    let table: TomlTable;
    try {
      table = parseToml(`${lines.slice(0, count).join("\n")}\n`);
    } catch {
      continue; // inside a string or list of several lines
    }
    if (has(table, path)) return firstOpen + 1;
    firstOpen = count;
  }
  return undefined;
}

/** The value at `path`, or undefined. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

/** A value's kind in words, with its article; `quote` shows numbers, booleans and short strings themselves. */
export function kindOf(value: unknown, quote: boolean): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof TomlDate) return "a date";
  switch (typeof value) {
    case "string":
      return quote && value.length <= 60 ? JSON.stringify(value) : "a string";
    case "number":
      return quote ? `the number ${value}` : "a number";
    case "boolean":
      return quote ? String(value) : "true or false";
    default:
      return "a table";
  }
}

function has(root: unknown, path: readonly PropertyKey[]): boolean {
  const parent = valueAt(root, path.slice(0, -1));
  const last = path.at(-1);
  return last === undefined || (typeof parent === "object" && parent !== null && Object.hasOwn(parent, last));
}

/** A path as people write it: `check.cpu.interval`. */
export function dotted(path: readonly PropertyKey[]): string {
  return path.filter((step) => typeof step !== "number")
    .map((step) => /^[\w-]+$/.test(String(step)) ? String(step) : JSON.stringify(step))
    .join(".");
}
