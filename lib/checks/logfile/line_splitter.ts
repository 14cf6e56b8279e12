/** From bytes to lines, whatever pieces they come in. */

/** How the text of a log is written. */
export const LOG_ENCODINGS = ["utf-8", "utf-16le", "utf-16be", "latin1", "gbk"] as const;

/** One of {@linkcode LOG_ENCODINGS}. */
export type LogEncoding = typeof LOG_ENCODINGS[number];

/** What of a line is looked at. */
export const MAX_LINE_CHARS = 8192;
/** A line that is longer is told without waiting for its end, and the rest of it is passed over. */
const MAX_LINE_BYTES = 4 * MAX_LINE_CHARS;

/** Options of {@linkcode LineSplitter}. */
export interface LineSplitterOptions {
  encoding: LogEncoding;
  /**
   * Whether it begins in the midst of a line that is to be passed over.
   * @default false
   */
  skipping?: boolean;
}

/** Takes a log's bytes in order, from the start of a line on. */
export class LineSplitter {
  readonly #decoder: TextDecoder;
  readonly #wide: "le" | "be" | undefined;
  #pending: Uint8Array<ArrayBufferLike> = new Uint8Array();
  #skipping: boolean;
  #consumedBytes = 0;

  constructor({ encoding, skipping = false }: LineSplitterOptions) {
    this.#decoder = new TextDecoder(encoding);
    this.#wide = encoding === "utf-16le" ? "le" : encoding === "utf-16be" ? "be" : undefined;
    this.#skipping = skipping;
  }

  /** How much of what was pushed is done with: where to go on another time. */
  get consumedBytes(): number {
    return this.#consumedBytes;
  }

  /** Whether the next byte belongs to a line that is passed over. */
  get skipping(): boolean {
    return this.#skipping;
  }

  /** Takes the next bytes; returns the lines that they end, each cut at {@linkcode MAX_LINE_CHARS}. */
  push(chunk: Uint8Array): string[] {
    const bytes = joined(this.#pending, chunk);
    const lines: string[] = [];
    let start = 0;
    for (let end = this.#lineEnd(bytes, start); end !== -1; end = this.#lineEnd(bytes, start)) {
      if (!this.#skipping) lines.push(this.#text(bytes.subarray(start, end)));
      this.#skipping = false;
      start = end + (this.#wide ? 2 : 1);
    }
    if (bytes.length - start > MAX_LINE_BYTES && !this.#skipping) {
      const text = this.#text(bytes.subarray(start));
      if (text !== "") lines.push(text);
      this.#skipping = true;
    }
    // Half of a unit stays: what comes next is in step again.
    if (this.#skipping) start = bytes.length - (this.#wide ? (bytes.length - start) % 2 : 0);
    this.#consumedBytes += start;
    this.#pending = bytes.slice(start);
    return lines;
  }

  /** There is no more to come: the last line, where it was left without an end. */
  finish(): string[] {
    const rest = this.#pending;
    this.#consumedBytes += rest.length;
    this.#pending = new Uint8Array();
    return rest.length === 0 || this.#skipping ? [] : [this.#text(rest)];
  }

  #lineEnd(bytes: Uint8Array, start: number): number {
    if (this.#wide === undefined) return bytes.indexOf(10, start);
    const low = this.#wide === "le" ? 0 : 1;
    for (let at = bytes.indexOf(10, start); at !== -1; at = bytes.indexOf(10, at + 1)) {
      const unit = at - (at - start) % 2;
      if (at - unit === low && bytes[unit + 1 - low] === 0) return unit;
    }
    return -1;
  }

  #text(bytes: Uint8Array): string {
    const text = this.#decoder.decode(bytes.subarray(0, MAX_LINE_BYTES));
    // A hole in the file is no text.
    return text.replace(/^\0+/, "").replace(/\r$/, "").slice(0, MAX_LINE_CHARS);
  }
}

function joined(first: Uint8Array<ArrayBufferLike>, second: Uint8Array): Uint8Array<ArrayBufferLike> {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
