/** The hub: a server that agents connect to. */
import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, systemClock, type TimerId } from "../clock.ts";
import { CAPABILITIES, type Capability, MAX_MESSAGE_BYTES, PLAIN_CAPABILITIES } from "../protocol/mod.ts";
import { admit } from "./admission.ts";
import { AgentConnection, type ConnectionShared } from "./agent_connection.ts";
import { type AgentSnapshot, type HubEventListener, shielded } from "./events.ts";
import { healthOf } from "./health.ts";
import type { HubSession, SessionRequest } from "./hub_session.ts";
import { AgentRegistry } from "./registry.ts";
import type { SigningKey } from "./signing_key.ts";
import { type AlertStore, MemoryStore, type StoredAlert } from "./store.ts";

/** Options of {@linkcode startHub}. */
export interface HubOptions {
  /** @default "127.0.0.1" */
  hostname?: string;
  /** 0 picks a free one. @default 0 */
  port?: number;
  /** What agents must show. @default none: every agent is let in */
  token?: string;
  /** The extensions it offers. @default all; `signed_sessions` only with a key to sign with */
  capabilities?: readonly Capability[];
  /** Signs what is asked of agents that want it signed. @default none */
  signingKey?: SigningKey | undefined;
  /** Where alerts go. @default a {@linkcode MemoryStore} */
  store?: AlertStore;
  /** How long an agent may take to register. @default 10_000 */
  registerTimeoutMs?: number;
  /** How long an agent that was told to leave may take to do so. @default 2_000 */
  closeTimeoutMs?: number;
  /** How often registered agents are shown that the hub is alive; they give up after 90 s. @default 30_000 */
  pingIntervalMs?: number;
  /** After how long without a sign of life the runtime pings a socket, and then closes it. @default 30 */
  idleTimeoutSec?: number;
  /** A longer message ends its connection. @default 1 MiB */
  maxMessageBytes?: number;
  /** An agent for which more than this waits to be written is given up. @default 8 MiB */
  maxBufferedBytes?: number;
  /** How much unread output each session keeps, in characters. @default 4 Mi */
  maxOutputChars?: number;
  /** Told of everything that happens. */
  onEvent?: HubEventListener;
  clock?: Clock;
  logger?: Logger;
  /** Makes ids of messages and sessions. @default crypto.randomUUID */
  newId?: () => string;
}

/** A running hub. Its methods may be called at any time, also from inside an event listener. */
export interface Hub extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /** What agents are configured with: `ws://host:port`. */
  readonly address: string;
  /** The agents that are registered now. */
  agents(): AgentSnapshot[];
  /** The alerts it has stored, oldest first. */
  alerts(): StoredAlert[];
  /**
   * Starts a session on an agent.
   * @throws Error if the agent is not connected
   */
  startSession(agentId: string, request: SessionRequest): HubSession;
  /**
   * Tells an agent to leave and to come back after `retryAfterSec` seconds; resolves when it is gone. False, at once, if
   * it was not connected.
   */
  disconnect(agentId: string, reason: string, retryAfterSec: number): Promise<boolean>;
  /**
   * Stops: no new agents, a `disconnect` to all, 2 s for them to leave, then it leaves them. Calling it again waits
   * for the same end. No event comes after it resolved.
   */
  close(): Promise<void>;
}

/** Two hosts with one id would displace each other for ever: the displaced one should at least not hurry. */
const DISPLACED_RETRY_SEC = 60;

/**
 * Starts a hub; it listens when this resolves.
 * @throws RangeError for a bound, an empty token, or `signed_sessions` without a key; the runtime's error (such as `Deno.errors.AddrInUse`) if it cannot
 * listen
 */
export function startHub(options: HubOptions = {}): Promise<Hub> {
  return new Promise((resolve) => resolve(new RunningHub(options)));
}

class RunningHub implements Hub {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #shared: ConnectionShared;
  readonly #registry = new AgentRegistry<AgentConnection>();
  /** Also those that have not registered, and those displaced. */
  readonly #connections = new Set<AgentConnection>();
  readonly #token: string | undefined;
  readonly #idleTimeoutSec: number;
  readonly #pingIntervalMs: number;
  #pingTimer: TimerId;
  #closing: Promise<void> | undefined;

  constructor(options: HubOptions) {
    const {
      hostname = "127.0.0.1",
      port = 0,
      token,
      signingKey,
      capabilities = signingKey === undefined ? PLAIN_CAPABILITIES : CAPABILITIES,
      store = new MemoryStore(),
      registerTimeoutMs = 10_000,
      closeTimeoutMs = 2_000,
      pingIntervalMs = 30_000,
      idleTimeoutSec = 30,
      maxMessageBytes = MAX_MESSAGE_BYTES,
      maxBufferedBytes = 8 * 1024 * 1024,
      maxOutputChars = 4 * 1024 * 1024,
      onEvent,
      clock = systemClock,
      logger = getLogger(["pawl", "hub"]),
      newId = () => crypto.randomUUID(),
    } = options;
    if (token === "") {
      throw new RangeError("cannot start the hub: the token is empty; leave it out to let every agent in");
    }
    if (signingKey === undefined && capabilities.includes("signed_sessions")) {
      throw new RangeError("cannot start the hub: signed_sessions is to be offered; pass a signingKey, too");
    }
    this.#token = token;
    this.#idleTimeoutSec = idleTimeoutSec;
    this.#pingIntervalMs = pingIntervalMs;
    this.#shared = {
      capabilities,
      signingKey,
      store,
      clock,
      logger,
      newId,
      emit: shielded(onEvent, logger),
      registerTimeoutMs,
      closeTimeoutMs,
      maxMessageBytes,
      maxBufferedBytes,
      maxOutputChars,
      onRegistered: (connection) => this.#onRegistered(connection),
      onEnded: (connection) => this.#onEnded(connection),
    };
    this.#server = Deno.serve(
      { hostname, port, onListen: () => {}, onError: (error) => this.#onServerError(error) },
      (request) => this.#onRequest(request),
    );
    this.#pingTimer = clock.setTimeout(() => this.#pingAll(), pingIntervalMs);
    logger.info("hub.listening", {
      address: this.address,
      token: token !== undefined,
      ...(signingKey && { signs_as: signingKey.publicLine }),
    });
  }

  get hostname(): string {
    return this.#server.addr.hostname;
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get address(): string {
    const { hostname } = this;
    return `ws://${hostname.includes(":") ? `[${hostname}]` : hostname}:${this.port}`;
  }

  agents(): AgentSnapshot[] {
    return this.#registry.list().flatMap((connection) => connection.snapshot() ?? []);
  }

  alerts(): StoredAlert[] {
    return this.#shared.store.alerts();
  }

  startSession(agentId: string, request: SessionRequest): HubSession {
    const connection = this.#registry.get(agentId);
    if (connection === undefined) {
      throw new Error(
        `cannot start a session: agent ${agentId} is not connected; see agents() for those that are`,
      );
    }
    return connection.startSession(request);
  }

  async disconnect(agentId: string, reason: string, retryAfterSec: number): Promise<boolean> {
    const connection = this.#registry.get(agentId);
    await connection?.disconnect(reason, retryAfterSec);
    return connection !== undefined;
  }

  close(): Promise<void> {
    // In a later turn, so that a listener that calls this again finds the first call's promise.
    return this.#closing ??= Promise.resolve().then(() => this.#stop());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #stop(): Promise<void> {
    const { clock, logger } = this.#shared;
    clock.clearTimeout(this.#pingTimer);
    await Promise.all(
      [...this.#connections].map((connection) => connection.disconnect("the hub is stopping", 0)),
    );
    await this.#server.shutdown();
    logger.info("hub.stopped", { address: this.address });
  }

  #pingAll(): void {
    for (const connection of this.#registry.list()) connection.ping();
    this.#pingTimer = this.#shared.clock.setTimeout(() => this.#pingAll(), this.#pingIntervalMs);
  }

  #onRequest(request: Request): Response {
    const health = healthOf(request, { stopping: this.#closing !== undefined });
    if (health !== undefined) return health;
    const admission = admit(request, this.#token);
    if ("status" in admission) return this.#refuse(admission.status, admission.reason);
    if (this.#closing) return this.#refuse(503, "the hub is stopping");
    let upgrade: Deno.WebSocketUpgrade;
    try {
      upgrade = Deno.upgradeWebSocket(request, { idleTimeout: this.#idleTimeoutSec });
    } catch (error) {
      this.#shared.logger.debug("hub.upgrade_malformed", { error });
      return this.#refuse(400, "malformed WebSocket upgrade");
    }
    const connection = new AgentConnection(upgrade.socket, admission.agentId, this.#shared);
    this.#connections.add(connection);
    return upgrade.response;
  }

  #refuse(status: number, reason: string): Response {
    this.#shared.logger.debug("hub.refused", { status, reason });
    return new Response(`${reason}\n`, { status });
  }

  #onServerError(error: unknown): Response {
    this.#shared.logger.error("hub.request_failed", { error });
    return new Response("internal error\n", { status: 500 });
  }

  #onRegistered(connection: AgentConnection): void {
    const displaced = this.#registry.add(connection);
    if (displaced === undefined) return;
    this.#shared.logger.warn("agent.displaced", { agentId: connection.agentId });
    displaced.disconnect("a newer connection of this agent took over", DISPLACED_RETRY_SEC);
  }

  #onEnded(connection: AgentConnection): boolean {
    this.#connections.delete(connection);
    this.#registry.remove(connection);
    return this.#registry.get(connection.agentId) !== undefined;
  }
}
