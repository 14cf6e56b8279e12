/** Foreign text in Markdown: what somebody else wrote may be read in a report, never shape it. */

// Controls, marks that turn the reading direction, and characters that cannot be seen.
const INVISIBLE =
  // deno-lint-ignore no-control-regex
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/** One line of foreign text as literal Markdown, fit for a sentence or a table's cell. */
export function inlineText(text: string, maxChars = 200): string {
  const characters = [...text.replace(/\s+/g, " ").replace(INVISIBLE, "").trim()];
  const kept = characters.slice(0, maxChars).join("") + (characters.length > maxChars ? "…" : "");
  return kept.replace(/[\\`*_[\]<>|~&@]|:(?=\/\/)|(?<=www)\./gi, "\\$&");
}

/** Foreign text as an indented code block, which no character in it can end. Cut to `maxBytes` of UTF-8. */
export function quotedBlock(text: string, maxBytes = 2048): string {
  const bytes = new TextEncoder().encode(text);
  const cut = bytes.length > maxBytes;
  // As a stream, a code point that the cut splits is left out instead of replaced.
  const kept = new TextDecoder().decode(bytes.subarray(0, maxBytes), { stream: true });
  const lines = kept.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)
    .map((line) => `    ${line.replace(INVISIBLE, "")}`);
  return lines.join("\n") + (cut ? `\n\n(cut: the first ${maxBytes} of ${bytes.length} bytes)` : "");
}
