/** A client of Redis that only asks: one connection, one command at a time, a deadline for each phase. */
import type { Clock } from "../../clock.ts";
import { cleanLine } from "../foreign_text.ts";
import { KnownSecrets } from "../known_secrets.ts";
import { ByteStream, type TlsOptions } from "./byte_stream.ts";
import { encodeCommand, RespErrorReply, RespParser, respText, type RespValue } from "./resp.ts";
import type { ServiceAddress } from "./service_address.ts";

/** Where a Redis listens when nothing else is said. */
export const REDIS_PORT = 6379;

/** Options of {@linkcode RedisClient.connect}. */
export interface RedisConnectOptions {
  address: ServiceAddress;
  clock: Clock;
  /** @default undefined: plain text */
  tls?: TlsOptions | undefined;
  /** @default 3000 */
  connectMs?: number;
  /** How long one reply may take. @default 2000 */
  replyMs?: number;
  /** @default 1048576 */
  maxReplyBytes?: number;
}

/** What a Redis wants to be told first. */
export interface RedisCredentials {
  /** The name that goes with the password. @default undefined: the server's default user */
  username?: string | undefined;
  /** Sent with AUTH. @default undefined: no AUTH is sent */
  password?: string | undefined;
}

/** Options of {@linkcode RedisClient.open}. */
export interface RedisClientOptions extends RedisConnectOptions, RedisCredentials {}

/** The server answered with an error. `code` is its first word: `NOAUTH`, `NOPERM`, `LOADING`, `ERR`. */
export class RedisReplyError extends Error {
  override readonly name = "RedisReplyError";
  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * A connection to one Redis. One call at a time: the next may begin when the last has settled. After an error that is
 * not a {@linkcode RedisReplyError} the connection is closed.
 */
export class RedisClient implements Disposable {
  readonly #stream: ByteStream;
  readonly #parser: RespParser;
  readonly #replyMs: number;
  /** A server may quote what it was sent: an old one does so with an AUTH that has a user. */
  #secrets = new KnownSecrets([]);

  private constructor(stream: ByteStream, parser: RespParser, replyMs: number) {
    this.#stream = stream;
    this.#parser = parser;
    this.#replyMs = replyMs;
  }

  /** Connects, and says nothing yet. @throws as {@linkcode ByteStream.open}. */
  static async connect(options: RedisConnectOptions, signal: AbortSignal): Promise<RedisClient> {
    const { address, clock, tls, connectMs = 3000, replyMs = 2000, maxReplyBytes } = options;
    const stream = await ByteStream.open({ address, clock, connectMs, tls }, signal);
    const parser = new RespParser(maxReplyBytes === undefined ? {} : { maxReplyBytes });
    return new RedisClient(stream, parser, replyMs);
  }

  /** Connects, and authenticates where there is a password. @throws as {@linkcode connect} and {@linkcode call}. */
  static async open(options: RedisClientOptions, signal: AbortSignal): Promise<RedisClient> {
    const client = await RedisClient.connect(options, signal);
    try {
      await client.authenticate(options, signal);
      return client;
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
  }

  /** Does nothing where there is no password. @throws as {@linkcode call}. */
  async authenticate({ username, password }: RedisCredentials, signal: AbortSignal): Promise<void> {
    if (password === undefined) return;
    this.#secrets = new KnownSecrets([password]);
    await this.call(["AUTH", ...(username === undefined ? [password] : [username, password])], signal);
  }

  /**
   * Sends one command and waits for its reply.
   * @throws RedisReplyError where that is an error, `TimeoutError` where none comes in time, Error where the peer closes
   *   or speaks something else. No message quotes an argument: it may be a password.
   */
  async call(words: readonly (string | Uint8Array)[], signal: AbortSignal): Promise<RespValue> {
    const command = respText(words[0]) ?? "";
    const reply = await this.#stream.within(
      this.#replyMs,
      `reply to ${command}`,
      signal,
      () => this.#exchange(command, words),
    );
    if (!(reply instanceof RespErrorReply)) return reply;
    const reason = cleanLine(this.#secrets.mask(reply.message), 200);
    throw new RedisReplyError(`${this.#stream.name} refused ${command}: ${reason}`, reply.code);
  }

  /** As {@linkcode call}, for a reply that is text. @throws TypeError where it is none. */
  async text(words: readonly (string | Uint8Array)[], signal: AbortSignal): Promise<string> {
    const text = respText(await this.call(words, signal));
    if (text !== undefined) return text;
    throw new TypeError(`${this.#stream.name} answered ${respText(words[0])} with something other than text`);
  }

  async #exchange(command: string, words: readonly (string | Uint8Array)[]): Promise<RespValue> {
    try {
      await this.#stream.write(encodeCommand(words));
      for (;;) {
        const reply = this.#parser.next();
        if (reply !== undefined) return reply;
        const chunk = await this.#stream.read();
        if (chunk === null) throw new Error("the connection was closed");
        this.#parser.push(chunk);
      }
    } catch (error) {
      this[Symbol.dispose]();
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`no reply to ${command} from ${this.#stream.name}: ${reason}`, { cause: error });
    }
  }

  [Symbol.dispose](): void {
    this.#stream[Symbol.dispose]();
  }
}
