/** The small grammar that most of the kernel's files have in common. Nothing here throws or gives NaN. */

/** The lines of a text that say something. */
export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

/** The words of a line. */
export function wordsOf(line: string): string[] {
  return line.trim().split(/\s+/).filter((word) => word !== "");
}

/** A whole number of at least 0 in decimal, or undefined where the word is none. */
export function countOf(word: string | undefined): number | undefined {
  if (word === undefined || !/^\d{1,20}$/.test(word)) return undefined;
  return Number(word);
}

/** A decimal number, or undefined where the word is none. */
export function decimalOf(word: string | undefined): number | undefined {
  if (word === undefined || !/^-?\d{1,20}(?:\.\d{1,20})?$/.test(word)) return undefined;
  return Number(word);
}

/** Reads `Key: rest of the line` lines; the first of a key stays. */
export function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const key = line.slice(0, colon).trim();
    if (key !== "" && !fields.has(key)) fields.set(key, line.slice(colon + 1).trim());
  }
  return fields;
}

/** `1234 kB` in bytes. */
export function kilobytesOf(value: string | undefined): number | undefined {
  const [amount, unit] = wordsOf(value ?? "");
  const kilobytes = countOf(amount);
  return kilobytes === undefined || (unit !== undefined && unit !== "kB") ? undefined : 1024 * kilobytes;
}

/** Undoes the octal escapes of the kernel's tables: `\040` is a space. */
export function unescaped(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
