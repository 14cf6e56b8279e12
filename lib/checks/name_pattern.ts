/** Names as people select them: `web`, `web-*`, `db-?`. */

/** Selects names. */
export interface NamePattern {
  /** As it was written. */
  readonly source: string;
  /** Whether it stands for one name alone. */
  readonly isExact: boolean;
  matches(name: string): boolean;
}

/** `*` stands for any run of characters, `?` for one; everything else for itself. */
export function namePattern(source: string): NamePattern {
  if (!/[*?]/.test(source)) return { source, isExact: true, matches: (name) => name === source };
  return { source, isExact: false, matches: (name) => matches(source, name) };
}

/** Going back to the last star only: linear in practice, and never worse than the product of both lengths. */
function matches(pattern: string, name: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let from = 0;
  while (from < name.length) {
    const code = pattern.charAt(at);
    if (code === "*") {
      star = at++;
      resume = from;
    } else if (code !== "" && (code === "?" || code === name.charAt(from))) {
      at++;
      from++;
    } else if (star !== -1) {
      at = star + 1;
      from = ++resume;
    } else {
      return false;
    }
  }
  while (pattern.charAt(at) === "*") at++;
  return at === pattern.length;
}
