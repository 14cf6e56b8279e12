/** Text that others wrote (a program, a log), made fit to be shown. */

/** What a terminal or a reader may take for more than text: control characters, line separators, direction marks. */
const UNSEEMLY = / ?[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+ ?/gu;

/** A terminal's escape sequences: colours, cursor moves, titles. */
const ESCAPES = new RegExp(
  String.raw`\x1b(?:\[[0-9;:?<=>!]{0,64}[A-Za-z@\x60~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|[@-Z\\^_])`,
  "g",
);

/**
 * One line of at most `maxChars` UTF-16 units: escape sequences left out, each run of control characters a space, no
 * space at the ends. What was cut ends in `…`.
 */
export function cleanLine(text: string, maxChars: number): string {
  return capped(seemly(text, maxChars).trim(), maxChars, text.length);
}

/** Several lines, together at most `maxChars`; each as {@linkcode cleanLine} has it, but for its indentation. */
export function cleanBlock(text: string, maxChars: number): string {
  const lines = text.slice(0, 4 * maxChars).split(/\r?\n/).map((line) => {
    const indent = /^[ \t]*/.exec(line)?.[0].replaceAll("\t", "  ") ?? "";
    return (indent + seemly(line, maxChars).trim()).trimEnd();
  });
  return capped(lines.join("\n").trimEnd(), maxChars, text.length);
}

function seemly(text: string, maxChars: number): string {
  // A few times what is kept is looked at, and no more: the text may be a megabyte.
  return text.slice(0, 4 * maxChars).replace(ESCAPES, "").replace(UNSEEMLY, " ").toWellFormed();
}

function capped(clean: string, maxChars: number, sourceChars: number): string {
  if (clean.length <= maxChars && sourceChars <= 4 * maxChars) return clean;
  // Not half of a pair of surrogates.
  return clean.slice(0, maxChars - 1).replace(/[\ud800-\udbff]$/, "").trimEnd() + "…";
}
