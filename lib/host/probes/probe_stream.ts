import type { Socket } from "node:net";
import { setImmediate } from "node:timers";

/** Older runtimes do not tell of the end of a connection that is destroyed while it shakes hands. */
const MAX_CLOSING_TURNS = 50;

/** How much may wait to be read. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

/**
 * One connection of a probe: read and written in turn, under the one signal it was opened with. When that aborts the
 * connection is destroyed, and whatever waits on it rejects with the signal's reason.
 * One read and one write may be under way at once. From the first read on, what comes is taken at once, for older
 * runtimes spoil what a paused socket holds back; a peer that sends without end, while nobody reads, is cut off.
 */
export class ProbeStream implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  readonly #chunks: Uint8Array[] = [];
  readonly #closed: Promise<void>;
  readonly #onAbort = () => void this.#socket.destroy();
  #unreadBytes = 0;
  #wasRead = false;
  #ended = false;
  #failure: unknown;
  #wake: (() => void) | undefined;

  /** Takes over a connected socket. Nothing is read from it before the first {@linkcode read}. */
  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    this.#closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#onEnd();
        resolve();
      });
    });
    if (socket.closed) this.#closed = Promise.resolve();
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  /** The peer's address, without a port; "" for a unix socket. */
  get peerAddress(): string {
    return this.#socket.remoteAddress ?? "";
  }

  /** Whether anything was ever read, or waited for. */
  get wasRead(): boolean {
    return this.#wasRead;
  }

  /**
   * The next bytes, undefined once the peer has said all.
   * @throws Error when the connection breaks.
   */
  async read(): Promise<Uint8Array | undefined> {
    if (!this.#wasRead) {
      this.#wasRead = true;
      this.#socket.on("data", this.#onData);
      this.#socket.resume();
    }
    for (;;) {
      this.#signal.throwIfAborted();
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#unreadBytes -= chunk.length;
        return chunk;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return undefined;
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      await woken;
    }
  }

  /** Resolves once the bytes are with the system. @throws Error when the connection breaks. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    await new Promise<void>((resolve, reject) => {
      const onClose = () => reject(this.#failure ?? new Error("the connection is closed"));
      this.#socket.once("close", onClose);
      this.#socket.write(bytes, (error) => {
        this.#socket.off("close", onClose);
        if (error) reject(error);
        else resolve();
      });
    }).catch((error: unknown) => {
      this.#signal.throwIfAborted();
      throw error;
    });
  }

  /**
   * Gives the socket away, for another protocol on top of it. This object must not be used afterwards, but disposed of.
   * @throws Error when the peer has said something that nobody has read: it would be taken for the new protocol's.
   */
  release(): Socket {
    if (this.#chunks.length > 0) throw new Error("the peer spoke before its turn");
    this.#socket.off("data", this.#onData);
    this.#socket.off("end", this.#onEnd);
    return this.#socket;
  }

  /** Destroys the connection, and waits until it is gone, as far as the runtime tells. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#socket.destroy();
    await Promise.race([this.#closed, turns(MAX_CLOSING_TURNS)]);
    this.#socket.off("error", this.#onError);
    this.#socket.on("error", () => {}); // what comes late has nobody to tell
  }

  readonly #onData = (chunk: Uint8Array) => {
    this.#chunks.push(Uint8Array.from(chunk)); // some runtimes fill the same memory again
    this.#unreadBytes += chunk.length;
    if (this.#unreadBytes > MAX_UNREAD_BYTES) this.#socket.destroy(new Error("the peer sends without end"));
    this.#notify();
  };

  readonly #onEnd = () => {
    this.#ended = true;
    this.#notify();
  };

  readonly #onError = (error: unknown) => {
    this.#failure ??= error;
    this.#notify();
  };

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** Lets the event loop turn. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
