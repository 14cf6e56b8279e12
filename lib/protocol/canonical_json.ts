/** The one spelling of a JSON value that signatures are made over: RFC 8785 (JCS). */

/** What is nested deeper is refused: no message needs it, and a foreign one must not exhaust the stack. */
const MAX_DEPTH = 100;

/**
 * `value` as canonical JSON: no white space, members in the order of their names' UTF-16 code units, numbers and strings
 * as ECMAScript writes them. Two values have the same text exactly if they are the same JSON value.
 *
 * @throws TypeError for what is no JSON value: `undefined`, a number that is not finite, a string with a lone surrogate, an
 * object that is neither plain nor an array; RangeError for one that is nested deeper than 100 levels.
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case "boolean":
      return String(value);
    case "number":
      if (Number.isFinite(value)) return JSON.stringify(value); // -0 is written 0
      throw new TypeError(`cannot write canonical JSON: ${value} is no number of JSON's`);
    case "string":
      return quoted(value);
    case "object":
      if (value === null) return "null";
      if (depth === MAX_DEPTH) {
        throw new RangeError(`cannot write canonical JSON: it is nested deeper than ${MAX_DEPTH} levels`);
      }
      return Array.isArray(value) ? list(value, depth + 1) : members(value, depth + 1);
    default:
      throw new TypeError(`cannot write canonical JSON: ${typeof value} is no kind of value of JSON's`);
  }
}

function list(values: readonly unknown[], depth: number): string {
  // By index, not by `map`: that would leave the holes of a sparse array out.
  return `[${Array.from(values, (value) => write(value, depth)).join(",")}]`;
}

function members(object: object, depth: number): string {
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== null && prototype !== Object.prototype) {
    throw new TypeError("cannot write canonical JSON: an object is not a plain one");
  }
  const entries = Object.entries(object).sort(([a], [b]) => a < b ? -1 : 1); // `<` compares code units
  return `{${entries.map(([name, value]) => `${quoted(name)}:${write(value, depth)}`).join(",")}}`;
}

function quoted(text: string): string {
  if (text.isWellFormed()) return JSON.stringify(text);
  throw new TypeError("cannot write canonical JSON: a string has a lone surrogate");
}
