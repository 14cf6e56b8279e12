/** A connection to a service: bytes in and out, each phase with its own deadline. */
import type { Clock } from "../../clock.ts";
import { FactUnavailableError } from "../host_facts.ts";
import { addressText, type ServiceAddress } from "./service_address.ts";

/** Options of {@linkcode ByteStream.open}. */
export interface ByteStreamOptions {
  address: ServiceAddress;
  clock: Clock;
  /** How long the connection may take to come about, its TLS handshake included, in milliseconds. */
  connectMs: number;
  /** For TLS. @default undefined: plain text */
  tls?: TlsOptions | undefined;
}

/** How a TLS connection is made. */
export interface TlsOptions {
  /** Authorities in PEM, besides the system's. @default [] */
  caCerts?: readonly string[];
}

/**
 * One connection. One read and one write may be under way at once. A deadline that passes and a signal that aborts both
 * close it: a peer that fell silent in one phase cannot be trusted to be in step in the next.
 */
export class ByteStream implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #buffer = new Uint8Array(16 * 1024);
  #closed = false;

  private constructor(conn: Deno.Conn, clock: Clock, name: string) {
    this.#conn = conn;
    this.#clock = clock;
    this.#name = name;
  }

  /**
   * @throws FactUnavailableError where the sandbox or the socket's mode forbids it, `TimeoutError` at the deadline, the
   *   signal's reason on abort, Error otherwise.
   */
  static async open(options: ByteStreamOptions, signal: AbortSignal): Promise<ByteStream> {
    const { address, clock, connectMs, tls } = options;
    const name = addressText(address);
    signal.throwIfAborted();
    const late = new DOMException(
      `cannot connect to ${name}: timed out after ${connectMs} ms`,
      "TimeoutError",
    );
    const giveUp = new AbortController();
    const timer = clock.setTimeout(() => giveUp.abort(late), connectMs);
    const both = AbortSignal.any([signal, giveUp.signal]);
    try {
      return new ByteStream(await connect(address, tls, both), clock, name);
    } catch (error) {
      signal.throwIfAborted();
      giveUp.signal.throwIfAborted();
      throw connectError(address, name, error);
    } finally {
      clock.clearTimeout(timer);
    }
  }

  /** Where it leads, in words. */
  get name(): string {
    return this.#name;
  }

  /** What the peer sent next, or null once it has closed. The bytes are the caller's only until the next read. */
  async read(): Promise<Uint8Array | null> {
    const count = await this.#conn.read(this.#buffer);
    return count === null ? null : this.#buffer.subarray(0, count);
  }

  /** Sends all of it. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.byteLength;) sent += await this.#conn.write(bytes.subarray(sent));
  }

  /**
   * Does one phase's work within `timeoutMs`; `what` completes "no … from <name>" in the message.
   * @throws DOMException `TimeoutError` at the deadline, the signal's reason on abort, what `work` throws otherwise.
   */
  async within<T>(timeoutMs: number, what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    let ending: { reason: unknown } | undefined;
    const end = (reason: unknown) => {
      ending = { reason };
      this[Symbol.dispose]();
    };
    const onAbort = () => end(signal.reason);
    const timer = this.#clock.setTimeout(
      () => end(new DOMException(`no ${what} from ${this.#name} after ${timeoutMs} ms`, "TimeoutError")),
      timeoutMs,
    );
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await work();
    } catch (error) {
      if (ending !== undefined) throw (ending as { reason: unknown }).reason;
      throw error;
    } finally {
      this.#clock.clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeQuietly(this.#conn);
  }
}

async function connect(
  address: ServiceAddress,
  tls: TlsOptions | undefined,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  if (address.transport === "unix") {
    if (tls !== undefined) throw new TypeError("a unix socket is not spoken to through TLS; turn tls off");
    // The runtime offers no signal for unix sockets. They hang only where the listener's backlog is full: the wait is
    // left, and what comes of it later is closed.
    return await abandonable<Deno.Conn>(Deno.connect({ transport: "unix", path: address.path }), signal);
  }
  const { host: hostname, port } = address;
  const conn = await abandonable(Deno.connect({ hostname, port, signal }), signal);
  return tls === undefined ? conn : await secure(conn, hostname, tls, signal);
}

async function secure(
  conn: Deno.TcpConn,
  hostname: string,
  { caCerts = [] }: TlsOptions,
  signal: AbortSignal,
): Promise<Deno.TlsConn> {
  const secured = await Deno.startTls(conn, { hostname, caCerts: [...caCerts] });
  const onAbort = () => closeQuietly(secured);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    await secured.handshake();
    return secured;
  } catch (error) {
    closeQuietly(secured);
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** `connecting`, or the signal's reason as soon as it aborts. A connection that comes too late is closed. */
function abandonable<Conn extends Deno.Conn>(connecting: Promise<Conn>, signal: AbortSignal): Promise<Conn> {
  return new Promise((resolve, reject) => {
    let left = false;
    const onAbort = () => {
      left = true;
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    connecting.then(
      (conn) => left ? closeQuietly(conn) : resolve(conn),
      reject,
    ).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // The runtime has closed it already, on an error of its own.
  }
}

function connectError(address: ServiceAddress, name: string, error: unknown): Error {
  if (error instanceof Deno.errors.NotCapable) {
    const flags = address.transport === "unix"
      ? `--allow-net=unix:${address.path} --allow-read=${address.path} --allow-write=${address.path}`
      : `--allow-net=${name}`;
    return new FactUnavailableError(`cannot connect to ${name}: the sandbox forbids it; grant ${flags}`, {
      cause: error,
    });
  }
  if (address.transport === "unix" && error instanceof Deno.errors.PermissionDenied) {
    const message =
      `cannot connect to ${name}: the socket's mode forbids it; let the agent's user into its group`;
    return new FactUnavailableError(message, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`cannot connect to ${name}: ${reason}`, { cause: error });
}
