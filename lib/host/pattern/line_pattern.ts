/** Patterns that lines are searched for, as people write them. */
import { LinearRegex } from "./linear_regex.ts";

/** A compiled pattern. Its time is linear in the line's length, whatever the pattern. */
export interface LinePattern {
  /** As it was written. */
  readonly source: string;
  matches(line: string): boolean;
}

/** How long a pattern may be. */
export const MAX_PATTERN_CHARS = 512;

/**
 * `/expression/` and `/expression/i` (either case) are regular expressions; anything else is found where it stands.
 * @throws SyntaxError for an expression that cannot be used; it says why.
 */
export function linePattern(source: string): LinePattern {
  if (source.length > MAX_PATTERN_CHARS) {
    throw new SyntaxError(`cannot use a pattern of more than ${MAX_PATTERN_CHARS} characters`);
  }
  const [, expression, flags] = /^\/(.+)\/([a-z]*)$/s.exec(source) ?? [];
  // A path is a text: "/var/log/x" ends in no flags that there are.
  if (expression === undefined || (flags !== "" && flags !== "i")) {
    return { source, matches: (line) => line.includes(source) };
  }
  const regex = new LinearRegex(expression, { ignoreCase: flags === "i" });
  return { source, matches: (line) => regex.test(line) };
}
