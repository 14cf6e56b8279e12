/** Talking to the agent that runs on this host, over its own HTTP. */
import { type Clock, systemClock } from "../clock.ts";
import { headerOf } from "../host/probes/http_answer.ts";
import { parseRetryAfter } from "../retry_after.ts";
import type { Endpoint } from "./local_endpoint.ts";
import { requestOverUnix } from "./unix_request.ts";

/** Nobody listens there, or nobody that this user may talk to. */
export class NoAgentError extends Error {
  override readonly name = "NoAgentError";
}

/** An answer of the agent's. */
export interface LocalAnswer {
  readonly status: number;
  /** What `Retry-After` says. */
  readonly retryAfterSec: number | undefined;
  readonly text: string;
}

/** What is sent with a request; without it the request is a GET, unless told. */
export interface LocalBody {
  readonly contentType: string;
  readonly text: string;
}

/** Options of {@linkcode LocalClient}. */
export interface LocalClientOptions {
  /** How long an answer may take. @default 15 s */
  timeoutMs?: number;
  /** @default systemClock */
  clock?: Clock;
}

/** The agent's answers are short. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

type Method = "GET" | "POST" | "DELETE";

/** Asks one agent, one request after the other. Dispose of it when done. */
export class LocalClient implements Disposable {
  readonly #endpoint: Endpoint;
  /** For what is not asked over a unix socket. */
  readonly #client: Deno.HttpClient | undefined;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  constructor(endpoint: Endpoint, { timeoutMs = 15_000, clock = systemClock }: LocalClientOptions = {}) {
    this.#endpoint = endpoint;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    this.#client = endpoint.kind === "http" ? Deno.createHttpClient({}) : undefined;
  }

  /** The socket's path or the URL. */
  get address(): string {
    return this.#endpoint.kind === "unix" ? this.#endpoint.path : this.#endpoint.base;
  }

  /**
   * Sends one request and waits for the whole answer, whatever its status.
   *
   * @throws NoAgentError where nobody answers; Error where the answer does not come in time.
   */
  async request(
    path: string,
    body?: LocalBody,
    method: Method = body === undefined ? "GET" : "POST",
  ): Promise<LocalAnswer> {
    const over = new AbortController();
    const timer = this.#clock.setTimeout(() => over.abort(), this.#timeoutMs);
    try {
      return this.#endpoint.kind === "unix"
        ? await this.#overUnix(this.#endpoint.path, path, { body, method, signal: over.signal })
        : await this.#overHttp(this.#endpoint, path, { body, method, signal: over.signal });
    } catch (error) {
      if (over.signal.aborted) {
        const why = `no answer within ${this.#timeoutMs / 1000} s`;
        throw new Error(`cannot ask the agent at ${this.address}: ${why}; see its log`, { cause: error });
      }
      throw await this.#explained(error);
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#client?.close();
  }

  async #overUnix(socket: string, path: string, { body, method, signal }: Question): Promise<LocalAnswer> {
    const { head, body: bytes, truncated } = await requestOverUnix({
      path: socket,
      request: {
        url: new URL(path, "http://localhost"),
        method,
        headers: body === undefined ? {} : { "content-type": body.contentType },
        body: body?.text,
      },
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    });
    if (truncated) throw tooLong();
    const text = new TextDecoder().decode(bytes);
    return { status: head.status, retryAfterSec: this.#retryAfterSec(headerOf(head, "retry-after")), text };
  }

  async #overHttp(
    { base, token }: Extract<Endpoint, { kind: "http" }>,
    path: string,
    { body, method, signal }: Question,
  ): Promise<LocalAnswer> {
    const response = await fetch(base + path, {
      ...(this.#client && { client: this.#client }),
      signal,
      redirect: "manual",
      method,
      headers: {
        ...(body && { "content-type": body.contentType }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: body.text }),
    });
    const retryAfterSec = this.#retryAfterSec(response.headers.get("retry-after") ?? undefined);
    return { status: response.status, retryAfterSec, text: await textOf(response) };
  }

  #retryAfterSec(text: string | undefined): number | undefined {
    return parseRetryAfter(text, this.#clock.wallMs());
  }

  /** A failed fetch hides its cause in a text; connecting by hand tells. */
  async #explained(error: unknown): Promise<Error> {
    try {
      using _connection = await this.#connect();
    } catch (cause) {
      return this.#unanswered(cause);
    }
    const root = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = root instanceof Error ? root.message : String(root);
    return new Error(`cannot ask the agent at ${this.address}: ${why}; is it an agent that listens there?`, {
      cause: error,
    });
  }

  #connect(): Promise<Deno.Conn> {
    if (this.#endpoint.kind === "unix") {
      return Deno.connect({ transport: "unix", path: this.#endpoint.path });
    }
    const { hostname, port, protocol } = new URL(this.#endpoint.base);
    return Deno.connect({
      hostname: hostname.replaceAll(/[[\]]/g, ""),
      port: Number(port || (protocol === "https:" ? 443 : 80)),
    });
  }

  #unanswered(cause: unknown): Error {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.ConnectionRefused) {
      return new NoAgentError(
        `no agent listens on ${this.address}; start one with "pawl run", or say where it is with --state-dir, ` +
          "--socket or --url",
        { cause },
      );
    }
    if (cause instanceof Deno.errors.PermissionDenied) {
      return new NoAgentError(
        `cannot reach the agent at ${this.address}: permission denied; run this as the user that it runs as`,
        { cause },
      );
    }
    if (cause instanceof Deno.errors.NotCapable) {
      return new NoAgentError(
        `cannot reach the agent at ${this.address}: the sandbox does not grant it; allow network access to it`,
        { cause },
      );
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    return new NoAgentError(`cannot reach the agent at ${this.address}: ${why}; say where it is with --url`, {
      cause,
    });
  }
}

interface Question {
  readonly body: LocalBody | undefined;
  readonly method: Method;
  readonly signal: AbortSignal;
}

function tooLong(): Error {
  return new Error(`cannot read the answer: it is longer than ${MAX_ANSWER_BYTES} bytes`);
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > MAX_ANSWER_BYTES) throw tooLong();
  }
  return text + decoder.decode();
}

/** The `error` of an answer that is no success, in one line. */
export function errorOf({ status, text }: LocalAnswer): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === "string") return error;
  } catch {
    // Something else than an agent's answer.
  }
  return `it answered with status ${status}`;
}
