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
  /**
   * How long the oldest message may take to be written, counted from when the one before it was: a slow line that
   * gets on is not a dead one.
   * @default 10 s
   */
  writeMs?: number;
  /** The socket is fed while less than this is buffered in it. @default 1 MiB */
  highWaterBytes?: number;
  /** Called once, when a message could not be written in time, or not be had. Nothing is written after it. */
  onBroken: (reason: string) => void;
  /** Called after messages have been taken out of the outbox: there may be room for more. */
  onTaken?: () => void;
}

/** A message that the socket has, and how much the socket will have been given in all when it is out. */
interface Unwritten {
  readonly endBytes: number;
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
  readonly #onBroken: (reason: string) => void;
  readonly #onTaken: (() => void) | undefined;
  readonly #unwritten: Unwritten[] = [];
  #firstUnwritten = 0;
  /** When the socket last got on: it wrote a message out, or was given one while it had none. */
  #progressAtMs = 0;
  #givenBytes = 0;
  #poll: TimerId | undefined;
  #pollMs = FIRST_POLL_MS;
  #awake = false;
  #stopped = false;

  constructor(options: WriterOptions) {
    const { socket, outbox, clock, writeMs = 10_000, highWaterBytes = 1024 * 1024, onBroken, onTaken } =
      options;
    this.#socket = socket;
    this.#outbox = outbox;
    this.#clock = clock;
    this.#writeMs = writeMs;
    this.#highWaterBytes = highWaterBytes;
    this.#onBroken = onBroken;
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
      this.#guarded(() => this.#pump());
    });
  }

  /** Writes nothing from now on. Callbacks of what was not written never come. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#stopPolling();
  }

  /** What runs here has no caller: what it throws would end the process. */
  #guarded(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#break(`cannot write: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #break(reason: string): void {
    if (this.#stopped) return;
    this[Symbol.dispose]();
    this.#onBroken(reason);
  }

  #pump(): void {
    if (this.#stopped) return;
    this.#collectWritten();
    const waiting = this.#firstUnwritten < this.#unwritten.length;
    if (waiting && this.#clock.monotonicMs() - this.#progressAtMs >= this.#writeMs) {
      return this.#break(`a message could not be written within ${this.#writeMs} ms`);
    }
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
    if (taken) {
      this.#onTaken?.();
      this.#pollMs = FIRST_POLL_MS; // what was just given will be out soon, however long the last wait was
      this.#stopPolling();
    }
    if (this.#poll === undefined && this.#firstUnwritten < this.#unwritten.length) this.#schedulePoll();
  }

  #send({ text, onSent, onWritten }: Outgoing, bufferedBytes: number): void {
    this.#socket.send(text);
    this.#givenBytes += this.#socket.bufferedBytes - bufferedBytes;
    if (this.#firstUnwritten === this.#unwritten.length) this.#progressAtMs = this.#clock.monotonicMs();
    this.#unwritten.push({ endBytes: this.#givenBytes, onWritten });
    onSent?.();
  }

  #stopPolling(): void {
    if (this.#poll !== undefined) this.#clock.clearTimeout(this.#poll);
    this.#poll = undefined;
  }

  #schedulePoll(): void {
    this.#poll = this.#clock.setTimeout(() => {
      this.#poll = undefined;
      this.#guarded(() => this.#onPoll());
    }, this.#pollMs);
  }

  #onPoll(): void {
    const progressed = this.#collectWritten();
    this.#pollMs = progressed ? FIRST_POLL_MS : Math.min(this.#pollMs * 2, LAST_POLL_MS);
    this.#pump();
  }

  /** @returns whether any message was written. */
  #collectWritten(): boolean {
    let progressed = false;
    const writtenBytes = this.#givenBytes - this.#socket.bufferedBytes;
    for (;;) {
      const oldest = this.#unwritten[this.#firstUnwritten];
      if (oldest === undefined || oldest.endBytes > writtenBytes) break;
      this.#firstUnwritten++;
      this.#progressAtMs = this.#clock.monotonicMs();
      progressed = true;
      oldest.onWritten?.();
    }
    if (this.#firstUnwritten === this.#unwritten.length || this.#firstUnwritten > 4096) {
      this.#unwritten.splice(0, this.#firstUnwritten);
      this.#firstUnwritten = 0;
    }
    return progressed;
  }
}
