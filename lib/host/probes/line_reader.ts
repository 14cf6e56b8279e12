import type { ProbeStream } from "./probe_stream.ts";

/** Reads lines that end in LF or CRLF. What follows the line that was asked for stays for the next read. */
export class LineReader {
  readonly #stream: ProbeStream;
  readonly #maxBytes: number;
  #rest: Uint8Array<ArrayBufferLike> = new Uint8Array();

  /** @param maxBytes the longest line that is taken. */
  constructor(stream: ProbeStream, maxBytes: number) {
    this.#stream = stream;
    this.#maxBytes = maxBytes;
  }

  /** How many bytes were read and belong to no line that was asked for. */
  get pendingBytes(): number {
    return this.#rest.length;
  }

  /** @throws Error when the line is too long, or the peer ends before it is complete. */
  async readLine(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf(0x0a);
      if (end >= 0) {
        const line = new TextDecoder("latin1").decode(this.#rest.subarray(0, end));
        this.#rest = this.#rest.subarray(end + 1);
        return line.replace(/\r$/, "");
      }
      if (this.#rest.length > this.#maxBytes) {
        throw new Error(`the peer sent a line of more than ${this.#maxBytes} bytes`);
      }
      const chunk = await this.#stream.read();
      if (chunk === undefined) throw new Error("the peer ended the conversation");
      const grown = new Uint8Array(this.#rest.length + chunk.length);
      grown.set(this.#rest);
      grown.set(chunk, this.#rest.length);
      this.#rest = grown;
    }
  }
}
