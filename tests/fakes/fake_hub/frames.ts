/**
 * WebSocket frames as a server reads and writes them. It works on whole chunks and never byte by byte, because the
 * fake hub is also what benchmarks send to. It checks little and can write anything: misbehaving is its purpose.
 */

/** Frame types; a reserved one (3–7, 11–15) may be written too. */
export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One frame as it is to be written. */
export interface FrameOptions {
  opcode: number;
  payload?: Uint8Array | string;
  /**
   * Whether it is the message's last.
   * @default true
   */
  fin?: boolean;
  /**
   * The three reserved bits, 0–7.
   * @default 0
   */
  reservedBits?: number;
}

/** A frame in bytes, without a mask. */
export function encodeFrame(options: FrameOptions): Buffer {
  const { opcode, payload = "", fin = true, reservedBits = 0 } = options;
  const body = typeof payload === "string" ? Buffer.from(payload) : payload;
  const headBytes = body.length < 126 ? 2 : body.length < 65536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headBytes + body.length);
  frame[0] = (fin ? 0x80 : 0) | (reservedBits << 4) | opcode;
  if (headBytes === 2) frame[1] = body.length;
  else if (headBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(body.length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(body.length), 2);
  }
  frame.set(body, headBytes);
  return frame;
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}

/** One frame as it was read. `payload` is only good until the callback that got it returns. */
export interface Frame {
  opcode: number;
  fin: boolean;
  reservedBits: number;
  masked: boolean;
  /** Unmasked, but no further than {@linkcode FrameReader.maxUnmaskedBytes}. */
  payload: Buffer;
  /** The payload's length on the wire. */
  payloadBytes: number;
}

/** Cuts a byte stream into frames. */
export class FrameReader {
  /** Payloads are handed out cut to this length: whoever only counts need not unmask everything. */
  maxUnmaskedBytes = Number.POSITIVE_INFINITY;
  #chunks: Buffer[] = [];
  #held = 0;
  #needed = 2;
  #scratch = new ArrayBuffer(1 << 17);

  /** Calls `onFrame` for each frame that `chunk` completes, until it returns false; the rest is then kept. */
  push(chunk: Buffer, onFrame: (frame: Frame) => boolean): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#needed) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#held);
    let at = 0;
    for (;;) {
      const size = frameSize(bytes, at);
      this.#needed = size;
      if (bytes.length - at < size) break;
      const more = onFrame(this.#read(bytes, at, size));
      at += size;
      this.#needed = 0;
      if (!more) break;
    }
    const rest = bytes.subarray(at);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
  }

  #read(bytes: Buffer, at: number, size: number): Frame {
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    const masked = (second & 0x80) !== 0;
    const start = at + headSize(second);
    const payloadBytes = at + size - start;
    const shown = Math.min(payloadBytes, this.maxUnmaskedBytes);
    const raw = bytes.subarray(start, start + shown);
    return {
      opcode: first & 0x0f,
      fin: (first & 0x80) !== 0,
      reservedBits: (first >> 4) & 7,
      masked,
      payload: masked ? this.#unmask(raw, bytes.subarray(start - 4, start)) : raw,
      payloadBytes,
    };
  }

  /** Copies to an aligned place first, so that four bytes can be unmasked at a time. */
  #unmask(payload: Buffer, mask: Buffer): Buffer {
    const length = payload.length;
    if (length > this.#scratch.byteLength) this.#scratch = new ArrayBuffer(2 ** Math.ceil(Math.log2(length)));
    const plain = Buffer.from(this.#scratch, 0, length);
    plain.set(payload);
    const key = new Int32Array(new Uint8Array(mask).buffer)[0] ?? 0;
    // The last word may reach past the payload, into scratch space that nobody reads.
    const words = new Int32Array(this.#scratch, 0, (length + 3) >> 2);
    for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) ^ key;
    return plain;
  }
}

function headSize(second: number): number {
  const length = second & 0x7f;
  return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + (second & 0x80 ? 4 : 0);
}

/** How many bytes the frame at `at` has, or how many are needed at least to tell. */
function frameSize(bytes: Buffer, at: number): number {
  if (bytes.length - at < 2) return 2;
  const second = bytes[at + 1] ?? 0;
  const head = headSize(second);
  if (bytes.length - at < head) return head;
  const length = second & 0x7f;
  if (length < 126) return head + length;
  return head + (length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2)));
}
