/** The wire format of Redis (RESP2): what is sent, and a parser of what comes back that trusts no length. */

/** A bulk string's bytes, a simple string, an integer, nothing, an error reply, or several of them. */
export type RespValue = Uint8Array | string | number | null | RespErrorReply | RespValue[];

/** An error that the server answered with. */
export class RespErrorReply {
  /** The first word: `ERR`, `NOAUTH`, `LOADING`. */
  readonly code: string;
  readonly message: string;

  constructor(text: string) {
    this.message = text;
    this.code = /^[A-Z][A-Z0-9_]*/.exec(text)?.[0] ?? "ERR";
  }
}

/** Options of {@linkcode RespParser}. */
export interface RespParserOptions {
  /** The most one reply may take, in bytes. @default 1048576 */
  maxReplyBytes?: number;
  /** How deep replies may nest. @default 8 */
  maxDepth?: number;
}

const CR = 13;
const LF = 10;
/** Longer than any integer or length; simple strings and errors are allowed more. */
const MAX_LINE_BYTES = 64 * 1024;

interface OpenArray {
  readonly items: RespValue[];
  left: number;
}

/**
 * Reads replies from bytes as they come, however they are cut. Give it bytes with {@linkcode push}, then ask
 * {@linkcode next} until it has no more. After it threw it is of no more use.
 */
export class RespParser {
  readonly #maxReplyBytes: number;
  readonly #maxDepth: number;
  /** Bytes not yet read, in one piece from `#start` to `#end`. */
  #bytes: Uint8Array = new Uint8Array(4096);
  #start = 0;
  #end = 0;
  /** How far the search for the end of the current line has come: no byte is looked at twice. */
  #searched = 0;
  #replyBytes = 0;
  /** The length of the bulk string under way. */
  #bulkBytes: number | undefined;
  readonly #arrays: OpenArray[] = [];

  constructor({ maxReplyBytes = 1024 * 1024, maxDepth = 8 }: RespParserOptions = {}) {
    this.#maxReplyBytes = maxReplyBytes;
    this.#maxDepth = maxDepth;
  }

  /** Takes a copy of `chunk`. */
  push(chunk: Uint8Array): void {
    if (this.#end + chunk.byteLength > this.#bytes.byteLength) this.#makeRoom(chunk.byteLength);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.byteLength;
  }

  /**
   * The next whole reply, or undefined until more bytes are there.
   * @throws SyntaxError for bytes that are no reply, RangeError for one that is too large or too deep.
   */
  next(): RespValue | undefined {
    for (;;) {
      const value = this.#element();
      if (value === undefined) return undefined;
      const whole = this.#place(value.element);
      if (whole !== undefined) {
        this.#replyBytes = 0;
        return whole.reply;
      }
    }
  }

  #makeRoom(more: number): void {
    const held = this.#end - this.#start;
    const target = held + more <= this.#bytes.byteLength
      ? this.#bytes
      : new Uint8Array(Math.max(2 * this.#bytes.byteLength, held + more));
    target.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = target;
    this.#searched -= this.#start;
    this.#start = 0;
    this.#end = held;
  }

  /** One value that is not an array, an empty array or null; an array's head is consumed and goes on the stack. */
  #element(): { element: RespValue } | undefined {
    for (;;) {
      if (this.#bulkBytes !== undefined) return this.#bulk(this.#bulkBytes);
      const line = this.#line();
      if (line === undefined) return undefined;
      const kind = line.charAt(0);
      const rest = line.slice(1);
      switch (kind) {
        case "+":
          return { element: rest };
        case "-":
          return { element: new RespErrorReply(rest) };
        case ":":
          return { element: integer(rest) };
        case "$": {
          const length = integer(rest);
          if (length === -1) return { element: null };
          this.#bulkBytes = this.#length(length);
          break;
        }
        case "*": {
          const length = integer(rest);
          if (length === -1) return { element: null };
          this.#length(length);
          if (length === 0) return { element: [] };
          if (this.#arrays.length >= this.#maxDepth) {
            throw new RangeError(`a reply nests deeper than ${this.#maxDepth}`);
          }
          this.#arrays.push({ items: [], left: length });
          break;
        }
        default:
          throw new SyntaxError(`a reply begins with ${JSON.stringify(kind)}: this is no Redis`);
      }
    }
  }

  #length(length: number): number {
    if (length < 0) throw new SyntaxError(`a reply has the length ${length}`);
    // Every element takes bytes, so that a count is bounded by the same figure; nothing is set aside beforehand.
    if (length > this.#maxReplyBytes) throw this.#tooLarge();
    return length;
  }

  #bulk(length: number): { element: Uint8Array } | undefined {
    if (this.#end - this.#start < length + 2) {
      this.#count(0, length + 2);
      return undefined;
    }
    this.#count(length + 2);
    const element = this.#bytes.slice(this.#start, this.#start + length);
    const after = this.#start + length;
    if (this.#bytes[after] !== CR || this.#bytes[after + 1] !== LF) {
      throw new SyntaxError("a bulk string is longer than it says");
    }
    this.#start = this.#searched = after + 2;
    this.#bulkBytes = undefined;
    return { element };
  }

  #line(): string | undefined {
    const from = Math.max(this.#searched, this.#start);
    const at = this.#bytes.subarray(0, this.#end).indexOf(LF, from);
    const length = (at === -1 ? this.#end : at) - this.#start;
    if (length > MAX_LINE_BYTES) throw new SyntaxError("a reply's line does not end: this is no Redis");
    if (at === -1) {
      this.#searched = this.#end;
      return undefined;
    }
    if (length === 0 || this.#bytes[at - 1] !== CR) {
      throw new SyntaxError("a reply's line does not end in CR LF");
    }
    const line = new TextDecoder().decode(this.#bytes.subarray(this.#start, at - 1));
    this.#start = this.#searched = at + 1;
    this.#count(length + 1);
    return line;
  }

  /** Counts what was read of this reply; `ahead` is what it has announced. */
  #count(bytes: number, ahead = 0): void {
    this.#replyBytes += bytes;
    if (this.#replyBytes + ahead > this.#maxReplyBytes) throw this.#tooLarge();
  }

  #tooLarge(): RangeError {
    return new RangeError(`a reply is larger than ${this.#maxReplyBytes} bytes; ask for less`);
  }

  /** Puts a value where it belongs; gives back the reply once it is whole. */
  #place(value: RespValue): { reply: RespValue } | undefined {
    let done = value;
    for (;;) {
      const array = this.#arrays.at(-1);
      if (array === undefined) return { reply: done };
      array.items.push(done);
      if (--array.left > 0) return undefined;
      this.#arrays.pop();
      done = array.items;
    }
  }
}

function integer(text: string): number {
  if (!/^[+-]?\d{1,19}$/.test(text)) {
    throw new SyntaxError(`a reply has ${JSON.stringify(text.slice(0, 32))} for a number`);
  }
  return Number(text);
}

/** One command, as an array of bulk strings. */
export function encodeCommand(words: readonly (string | Uint8Array)[]): Uint8Array {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [encoder.encode(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = typeof word === "string" ? encoder.encode(word) : word;
    parts.push(encoder.encode(`$${bytes.byteLength}\r\n`), bytes, encoder.encode("\r\n"));
  }
  const command = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    command.set(part, at);
    at += part.byteLength;
  }
  return command;
}

/** A reply's text: of a string as it is, of bytes as UTF-8 with what is none replaced; undefined for anything else. */
export function respText(value: RespValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
}

/** A reply's elements; none where it is no array. */
export function respList(value: RespValue | undefined): RespValue[] {
  return Array.isArray(value) ? value : [];
}

/** A flat `name, value, name, value` reply; names and values that are no text are left out. */
export function respPairs(value: RespValue | undefined): Record<string, string> {
  const list = respList(value);
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < list.length; index += 2) {
    const name = respText(list[index]);
    const text = respText(list[index + 1]);
    if (name !== undefined && text !== undefined) pairs.push([name, text]);
  }
  return Object.fromEntries(pairs);
}
