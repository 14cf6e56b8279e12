/** Reading request bodies within bounds: of size, of time, and of memory for all of them together. */
import { type Clock, sleep } from "../clock.ts";
import { comeAgain, HttpError } from "./http_error.ts";

/** Options of {@linkcode BodyReader}. */
export interface BodyReaderOptions {
  /** The longest body. */
  maxBytes: number;
  /** What all bodies that are being read may hold together. */
  maxTotalBytes: number;
  /** How long a client may take for its body. */
  deadlineMs: number;
  clock: Clock;
}

const FIRST_BYTES = 16 * 1024;

/** The largest buffer that is kept for the next body. */
const MAX_SPARE_BYTES = 1024 * 1024;

/** Shared by all requests of a server; any number of reads may be under way. */
export class BodyReader {
  readonly #options: BodyReaderOptions;
  /** What the reads under way have set aside. */
  #heldBytes = 0;
  /** Left by the last body: a buffer for each would pile up until the collector comes by. */
  #spare: Uint8Array<ArrayBuffer> | undefined;

  constructor(options: BodyReaderOptions) {
    this.#options = options;
  }

  /** The bytes that reads under way hold now. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * The whole body as text, without a byte order mark, and its size.
   *
   * @param signal ends the read; its reason is thrown.
   * @throws HttpError 413 without reading on, 408, 503 where memory is short, 400 for a body that is not UTF-8 or
   * breaks off.
   */
  async read(request: Request, signal: AbortSignal): Promise<{ text: string; bytes: number }> {
    const { maxBytes, deadlineMs, clock } = this.#options;
    const announced = Number(request.headers.get("content-length") ?? 0);
    if (announced > maxBytes) throw tooLong(maxBytes);
    if (request.body === null) return { text: "", bytes: 0 };
    const reader = request.body.getReader();
    const over = new AbortController();
    const deadline = sleep(clock, deadlineMs, AbortSignal.any([signal, over.signal])).then(() => {
      const seconds = deadlineMs / 1000;
      throw new HttpError(408, `the body did not arrive within ${seconds} s; send it faster`, CLOSING);
    });
    deadline.catch(() => {}); // whoever races against it hears of it
    const held = { bytes: 0 };
    try {
      const { buffer, length } = await this.#collect(reader, deadline, held);
      const text = decode(buffer.subarray(0, length));
      if (buffer.length <= MAX_SPARE_BYTES) this.#spare = buffer;
      return { text, bytes: length };
    } finally {
      over.abort();
      this.#heldBytes -= held.bytes;
      // Not awaited: a client that has stalled must not hold up the answer. Does nothing after the body's end.
      reader.cancel().catch(() => {});
    }
  }

  async #collect(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    deadline: Promise<never>,
    held: { bytes: number },
  ): Promise<{ buffer: Uint8Array<ArrayBuffer>; length: number }> {
    const { maxBytes } = this.#options;
    // One growing buffer: a list of pieces could be made to hold more overhead than bytes.
    let buffer = this.#spare ?? new Uint8Array(FIRST_BYTES);
    this.#spare = undefined;
    this.#reserve(buffer.length, held);
    let length = 0;
    for (;;) {
      const { done, value } = await Promise.race([readFrom(reader), deadline]);
      if (done) return { buffer, length };
      const needed = length + value.length;
      if (needed > maxBytes) throw tooLong(maxBytes);
      if (needed > buffer.length) {
        const larger = new Uint8Array(
          this.#reserve(Math.max(needed, Math.min(buffer.length * 2, maxBytes)), held),
        );
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(value, length);
      length = needed;
    }
  }

  #reserve(bytes: number, held: { bytes: number }): number {
    const more = bytes - held.bytes;
    if (this.#heldBytes + more > this.#options.maxTotalBytes) {
      throw comeAgain(503, "too many bodies are being read at once; try again later", 1);
    }
    this.#heldBytes += more;
    held.bytes = bytes;
    return bytes;
  }
}

/** What is left of the body is not read: the connection is of no further use. */
const CLOSING = { headers: { connection: "close" } };

function tooLong(maxBytes: number): HttpError {
  const message = `the body is longer than ${maxBytes} bytes; send it in several requests`;
  return new HttpError(413, message, CLOSING);
}

async function readFrom(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (cause) {
    throw new HttpError(400, "the body broke off; send it again", { cause });
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HttpError(400, "the body is not UTF-8 text; encode it so", { cause });
  }
}
