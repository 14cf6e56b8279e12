/** Reading files whose size cannot be known beforehand. */

const CHUNK_BYTES = 64 * 1024;

/** Room that is used again: taken anew for each file it would be most of the garbage that an agent makes. */
const spareChunks: Uint8Array<ArrayBuffer>[] = [];
const MAX_SPARE = 4;

/** The first `maxBytes` of a file, as text. Bytes that are no UTF-8 become replacement characters. */
export async function readCapped(file: string, maxBytes: number): Promise<string> {
  using handle = await Deno.open(file);
  const chunk = spareChunks.pop() ?? new Uint8Array(CHUNK_BYTES);
  try {
    const taken = new CappedText(chunk, maxBytes);
    for (let room = taken.room(); room.length > 0; room = taken.room()) {
      const readBytes = await handle.read(room);
      if (readBytes === null || readBytes === 0) return taken.whole();
      taken.add(readBytes);
    }
    return taken.cut();
  } finally {
    if (spareChunks.length < MAX_SPARE) spareChunks.push(chunk);
  }
}

const promptChunk = new Uint8Array(CHUNK_BYTES);

/** The same at once, for files that are known to be prompt. */
export function readPrompt(file: string, maxBytes: number): string {
  using handle = Deno.openSync(file);
  const taken = new CappedText(promptChunk, maxBytes);
  for (let room = taken.room(); room.length > 0; room = taken.room()) {
    const readBytes = handle.readSync(room);
    if (readBytes === null || readBytes === 0) return taken.whole();
    taken.add(readBytes);
  }
  return taken.cut();
}

/**
 * The same for a file that gives all it has to one read with room for it, as those of a process do: a read that leaves
 * room is the last one.
 */
export function readWhole(file: string, maxBytes: number): string {
  if (maxBytes >= CHUNK_BYTES) {
    using handle = Deno.openSync(file);
    const readBytes = handle.readSync(promptChunk) ?? 0;
    if (readBytes < CHUNK_BYTES) return decoder.decode(promptChunk.subarray(0, readBytes));
  }
  return readPrompt(file, maxBytes);
}

const decoder = new TextDecoder();

/** What was read so far: the bytes of a chunk, and the text of those before it. */
class CappedText {
  readonly #chunk: Uint8Array<ArrayBuffer>;
  #leftBytes: number;
  #usedBytes = 0;
  #text = "";
  /** Only where one chunk is not enough: what keeps a character that is cut in two costs more than it reads. */
  #decoder: TextDecoder | undefined;

  constructor(chunk: Uint8Array<ArrayBuffer>, maxBytes: number) {
    this.#chunk = chunk;
    this.#leftBytes = maxBytes;
  }

  /** Where to read to next; empty once there is enough. */
  room(): Uint8Array<ArrayBuffer> {
    if (this.#leftBytes > 0 && this.#usedBytes === this.#chunk.length) this.#flush();
    return this.#chunk.subarray(this.#usedBytes, this.#usedBytes + this.#leftBytes);
  }

  add(readBytes: number): void {
    this.#usedBytes += readBytes;
    this.#leftBytes -= readBytes;
  }

  /** The text of a file that has ended. */
  whole(): string {
    const last = this.#chunk.subarray(0, this.#usedBytes);
    return this.#text + (this.#decoder ?? decoder).decode(last);
  }

  /** The text of a file that goes on: a character that is cut in two is left out. */
  cut(): string {
    this.#flush();
    return this.#text;
  }

  #flush(): void {
    this.#decoder ??= new TextDecoder();
    this.#text += this.#decoder.decode(this.#chunk.subarray(0, this.#usedBytes), { stream: true });
    this.#usedBytes = 0;
  }
}
