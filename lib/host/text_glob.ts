/** Patterns over plain text. */

/**
 * Whether the whole of `text` fits `pattern`: `*` stands for any text, `?` for one character; all else is itself. Goes
 * back no further than the last `*`, so that no pattern takes long.
 */
export function matchesText(text: string, pattern: string): boolean {
  let [textAt, patternAt] = [0, 0];
  let [starAt, retryAt] = [-1, 0];
  while (textAt < text.length) {
    if (pattern[patternAt] === "*") [starAt, retryAt, patternAt] = [patternAt, textAt, patternAt + 1];
    else if (pattern[patternAt] === "?" || pattern[patternAt] === text[textAt]) {
      textAt++;
      patternAt++;
    } else if (starAt >= 0) [patternAt, textAt] = [starAt + 1, ++retryAt];
    else return false;
  }
  while (pattern[patternAt] === "*") patternAt++;
  return patternAt === pattern.length;
}
