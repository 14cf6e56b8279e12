/** The agent's own HTTP server: intake, health, metrics, status. */
import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, sleep, systemClock } from "../clock.ts";
import { ConfigError } from "../config/config_error.ts";
import { Gate } from "./access.ts";
import { BodyReader } from "./body_reader.ts";
import { comeAgain, HttpError } from "./http_error.ts";
import { type ListenAddress, parseListenAddress } from "./listen_address.ts";
import type { LocalPort } from "./local_port.ts";
import type { FoundRoute } from "./find_route.ts";
import { pathOf } from "./request_path.ts";
import type { RouteContext } from "./routes.ts";
import { TokenBuckets } from "./token_buckets.ts";
import { clearSocketPath, unusable } from "./unix_socket.ts";

/** Options of {@linkcode startLocalServer}. */
export interface LocalServerOptions {
  /** The absolute path of a unix socket, or `host:port`; port 0 picks a free one. */
  listen: string;
  /** Whether `listen` may be an address that others than this host can reach. @default false */
  allowRemote?: boolean;
  /** What callers over TCP must show; needed there, not used on a unix socket. */
  token?: string | undefined;
  /** The agent. */
  port: LocalPort;
  /** How many events each connection may bring in a second, for long; twice that at once. @default 50_000 */
  eventsPerSec?: number;
  /** The longest request body. @default 8 MiB */
  maxBodyBytes?: number;
  /** What all bodies that are being read may hold in memory together. @default 32 MiB */
  maxTotalBodyBytes?: number;
  /** How long a client may take to send a body. @default 30 s */
  bodyDeadlineMs?: number;
  /** How many requests with a body may be at work at once. @default 64 */
  maxRequests?: number;
  /** How much memory the process holds. @default the runtime's figure */
  rssBytes?: () => number;
  clock?: Clock;
  logger?: Logger;
}

/**
 * A running server. Disposing of it answers what is under way with 503, closes all connections, and resolves when that
 * is done; it takes a second at most.
 */
export interface LocalServer extends AsyncDisposable {
  /** The socket's path, or `http://host:port`. */
  readonly address: string;
}

/**
 * Starts the server; it listens when this resolves. A unix socket has mode 0600 before the first answer; one that was
 * left behind is replaced; it is removed on closing.
 *
 * @throws ConfigError if it cannot listen there, or lacks a token where it needs one.
 */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const address = parseListenAddress(options.listen, options.allowRemote ?? false);
  if (address.transport === "tcp" && !options.token) {
    throw new ConfigError(
      `cannot listen on ${options.listen}: over TCP a token is needed, and none is configured; ` +
        "set local.token_file, or listen on a unix socket",
    );
  }
  if (address.transport === "unix") await clearSocketPath(address.path);
  return new RunningServer(options, address);
}

/** How long the last answers may take to reach their clients. */
const LAST_ANSWERS_MS = 1000;

class RunningServer implements LocalServer {
  readonly address: string;
  readonly #server: Deno.HttpServer;
  readonly #gate: Gate;
  readonly #context: RouteContext;
  readonly #maxRequests: number;
  readonly #closing = new AbortController();
  /** Ends all connections. */
  readonly #stop = new AbortController();
  /** The answers that are not delivered yet. */
  readonly #answers = new Set<Promise<void>>();
  #routing: Promise<typeof import("./find_route.ts")> | undefined;
  #requests = 0;
  #closed: Promise<void> | undefined;

  constructor(options: LocalServerOptions, address: ListenAddress) {
    const {
      token,
      port,
      eventsPerSec = 50_000,
      maxBodyBytes = 8 * 1024 * 1024,
      maxTotalBodyBytes = 32 * 1024 * 1024,
      bodyDeadlineMs = 30_000,
      maxRequests = 64,
      rssBytes = () => Deno.memoryUsage().rss,
      clock = systemClock,
      logger = getLogger(["pawl", "local"]),
    } = options;
    this.#gate = new Gate(address, token);
    this.#maxRequests = maxRequests;
    this.#context = {
      port,
      bodies: new BodyReader({
        maxBytes: maxBodyBytes,
        maxTotalBytes: maxTotalBodyBytes,
        deadlineMs: bodyDeadlineMs,
        clock,
      }),
      rate: new TokenBuckets({
        perSec: eventsPerSec,
        burst: eventsPerSec * 2,
        nowMs: () => clock.monotonicMs(),
      }),
      clock,
      logger,
      rssBytes,
      startSec: clock.wallMs() / 1000,
    };
    [this.#server, this.address] = this.#listen(address, options.listen);
    logger.info("local.listening", { address: this.address });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#closing.abort(new HttpError(503, "the agent is stopping", { headers: { connection: "close" } }));
    const answered = new AbortController();
    const patience = sleep(this.#context.clock, LAST_ANSWERS_MS, answered.signal).catch(() => {});
    await Promise.race([Promise.all(this.#answers), patience]);
    answered.abort();
    // The runtime calls an answer complete once it has been handed over: a few turns later it is written.
    for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setTimeout(resolve, 0));
    // Not a graceful shutdown: that waits for as long as any client owes it the rest of a body.
    this.#stop.abort();
    await this.#server.finished; // by then the socket's file is removed
    this.#context.logger.info("local.closed", { address: this.address });
  }

  #listen(address: ListenAddress, listen: string): [Deno.HttpServer, string] {
    const shared = {
      signal: this.#stop.signal,
      onListen: () => {},
      onError: (error: unknown) => this.#failed(error),
    };
    try {
      if (address.transport === "tcp") {
        const { hostname, port } = address;
        const overTcp = Deno.serve(
          { ...shared, hostname, port },
          (request, info) =>
            this.#answer(request, `${info.remoteAddr.hostname}:${info.remoteAddr.port}`, info),
        );
        const host = hostname.includes(":") ? `[${hostname}]` : hostname;
        return [overTcp, `http://${host}:${overTcp.addr.port}`];
      }
      // All who connect here are one user, and the runtime does not tell their connections apart.
      const server = Deno.serve(
        { ...shared, path: address.path },
        (request, info) => this.#answer(request, "", info),
      );
      // It is born 0755; nothing is answered before this turn of the event loop ends.
      Deno.chmodSync(address.path, 0o600);
      return [server, address.path];
    } catch (error) {
      this.#stop.abort();
      throw unusable(listen, error);
    }
  }

  async #answer(request: Request, caller: string, { completed }: Deno.ServeHandlerInfo): Promise<Response> {
    const delivered = completed.catch(() => {}).finally(() => this.#answers.delete(delivered)); // or hung up
    this.#answers.add(delivered);
    try {
      // Loaded for the first request: a start does without what routes are made of.
      const { findRoute } = await (this.#routing ??= import("./find_route.ts"));
      const found = findRoute(request);
      this.#gate.check(request, found.route.access);
      const response = found.route.method === "GET"
        ? await this.#answered(found, request, caller)
        : await this.#counted(found, request, caller);
      response.headers.set("cache-control", "no-store");
      return response;
    } catch (error) {
      if (error instanceof HttpError) return this.#refuse(request, error);
      return this.#failed(error);
    }
  }

  /** Health, metrics and status take no place: they must answer also when others keep the agent busy. */
  async #counted(found: FoundRoute, request: Request, caller: string): Promise<Response> {
    this.#closing.signal.throwIfAborted();
    if (this.#requests >= this.#maxRequests) {
      throw comeAgain(503, `${this.#maxRequests} requests are at work already; try again later`, 1);
    }
    this.#requests++;
    try {
      return await this.#answered(found, request, caller);
    } finally {
      this.#requests--;
    }
  }

  async #answered({ route, rest }: FoundRoute, request: Request, caller: string): Promise<Response> {
    return await route.answer(this.#context, { request, caller, rest, closing: this.#closing.signal });
  }

  #refuse({ method, url }: Request, error: HttpError): Response {
    const { status, message, headers, details } = error;
    this.#context.logger.debug("local.refused", { method, path: pathOf(url), status, reason: message });
    return Response.json({ error: message, ...details }, { status, headers });
  }

  #failed(error: unknown): Response {
    this.#context.logger.error("local.request_failed", { error });
    return Response.json({ error: "internal error; the agent's log says more" }, { status: 500 });
  }
}
