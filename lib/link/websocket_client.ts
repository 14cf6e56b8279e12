/**
 * The native WebSocket with what it lacks: a deadline for the handshake, typed failures that name the real cause, a
 * limit on inbound messages, and an end even where the peer never answers the close frame.
 */
import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, systemClock } from "../clock.ts";
import { CloseCode, isLonger, MAX_MESSAGE_BYTES } from "../protocol/mod.ts";
import { AuthenticationError, DialError, statusOf } from "./dial_error.ts";
import { MessageQueue } from "./message_queue.ts";

/** What {@linkcode dial} needs. */
export interface DialOptions {
  /** The endpoint, `ws:` or `wss:`. */
  url: URL;
  /** The proxy that leads there, for messages: `host:port`. The client is what goes through it. */
  via?: string | undefined;
  headers: Readonly<Record<string, string>>;
  /** Carries the CA and such; used for the socket and for finding out why it failed. */
  client?: Deno.HttpClient | undefined;
  /** @default 10 s */
  dialMs?: number;
  /** How long finding out why a dial failed may take. @default 5 s */
  diagnoseMs?: number;
  /** The longest inbound message. @default 1 MiB */
  maxMessageBytes?: number;
  clock?: Clock;
  logger?: Logger;
}

/** How an open socket came to its end. `code` is 1006 where no close frame was seen. */
export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

/** A message was longer than allowed; the socket has been told to close with code 4009. */
export class MessageTooBigError extends Error {
  override readonly name = "MessageTooBigError";
}

/** An open connection. `send` may be called any time; `messages` has one reader. */
export interface OpenSocket {
  /** Inbound text messages. Ends when the socket does; throws {@linkcode MessageTooBigError}. */
  readonly messages: AsyncIterable<string>;
  /** Bytes handed to {@linkcode OpenSocket.send} that have not reached the operating system. */
  readonly bufferedBytes: number;
  /** Resolves when the socket has ended, whoever ended it. Never rejects. */
  readonly ended: Promise<SocketEnd>;
  /** Queues a text message. Does nothing on a socket that is closing or has ended. */
  send(text: string): void;
  /**
   * Says goodbye and waits for the peer's goodbye, `deadlineMs` at most; then the socket is abandoned: nothing is
   * heard from it or written to it any more.
   * @returns whether the peer answered: all that was sent before has then been read.
   */
  close(code: number, reason: string, deadlineMs: number): Promise<boolean>;
  /** Forgets the socket at once. */
  abandon(): void;
}

/**
 * Opens a WebSocket.
 *
 * @param signal gives up at once; the promise then rejects with the signal's reason.
 * @throws AuthenticationError on HTTP 401, {@linkcode DialError} on every other failure.
 */
export async function dial(options: DialOptions, signal: AbortSignal): Promise<OpenSocket> {
  const { url, via, headers, client, dialMs = 10_000, diagnoseMs = 5000, clock = systemClock } = options;
  const { maxMessageBytes = MAX_MESSAGE_BYTES, logger = getLogger(["pawl", "link"]) } = options;
  signal.throwIfAborted();
  let socket: WebSocket;
  try {
    socket = new WebSocket(url, { headers: { ...headers }, ...(client && { client }) });
  } catch (error) {
    throw sandboxed(url, error);
  }
  socket.binaryType = "arraybuffer";
  const failure = await opened(socket, dialMs, clock, signal);
  if (failure === undefined) return new NativeSocket(socket, { maxMessageBytes, clock, logger });
  signal.throwIfAborted();
  if (statusOf(failure) === 401) {
    throw new AuthenticationError(
      `the server at ${url.host} answered HTTP 401: it does not accept this agent's token; check [server] token`,
    );
  }
  const { diagnoseDial } = await import("./dial_diagnosis.ts"); // most dials succeed
  const error = await diagnoseDial(failure, {
    url,
    via,
    headers,
    client,
    deadlineMs: diagnoseMs,
    clock,
    signal,
  });
  signal.throwIfAborted();
  throw error;
}

/** Waits for the handshake. Gives undefined once it is open, else what the socket said. */
function opened(
  socket: WebSocket,
  dialMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(() => settle(`no answer to the handshake within ${dialMs} ms`), dialMs);
    const onAbort = () => settle("given up");
    signal.addEventListener("abort", onAbort, { once: true });
    socket.onopen = () => settle(undefined);
    socket.onerror = (event) => {
      const message = event instanceof ErrorEvent ? event.message : "";
      settle(message.replace(/^.*failed to connect to WebSocket: /, "") || "the handshake failed");
    };
    socket.onclose = () => settle("the connection was closed during the handshake");
    function settle(failure: string | undefined): void {
      clock.clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.onopen = socket.onerror = socket.onclose = null;
      if (failure !== undefined && socket.readyState !== WebSocket.CLOSED) {
        // Closing a socket that is still connecting cancels the handshake; the error that this raises tells nothing.
        socket.onerror = (event) => event.preventDefault();
        socket.close();
      }
      resolve(failure);
    }
  });
}

function sandboxed(url: URL, error: unknown): DialError {
  const why = error instanceof Error ? error.message : String(error);
  const advice = error instanceof Deno.errors.NotCapable
    ? `this process may not reach it; grant --allow-net=${url.host}`
    : "check [server] address";
  return new DialError(`cannot connect to ${url.host}: ${why}; ${advice}`, { cause: error });
}

interface NativeSocketOptions {
  maxMessageBytes: number;
  clock: Clock;
  logger: Logger;
}

/** What a close frame without a code reads as. */
const CODE_ABSENT = 1005;

class NativeSocket implements OpenSocket {
  readonly messages = new MessageQueue();
  readonly ended: Promise<SocketEnd>;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #resolveEnded: (end: SocketEnd) => void;
  #abandoned = false;
  #closedByPeer = false;

  constructor(socket: WebSocket, { maxMessageBytes, clock, logger }: NativeSocketOptions) {
    this.#socket = socket;
    this.#clock = clock;
    const { promise, resolve } = Promise.withResolvers<SocketEnd>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    socket.onmessage = ({ data }) => {
      const tooBig = typeof data === "string"
        ? isLonger(data, maxMessageBytes)
        : data.byteLength > maxMessageBytes;
      if (tooBig) {
        socket.onmessage = null;
        this.messages.end(new MessageTooBigError(`a message exceeded ${maxMessageBytes} bytes`));
      } else if (typeof data === "string") {
        this.messages.push(data);
      } else {
        logger.warn("link.binary_message_skipped", { bytes: data.byteLength });
      }
    };
    // A close event follows every error event, and tells how it ended.
    socket.onerror = (event) => {
      event.preventDefault();
      logger.debug("link.socket_error", { reason: event instanceof ErrorEvent ? event.message : "unknown" });
    };
    socket.onclose = ({ code, reason }) => {
      this.#closedByPeer = true;
      this.#end({ code: code === 0 ? 1006 : code, reason });
    };
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(text: string): void {
    if (!this.#abandoned && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  async close(code: number, reason: string, deadlineMs: number): Promise<boolean> {
    if (this.#abandoned) return false;
    const said = this.#socket.readyState === WebSocket.OPEN;
    if (said) this.#socket.close(code, reason);
    const timer = this.#clock.setTimeout(() => this.abandon(), deadlineMs);
    const { code: peerCode } = await this.ended;
    this.#clock.clearTimeout(timer);
    // A peer that closed by itself has not answered: it may have stopped reading long before. An answer repeats our
    // code or has none.
    return said && this.#closedByPeer && (peerCode === code || peerCode === CODE_ABSENT);
  }

  abandon(): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    const socket = this.#socket;
    socket.onmessage = socket.onclose = null;
    socket.onerror = (event) => event.preventDefault();
    if (socket.readyState === WebSocket.OPEN) socket.close(CloseCode.normal);
    this.#end({ code: 1006, reason: "abandoned" });
  }

  #end(end: SocketEnd): void {
    this.#socket.onmessage = null;
    this.messages.end();
    this.#resolveEnded(end);
  }
}
