/** A connection to a D-Bus that only asks: one call at a time, a deadline for each phase. */
import type { Clock } from "../../clock.ts";
import { cleanLine } from "../foreign_text.ts";
import { ByteStream } from "./byte_stream.ts";
import { type DbusCall, encodeDbusCall } from "./dbus_call.ts";
import {
  DBUS_PRELUDE_BYTES,
  type DbusMessage,
  dbusMessageBytes,
  type DbusValue,
  decodeDbusMessage,
} from "./dbus_message.ts";
import { SYSTEM_BUS_SOCKET } from "./service_places.ts";

/** Options of {@linkcode DbusConnection.open}. */
export interface DbusConnectionOptions {
  clock: Clock;
  /** @default "/run/dbus/system_bus_socket" */
  socket?: string;
  /** Whether a bus is behind the socket, which wants to be greeted, or one peer. @default true */
  isBus?: boolean;
  /** For the connection, and again for the handshake. @default 2000 */
  connectMs?: number;
  /** How long one reply may take. @default 5000 */
  replyMs?: number;
  /** @default 8388608 */
  maxMessageBytes?: number;
}

/** The peer answered with an error. */
export class DbusCallError extends Error {
  override readonly name = "DbusCallError";
  /** As `org.freedesktop.DBus.Error.ServiceUnknown`. */
  readonly errorName: string;

  constructor(message: string, errorName: string) {
    super(message);
    this.errorName = errorName;
  }
}

const METHOD_RETURN = 2;
const ERROR = 3;
const MAX_HANDSHAKE_BYTES = 4096;

/** One call at a time: the next may begin when the last has settled. After any other error than a refusal it is closed. */
export class DbusConnection implements Disposable {
  readonly #stream: ByteStream;
  readonly #replyMs: number;
  readonly #maxMessageBytes: number;
  /** What came and was not read yet. */
  #pending: Uint8Array = new Uint8Array(0);
  #serial = 0;

  private constructor(stream: ByteStream, replyMs: number, maxMessageBytes: number) {
    this.#stream = stream;
    this.#replyMs = replyMs;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Connects, authenticates, and greets the bus. @throws as {@linkcode ByteStream.open} and {@linkcode call}. */
  static async open(options: DbusConnectionOptions, signal: AbortSignal): Promise<DbusConnection> {
    const {
      clock,
      socket = SYSTEM_BUS_SOCKET,
      isBus = true,
      connectMs = 2000,
      replyMs = 5000,
      maxMessageBytes = 8 * 1024 * 1024,
    } = options;
    const stream = await ByteStream.open(
      { address: { transport: "unix", path: socket }, clock, connectMs },
      signal,
    );
    const connection = new DbusConnection(stream, replyMs, maxMessageBytes);
    try {
      await stream.within(connectMs, "D-Bus handshake", signal, () => connection.#authenticate());
      if (isBus) {
        await connection.call({
          destination: "org.freedesktop.DBus",
          path: "/org/freedesktop/DBus",
          interface: "org.freedesktop.DBus",
          member: "Hello",
        }, signal);
      }
      return connection;
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Calls a method and gives back what it returns.
   * @throws DbusCallError where the answer is an error, `TimeoutError` where none comes in time, Error where the peer
   *   closes or speaks something else.
   */
  async call(call: Omit<DbusCall, "serial">, signal: AbortSignal): Promise<DbusValue[]> {
    const serial = ++this.#serial;
    const reply = await this.#stream.within(
      this.#replyMs,
      `reply to ${call.member}`,
      signal,
      () => this.#exchange({ ...call, serial }),
    );
    if (reply.type === METHOD_RETURN) return reply.body;
    const [text] = reply.body;
    const errorName = reply.errorName ?? "an error without a name";
    const reason = cleanLine(typeof text === "string" ? text : errorName, 200);
    throw new DbusCallError(`${this.#stream.name} refused ${call.member}: ${reason}`, errorName);
  }

  async #exchange(call: DbusCall): Promise<DbusMessage> {
    try {
      await this.#stream.write(encodeDbusCall(call));
      for (;;) {
        const message = await this.#message();
        const isReply = message.type === METHOD_RETURN || message.type === ERROR;
        // What else comes (signals, NameAcquired) was not asked for.
        if (isReply && message.replySerial === call.serial) return message;
      }
    } catch (error) {
      this[Symbol.dispose]();
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`no reply to ${call.member} from ${this.#stream.name}: ${reason}`, { cause: error });
    }
  }

  /**
   * The peer learns from the kernel who asks: an empty identity needs neither a permission to read one's own uid nor
   * that both ends number users alike.
   */
  async #authenticate(): Promise<void> {
    const encoder = new TextEncoder();
    await this.#stream.write(encoder.encode("\0AUTH EXTERNAL\r\n"));
    let answer = await this.#handshakeLine();
    if (/^DATA\b/.test(answer)) {
      await this.#stream.write(encoder.encode("DATA\r\n"));
      answer = await this.#handshakeLine();
    }
    if (!/^OK\b/.test(answer)) {
      throw new Error(
        `cannot speak to ${this.#stream.name}: it answered ${JSON.stringify(cleanLine(answer, 80))}`,
      );
    }
    await this.#stream.write(encoder.encode("BEGIN\r\n"));
  }

  async #handshakeLine(): Promise<string> {
    for (;;) {
      const end = this.#pending.indexOf(10);
      if (end !== -1) {
        const line = new TextDecoder().decode(this.#pending.subarray(0, end)).trimEnd();
        this.#pending = this.#pending.slice(end + 1);
        return line;
      }
      if (this.#pending.byteLength > MAX_HANDSHAKE_BYTES) throw new SyntaxError("the handshake does not end");
      await this.#fill(this.#pending.byteLength + 1);
    }
  }

  async #message(): Promise<DbusMessage> {
    await this.#fill(DBUS_PRELUDE_BYTES);
    const length = dbusMessageBytes(this.#pending, this.#maxMessageBytes);
    await this.#fill(length);
    const message = decodeDbusMessage(this.#pending.slice(0, length));
    this.#pending = this.#pending.slice(length);
    return message;
  }

  /** Reads until at least `bytes` are pending. */
  async #fill(bytes: number): Promise<void> {
    if (this.#pending.byteLength >= bytes) return;
    const parts = [this.#pending];
    let held = this.#pending.byteLength;
    while (held < bytes) {
      const chunk = await this.#stream.read();
      if (chunk === null) throw new Error("the connection was closed");
      parts.push(chunk.slice());
      held += chunk.byteLength;
    }
    const joined = new Uint8Array(held);
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.byteLength;
    }
    this.#pending = joined;
  }

  [Symbol.dispose](): void {
    this.#stream[Symbol.dispose]();
  }
}
