/** HTTP/1.x answers, read from bytes. Everything is bounded: a peer may send what it likes for as long as it likes. */

/** Where the bytes come from: the next ones, undefined at the end. */
export type ByteSource = () => Promise<Uint8Array | undefined>;

/** The status line and the headers. */
export interface HttpHead {
  /** `1.1` */
  readonly version: string;
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case, in the order they came; a name may come twice. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The most that a head may have. */
export const MAX_HEAD_BYTES = 64 * 1024;

/** How many heads with a status of 1xx may come first. */
const MAX_INTERIM_HEADS = 10;

/** Of a line with the length of a chunk. */
const MAX_CHUNK_LINE_BYTES = 1024;

/** Bytes, taken as the parser needs them. */
export class ByteReader {
  readonly #source: ByteSource;
  #rest: Uint8Array<ArrayBufferLike> = new Uint8Array();

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Whatever comes next, up to `maxBytes`; undefined at the end. */
  async some(maxBytes: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const chunk = await this.#source();
      if (chunk === undefined) return undefined;
      this.#rest = chunk;
    }
    const taken = this.#rest.subarray(0, maxBytes);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** A line without its end; undefined at the end of all. @throws Error when it is longer than `maxBytes`. */
  async line(maxBytes: number): Promise<string | undefined> {
    const parts: Uint8Array[] = [];
    for (let length = 0;;) {
      const end = this.#rest.indexOf(0x0a);
      const part = end < 0 ? this.#rest : this.#rest.subarray(0, end);
      length += part.length;
      if (length > maxBytes) throw new Error("the answer's head is too long");
      parts.push(part);
      this.#rest = end < 0 ? new Uint8Array() : this.#rest.subarray(end + 1);
      if (end >= 0) break;
      const chunk = await this.#source();
      if (chunk === undefined) return undefined;
      this.#rest = chunk;
    }
    return parts.map((part) => new TextDecoder("latin1").decode(part)).join("").replace(/\r$/, "");
  }
}

/**
 * Reads the final head; those of 1xx are skipped.
 * @throws Error where it is no HTTP/1.x, too long, or cut off.
 */
export async function readHead(reader: ByteReader): Promise<HttpHead> {
  for (let count = 0; count <= MAX_INTERIM_HEADS; count++) {
    const head = await readOneHead(reader);
    if (head.status >= 200 || head.status === 101) return head;
  }
  throw new Error("the answer does not come: only interim ones do");
}

/** The values of a header, joined; undefined without any. */
export function headerOf(head: HttpHead, name: string): string | undefined {
  const values = head.headers.filter(([known]) => known === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(", ");
}

/** A body, as far as it was read. */
export interface HttpBody {
  readonly bytes: Uint8Array;
  /** Whether there was more than `maxBytes`. */
  readonly truncated: boolean;
}

/**
 * Reads the body that belongs to `head`.
 * @throws Error where it is cut off, or its chunks are malformed.
 */
export async function readBody(
  reader: ByteReader,
  { head, method, maxBytes }: { head: HttpHead; method: string; maxBytes: number },
): Promise<HttpBody> {
  const { status } = head;
  const empty = { bytes: new Uint8Array(), truncated: false };
  if (method === "HEAD" || status === 204 || status === 304 || status === 101) return empty;
  const collected = new BodyCollector(maxBytes);
  if (/(?:^|,)\s*chunked\s*$/i.test(headerOf(head, "transfer-encoding") ?? "")) {
    await readChunked(reader, collected);
    return collected.body();
  }
  const length = headerOf(head, "content-length");
  if (length === undefined) {
    await readUntilEnd(reader, collected);
    return collected.body();
  }
  // Two equal lengths are one; anything else could mean any number.
  const lengths = new Set(length.split(",").map((part) => part.trim()));
  const [digits = ""] = lengths;
  if (lengths.size !== 1 || !/^\d{1,15}$/.test(digits)) {
    throw new Error("the answer's content-length is malformed");
  }
  await readExactly(reader, Number(digits), collected);
  return collected.body();
}

async function readOneHead(reader: ByteReader): Promise<HttpHead> {
  let left = MAX_HEAD_BYTES;
  const next = async () => {
    const line = await reader.line(left);
    if (line === undefined) {
      throw new Error(
        left === MAX_HEAD_BYTES ? "the peer closed without an answer" : "the answer's head is cut off",
      );
    }
    left -= line.length + 2;
    return line;
  };
  const [, version = "", digits = "", statusText = ""] =
    /^HTTP\/(1\.\d) (\d{3})(?: (.*))?$/.exec(await next()) ?? [];
  const status = Number(digits);
  if (version === "" || status < 100 || status > 599) throw new Error("the answer is no HTTP/1.x");
  const headers: [string, string][] = [];
  for (let line = await next(); line !== ""; line = await next()) {
    // What is no header (a folded line, say) is skipped: a probe needs few of them.
    const [, name, value = ""] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$/.exec(line) ?? [];
    if (name !== undefined) headers.push([name.toLowerCase(), value.trim()]);
  }
  return { version, status, statusText, headers };
}

async function readChunked(reader: ByteReader, collected: BodyCollector): Promise<void> {
  for (;;) {
    const line = await reader.line(MAX_CHUNK_LINE_BYTES);
    const [, digits] = /^([0-9a-fA-F]{1,12})\s*(?:;.*)?$/.exec(line ?? "") ?? [];
    if (digits === undefined) {
      throw new Error(line === undefined ? "the answer is cut off" : "a chunk is malformed");
    }
    const length = parseInt(digits, 16);
    if (length === 0) return; // nothing in a trailer is wanted
    await readExactly(reader, length, collected);
    if (collected.full) return;
    if (await reader.line(MAX_CHUNK_LINE_BYTES) !== "") throw new Error("a chunk is malformed");
  }
}

async function readExactly(reader: ByteReader, length: number, collected: BodyCollector): Promise<void> {
  for (let left = length; left > 0 && !collected.full;) {
    const part = await reader.some(left);
    if (part === undefined) throw new Error("the answer is cut off");
    left -= part.length;
    collected.push(part);
  }
}

async function readUntilEnd(reader: ByteReader, collected: BodyCollector): Promise<void> {
  while (!collected.full) {
    const part = await reader.some(MAX_HEAD_BYTES);
    if (part === undefined) return;
    collected.push(part);
  }
}

/** Full once there was more than it may hold. */
class BodyCollector {
  readonly #maxBytes: number;
  readonly #parts: Uint8Array[] = [];
  #length = 0;
  full = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(part: Uint8Array): void {
    const taken = part.subarray(0, this.#maxBytes - this.#length);
    this.#parts.push(taken);
    this.#length += taken.length;
    if (taken.length < part.length) this.full = true;
  }

  body(): HttpBody {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return { bytes, truncated: this.full };
  }
}
