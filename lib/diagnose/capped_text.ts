/** Text that others wrote, as it is streamed: bounded, and without what a terminal would obey. */
import { Buffer } from "node:buffer";

// Controls but for line break and tab, and marks that turn the reading direction.
// deno-lint-ignore no-control-regex
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The start of a text that ends between two characters, and a line that says so where something is missing. */
export function cappedText(text: string, maxBytes: number): string {
  const clean = text.replace(CONTROLS, "");
  const totalBytes = Buffer.byteLength(clean);
  if (totalBytes <= maxBytes) return clean;
  const { read } = new TextEncoder().encodeInto(clean, new Uint8Array(maxBytes));
  return `${clean.slice(0, read)}\n[cut: the first ${maxBytes} of ${totalBytes} bytes]`;
}
