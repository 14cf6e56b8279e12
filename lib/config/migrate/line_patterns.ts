/** Patterns for lines of logs: theirs are for the whole line, ours for a part of it. */

/** One of catpaw's: `/expression/`, perhaps with `(?i)` in it, or a pattern with `*` and `?` for the whole line. */
export function ourLinePattern(theirs: string): string {
  const [, flag, expression] = /^\/(\(\?i\))?(.+)\/$/s.exec(theirs) ?? [];
  if (expression !== undefined) return `/${expression}/${flag === undefined ? "" : "i"}`;
  const [, inner] = /^\*([^*?[\]{}\\]+)\*$/.exec(theirs) ?? [];
  if (inner !== undefined && !/^\/.+\/i?$/s.test(inner)) return inner;
  return `/^${[...theirs].map(charExpression).join("")}$/`;
}

function charExpression(char: string): string {
  if (char === "*") return ".*";
  if (char === "?") return ".";
  return /[.+^$()|[\]{}\\/]/.test(char) ? `\\${char}` : char;
}
