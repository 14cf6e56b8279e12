import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, sleep, systemClock } from "../clock.ts";
import { CloseCode, PLAIN_CAPABILITIES, PROTOCOL_VERSION } from "../protocol/mod.ts";
import type { ConnectionEnd, ConnectionLife } from "./connection_end.ts";
import { discreetLife } from "./discreet_end.ts";
import { type ConnectionEvent, tell } from "./connection_event.ts";
import { AuthenticationError, DialError } from "./dial_error.ts";
import { LiveConnection } from "./live_connection.ts";
import type { AlertsPort, SelfPort, SessionsPort } from "./ports.ts";
import { dial, type OpenSocket } from "./websocket_client.ts";

/** The deadlines of each phase, in milliseconds. */
export interface ConnectionTimings {
  /** From the dial to an open socket. @default 10 s */
  dialMs: number;
  /** For finding out why a dial failed. @default 5 s */
  diagnoseMs: number;
  /** From `register` to its ack. @default 10 s */
  registerMs: number;
  /** From a heartbeat to its ack, where the hub acks them. @default 10 s */
  ackMs: number;
  /** The longest silence of the hub. @default 90 s */
  readMs: number;
  /** For one message to be written. @default 10 s */
  writeMs: number;
  /** For the hub to answer a close frame. @default 2 s */
  closeMs: number;
  /** Between heartbeats. @default 30 s */
  heartbeatMs: number;
  /** For sessions to end and alerts to be flushed when the agent stops. @default 5 s */
  flushMs: number;
}

/** See {@linkcode ConnectionTimings}. */
export const DEFAULT_TIMINGS: Readonly<ConnectionTimings> = {
  dialMs: 10_000,
  diagnoseMs: 5000,
  registerMs: 10_000,
  ackMs: 10_000,
  readMs: 90_000,
  writeMs: 10_000,
  closeMs: 2000,
  heartbeatMs: 30_000,
  flushMs: 5000,
};

/** The longest delay that the platform's timers know; a longer one would pass at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Options of {@linkcode Connection}. */
export interface ConnectionOptions {
  /** The hub's endpoint, `ws:` or `wss:`. */
  url: URL;
  /** The proxy that leads to it, for messages: `host:port`. */
  via?: string | undefined;
  agentId: string;
  token?: string | undefined;
  /** Carries the CA and such. The caller keeps and closes it. */
  client?: Deno.HttpClient | undefined;
  alerts: AlertsPort;
  sessions: SessionsPort;
  self: SelfPort;
  /** The extensions to offer; asked anew for each connection. @default those that need no configuration */
  capabilities?: (() => readonly string[]) | undefined;
  timings?: Partial<ConnectionTimings>;
  clock?: Clock;
  logger?: Logger;
  onEvent?: ((event: ConnectionEvent) => void) | undefined;
  /** Awaited when the hub has accepted the registration, before anything else begins: an older one hands over. */
  handover?: (() => Promise<void>) | undefined;
}

/** What {@linkcode Connection.runOnce} listens to besides the hub. */
export interface RunSignals {
  /** The agent is being stopped: say goodbye in order. */
  stop: AbortSignal;
  /** The machine has slept: the socket is worth nothing. Aborted with the seconds slept as its reason. */
  suspended: AbortSignal;
  /** Another connection is to take this one's place: say goodbye in order. */
  replaced?: AbortSignal;
}

/**
 * One hub, one connection at a time: dial, register, read and write side by side, close.
 *
 * `runOnce` may be called again once it has resolved, not before.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #timings: ConnectionTimings;
  readonly #clock: Clock;
  readonly #logger: Logger;

  /** @throws RangeError for a timing that no timer can keep. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#timings = { ...DEFAULT_TIMINGS, ...options.timings };
    for (const [name, delayMs] of Object.entries(this.#timings)) {
      if (delayMs >= 1 && delayMs <= MAX_DELAY_MS) continue;
      throw new RangeError(`cannot connect: ${name} must be from 1 to ${MAX_DELAY_MS}, it is ${delayMs}`);
    }
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? getLogger(["pawl", "link"]);
  }

  /**
   * Lives one connection from dial to end and closes what it opened. Never rejects; no callback of the connection's
   * fires after it has resolved.
   *
   * When `stop` is aborted on a registered connection: new sessions are refused, the running ones cancelled with
   * their final outputs sent, alerts flushed, the socket closed, or abandoned where the hub does not answer.
   */
  async runOnce(signals: RunSignals): Promise<ConnectionLife> {
    const { url, onEvent } = this.#options;
    const hub = url.host;
    tell(onEvent, { type: "connecting", hub }, this.#logger);
    const given = AbortSignal.any(all(signals));
    let life: ConnectionLife;
    try {
      const dialled = this.#dial(given);
      const prepared = this.#prepared(); // the time that the hub takes is enough for much
      life = await this.#live(await dialled, prepared, signals);
    } catch (error) {
      life = { end: given.aborted ? endOfSignals(signals) : endOfFailedDial(error), registered: false };
    }
    life = discreetLife(life, this.#options.token);
    tell(onEvent, { type: "ended", hub, end: life.end }, this.#logger);
    return life;
  }

  #dial(signal: AbortSignal): Promise<OpenSocket> {
    const { url, via, agentId, token, client } = this.#options;
    const headers = {
      "X-Agent-ID": agentId,
      ...(token && { "X-Agent-Token": token }),
      "X-Proto-Version": String(PROTOCOL_VERSION),
    };
    const { dialMs, diagnoseMs } = this.#timings;
    const options = {
      url,
      via,
      headers,
      client,
      dialMs,
      diagnoseMs,
      clock: this.#clock,
      logger: this.#logger,
    };
    return dial(options, signal);
  }

  async #prepared(): Promise<void> {
    try {
      await this.#options.self.prepare?.();
    } catch (error) {
      this.#logger.error("link.prepare_failed", { error });
    }
  }

  async #live(
    socket: OpenSocket,
    prepared: Promise<void>,
    signals: RunSignals,
  ): Promise<ConnectionLife> {
    const { url, alerts, sessions, self, onEvent, handover } = this.#options;
    const { capabilities = () => PLAIN_CAPABILITIES } = this.#options;
    const clock = this.#clock;
    const logger = this.#logger;
    const live = new LiveConnection({
      socket,
      alerts,
      sessions,
      self,
      timings: this.#timings,
      clock,
      logger,
      handover,
    });
    live.onRegistered = ({ capabilities, warning }) => {
      if (warning) logger.warn("link.hub_warning", { hub: url.host, warning });
      logger.info("link.registered", { hub: url.host, capabilities: capabilities.join(",") });
      tell(onEvent, { type: "registered", hub: url.host, capabilities }, logger);
    };
    live.onHeartbeat = (heartbeat) => tell(onEvent, { type: "heartbeat", heartbeat }, logger);
    const onSignal = () => live.end(endOfSignals(signals));
    for (const signal of all(signals)) {
      signal.addEventListener("abort", onSignal, { once: true });
      if (signal.aborted) onSignal();
    }
    await Promise.race([prepared, live.ended]);
    live.start(capabilities());
    const end = await live.ended;
    for (const signal of all(signals)) signal.removeEventListener("abort", onSignal);
    const { registered } = live;
    await this.#close(live, socket, end);
    return { end, registered };
  }

  /** Each end has its goodbye: all of it where the hub listens, none where it cannot hear. */
  async #close(live: LiveConnection, socket: OpenSocket, end: ConnectionEnd): Promise<void> {
    const { closeMs, flushMs } = this.#timings;
    const goodbye = (code: number, reason: string) => {
      live.stopWriting();
      return socket.close(code, reason, closeMs);
    };
    const startMs = this.#clock.monotonicMs();
    let answered = false;
    switch (end.kind) {
      case "stopped":
        await live.closeSessions("the agent is stopping");
        await this.#flush(live, startMs + flushMs);
        answered = await goodbye(CloseCode.normal, "agent stopping");
        break;
      case "disconnected":
        await live.closeSessions("the hub disconnected");
        await this.#flush(live, startMs + closeMs);
        answered = await goodbye(CloseCode.normal, "disconnected by the hub");
        break;
      case "replaced":
        await live.closeSessions("the agent connected anew");
        await this.#flush(live, startMs + closeMs);
        answered = await goodbye(CloseCode.normal, "replaced");
        break;
      default:
        if (live.closeCode !== undefined) await goodbye(live.closeCode, "message too big");
        else if (end.kind === "not_registered") await goodbye(CloseCode.normal, "not registered");
        else socket.abandon();
    }
    await live.dispose({ answered });
  }

  async #flush(live: LiveConnection, untilMs: number): Promise<void> {
    const never = new AbortController().signal;
    while (!live.flushed && !live.broken && this.#clock.monotonicMs() < untilMs) {
      await sleep(this.#clock, 5, never);
    }
  }
}

function all({ stop, suspended, replaced }: RunSignals): AbortSignal[] {
  return [stop, suspended, ...replaced ? [replaced] : []];
}

function endOfSignals({ stop, suspended, replaced }: RunSignals): ConnectionEnd {
  if (!stop.aborted && replaced?.aborted) return { kind: "replaced" };
  if (stop.aborted || !suspended.aborted) return { kind: "stopped" };
  return { kind: "suspended", sleptSec: Number(suspended.reason) };
}

function endOfFailedDial(error: unknown): ConnectionEnd {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof AuthenticationError) return { kind: "unauthorized", reason };
  if (error instanceof DialError && error.retryAfterSec !== undefined) {
    return { kind: "dial_failed", reason, retryAfterSec: error.retryAfterSec };
  }
  return { kind: "dial_failed", reason };
}
