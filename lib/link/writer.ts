import type { Clock, TimerId } from "../clock.ts";
import type { Outbox, Outgoing } from "./outbox.ts";

/** The side of a socket that a {@linkcode Writer} writes to. */
export interface WritableSocket {
  readonly bufferedBytes: number;
  send(text: string): void;
}

/** Options of {@linkcode Writer}. */
export interface WriterOptions {
  socket: WritableSocket;
  outbox: Outbox;
  clock: Clock;
  /** How long one message may take to be written. @default 10 s */
  writeMs?: number;
  /** The socket is fed while less than this is buffered in it. @default 1 MiB */
  highWaterBytes?: number;
  /** Called once, when a message could not be written in time. Nothing is written after it. */
  onStalled: () => void;
  /** Called after messages have been taken out of the outbox: there may be room for more. */
  onTaken?: () => void;
}

/** A message that the socket has, and how much the socket will have been given in all when it is out. */
interface Unwritten {
  readonly endBytes: number;
  readonly sentAtMs: number;
  readonly onWritten: (() => void) | undefined;
}

/** How often the socket is asked how much it still holds: there is no event for it. */
const FIRST_POLL_MS = 1;
const LAST_POLL_MS = 50;

/**
 * Moves messages from an outbox to a socket without ever filling the socket's memory: the native one buffers without
 * bound. Call {@linkcode Writer.wake} after each change to the outbox or its sources; it is cheap.
 */
export class Writer implements Disposable {
  readonly #socket: WritableSocket;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #writeMs: number;
  readonly #highWaterBytes: number;
  readonly #onStalled: () => void;
  readonly #onTaken: (() => void) | undefined;
  readonly #unwritten: Unwritten[] = [];
  #firstUnwritten = 0;
  #givenBytes = 0;
  #poll: TimerId | undefined;
  #pollMs = FIRST_POLL_MS;
  #awake = false;
  #stopped = false;

  constructor(options: WriterOptions) {
    const { socket, outbox, clock, writeMs = 10_000, highWaterBytes = 1024 * 1024, onStalled, onTaken } =
      options;
    this.#socket = socket;
    this.#outbox = outbox;
    this.#clock = clock;
    this.#writeMs = writeMs;
    this.#highWaterBytes = highWaterBytes;
    this.#onStalled = onStalled;
    this.#onTaken = onTaken;
  }

  /** Whether everything that was ever sent has reached the operating system. */
  get idle(): boolean {
    return this.#socket.bufferedBytes === 0;
  }

  /** Says that there may be something to write. It is written after the running code, with what that code adds. */
  wake(): void {
    if (this.#awake || this.#stopped) return;
    this.#awake = true;
    queueMicrotask(() => {
      this.#awake = false;
      this.#pump();
    });
  }

  /** Writes nothing from now on. Callbacks of what was not written never come. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    if (this.#poll !== undefined) this.#clock.clearTimeout(this.#poll);
    this.#poll = undefined;
  }

  #pump(): void {
    if (this.#stopped) return;
    this.#collectWritten();
    let taken = false;
    for (;;) {
      const bufferedBytes = this.#socket.bufferedBytes;
      if (bufferedBytes >= this.#highWaterBytes) break;
      const outgoing = this.#outbox.next(bufferedBytes === 0);
      if (outgoing === undefined) break;
      taken = true;
      this.#send(outgoing, bufferedBytes);
      if (this.#stopped) return;
    }
    if (taken) this.#onTaken?.();
    if (this.#poll === undefined && this.#firstUnwritten < this.#unwritten.length) this.#schedulePoll();
  }

  #send({ text, onSent, onWritten }: Outgoing, bufferedBytes: number): void {
    this.#socket.send(text);
    this.#givenBytes += this.#socket.bufferedBytes - bufferedBytes;
    this.#unwritten.push({ endBytes: this.#givenBytes, sentAtMs: this.#clock.monotonicMs(), onWritten });
    onSent?.();
  }

  #schedulePoll(): void {
    this.#poll = this.#clock.setTimeout(() => {
      this.#poll = undefined;
      const before = this.#firstUnwritten;
      this.#collectWritten();
      this.#pollMs = this.#firstUnwritten > before ? FIRST_POLL_MS : Math.min(this.#pollMs * 2, LAST_POLL_MS);
      const oldest = this.#unwritten[this.#firstUnwritten];
      if (oldest !== undefined && this.#clock.monotonicMs() - oldest.sentAtMs >= this.#writeMs) {
        this[Symbol.dispose]();
        this.#onStalled();
        return;
      }
      this.#pump();
    }, this.#pollMs);
  }

  #collectWritten(): void {
    const writtenBytes = this.#givenBytes - this.#socket.bufferedBytes;
    for (;;) {
      const oldest = this.#unwritten[this.#firstUnwritten];
      if (oldest === undefined || oldest.endBytes > writtenBytes) break;
      this.#firstUnwritten++;
      oldest.onWritten?.();
    }
    if (this.#firstUnwritten === this.#unwritten.length || this.#firstUnwritten > 4096) {
      this.#unwritten.splice(0, this.#firstUnwritten);
      this.#firstUnwritten = 0;
    }
  }
}
