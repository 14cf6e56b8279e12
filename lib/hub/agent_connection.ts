/** One agent's connection, from the upgrade to its end. */
import type { Logger } from "@logtape/logtape";
import type { Clock, TimerId } from "../clock.ts";
import {
  type Capability,
  CloseCode,
  decodeToHub,
  encode,
  type Heartbeat,
  type HubAck,
  isLonger,
  type MessageToAgent,
  type MessageToHub,
  type Register,
} from "../protocol/mod.ts";
import type { AgentSnapshot, HubEvent } from "./events.ts";
import type { HubSession, SessionRequest } from "./hub_session.ts";
import { MessageSigner } from "./message_signer.ts";
import { SessionTable } from "./session_table.ts";
import type { SigningKey } from "./signing_key.ts";
import type { AlertStore } from "./store.ts";

/** What every connection of a hub shares. */
export interface ConnectionShared {
  readonly capabilities: readonly Capability[];
  readonly signingKey: SigningKey | undefined;
  readonly store: AlertStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  readonly emit: (event: HubEvent) => void;
  readonly registerTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxOutputChars: number;
  /** The agent said who it is; called before its ack leaves. */
  readonly onRegistered: (connection: AgentConnection) => void;
  /** Called before anybody is told; returns whether another connection of the same agent is registered. */
  readonly onEnded: (connection: AgentConnection) => boolean;
}

/** Takes over a socket that is being upgraded. Ends by itself; nothing is sent or told once {@linkcode ended} resolved. */
export class AgentConnection {
  readonly agentId: string;
  /** Resolves once, when the agent is gone or given up. Never rejects. */
  readonly ended: Promise<void>;
  readonly #socket: WebSocket;
  readonly #shared: ConnectionShared;
  readonly #listening = new AbortController();
  readonly #resolveEnded: () => void;
  readonly #connectedAtMs: number;
  readonly #agreed = new Set<Capability>();
  readonly #sessions: SessionTable;
  #register: Register | undefined;
  #heartbeat: { atMs: number; payload: Heartbeat } | undefined;
  /** Runs out on an agent that does not register, later on one that does not leave. */
  #timer: TimerId;
  #endReason: string | undefined;
  #leaving: string | undefined;

  constructor(socket: WebSocket, agentId: string, shared: ConnectionShared) {
    const { clock, emit, logger, newId, maxOutputChars, registerTimeoutMs, signingKey } = shared;
    this.#socket = socket;
    this.#shared = shared;
    this.agentId = agentId;
    this.#connectedAtMs = clock.wallMs();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    this.#sessions = new SessionTable({
      agentId,
      newId,
      maxOutputChars,
      capabilities: this.#agreed,
      signer: signingKey && new MessageSigner({ key: signingKey, agentId, clock }),
      send: (message) => this.#send(message),
      onEnded: (sessionId, final) => emit({ type: "session_ended", agentId, sessionId, final }),
    });
    this.#timer = clock.setTimeout(() => this.abandon("did not register in time"), registerTimeoutMs);
    const { signal } = this.#listening;
    socket.addEventListener("message", ({ data }) => this.#onFrame(data), { signal });
    socket.addEventListener("close", () => this.#end(this.#leaving ?? "the connection was closed"), {
      signal,
    });
    socket.addEventListener("error", () => this.#end("the connection was lost"), { signal });
    logger.debug("agent.connected", { agentId });
    emit({ type: "agent_connected", agentId });
  }

  /** Undefined until the agent has registered. */
  snapshot(): AgentSnapshot | undefined {
    if (this.#register === undefined) return undefined;
    return {
      agentId: this.agentId,
      register: this.#register,
      capabilities: [...this.#agreed],
      connectedAtMs: this.#connectedAtMs,
      ...(this.#heartbeat && { heartbeat: this.#heartbeat }),
    };
  }

  /** Starts a session; on a connection that has ended, it is refused at once. */
  startSession(request: SessionRequest): HubSession {
    return this.#sessions.start(request);
  }

  /** Shows the agent that the hub is alive: it gives up a hub that says nothing for 90 s. */
  ping(): void {
    if (this.#register) this.#send({ type: "ping", id: this.#shared.newId(), payload: {} });
  }

  /** Asks the agent to leave and come back later, and gives it up if it does not leave. Resolves with the end. */
  disconnect(reason: string, retryAfterSec: number): Promise<void> {
    if (this.#endReason !== undefined || this.#leaving !== undefined) return this.ended;
    const { clock, closeTimeoutMs, newId } = this.#shared;
    this.#leaving = reason;
    if (this.#socket.readyState !== WebSocket.OPEN) {
      this.abandon(reason); // not through with the upgrade, or leaving already: it could not be told
      return this.ended;
    }
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => this.abandon(reason), closeTimeoutMs);
    this.#send({ type: "disconnect", id: newId(), payload: { reason, retry_after_sec: retryAfterSec } });
    return this.ended;
  }

  /** Ends it now, whether or not the agent ever answers the close frame. */
  abandon(reason: string, closeCode: number = CloseCode.normal): void {
    this.#end(reason);
    // The listeners are off: an agent that never answers keeps a socket, until the runtime's own pings find it dead.
    if (this.#socket.readyState < WebSocket.CLOSING) this.#socket.close(closeCode, closeReason(reason));
  }

  #end(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    const { clock, emit, logger, onEnded } = this.#shared;
    const { agentId } = this;
    this.#listening.abort();
    clock.clearTimeout(this.#timer);
    const replaced = onEnded(this);
    this.#sessions.end(reason);
    logger.info("agent.disconnected", { agentId, reason, replaced });
    emit({ type: "agent_disconnected", agentId, reason, replaced });
    this.#resolveEnded();
  }

  #send(message: MessageToAgent): void {
    if (this.#endReason !== undefined || this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#shared.maxBufferedBytes) return this.abandon("does not read");
    this.#socket.send(encode(message));
  }

  #ack(refId: string, payload: { ok: boolean } & Partial<HubAck>): void {
    // Without `capabilities` unless they are meant: the field says something on the ack of `register` only.
    this.#send({ type: "ack", id: this.#shared.newId(), ref_id: refId, payload: payload as HubAck });
  }

  #onFrame(data: unknown): void {
    const { logger, maxMessageBytes } = this.#shared;
    const { agentId } = this;
    if (typeof data !== "string") return logger.warn("agent.frame_skipped", { agentId, reason: "not text" });
    if (isLonger(data, maxMessageBytes)) return this.abandon("message too big", CloseCode.messageTooBig);
    const decoded = decodeToHub(data);
    if (!decoded.ok) {
      const { problem, reason, type } = decoded;
      if (problem === "unknown_type") logger.debug("agent.message_unknown", { agentId, type });
      else logger.warn("agent.frame_skipped", { agentId, reason, type });
      // Whoever waits for an ack is told now, not after a timeout; the agent gives such a batch up in the end.
      if (type === "alert_events" && decoded.id && this.#agreed.has("alert_ack")) {
        this.#ack(decoded.id, { ok: false, error: "invalid payload" });
      }
      return;
    }
    this.#onMessage(decoded.message);
  }

  #onMessage(message: MessageToHub): void {
    if (message.type === "register") return this.#onRegister(message.id, message.payload);
    if (this.#register === undefined) return this.#skip(message.type, "not registered");
    switch (message.type) {
      case "heartbeat":
        return this.#onHeartbeat(message.id, message.payload);
      case "alert_events":
        return this.#onAlerts(message.id, message.payload.events);
      case "ack": {
        const { ok, error } = message.payload;
        const known = this.#sessions.onAck(message.ref_id, { ok, ...(error !== undefined && { error }) });
        return known ? undefined : this.#skip("ack", "answers nothing");
      }
      case "session_output":
        // Told before it is handed on: the final one ends the session, which is told next.
        if (this.#sessions.has(message.payload.session_id)) {
          this.#shared.emit({ type: "session_output", agentId: this.agentId, output: message.payload });
          return this.#sessions.onOutput(message.payload);
        }
        return this.#skip("session_output", "no such session");
      case "session_error":
        if (this.#sessions.has(message.payload.session_id)) return this.#sessions.onError(message.payload);
        return this.#skip("session_error", "no such session");
    }
  }

  #onRegister(id: string, register: Register): void {
    if (this.#register !== undefined) return this.#skip("register", "already registered");
    if (this.#leaving !== undefined) return this.#ack(id, { ok: false, error: this.#leaving });
    const { capabilities, clock, emit, logger, onRegistered } = this.#shared;
    const { agentId } = this;
    clock.clearTimeout(this.#timer);
    this.#register = register;
    for (const capability of capabilities) {
      if (register.capabilities.includes(capability)) this.#agreed.add(capability);
    }
    onRegistered(this);
    const agreed = [...this.#agreed];
    // A peer that names none may not know the field.
    this.#ack(id, { ok: true, ...(register.capabilities.length > 0 && { capabilities: agreed }) });
    logger.info("agent.registered", { agentId, hostname: register.hostname, capabilities: agreed });
    const agent = this.snapshot();
    if (agent) emit({ type: "agent_registered", agent });
  }

  #onHeartbeat(id: string, payload: Heartbeat): void {
    this.#heartbeat = { atMs: this.#shared.clock.wallMs(), payload };
    if (this.#agreed.has("heartbeat_ack")) this.#ack(id, { ok: true });
    this.#shared.emit({ type: "heartbeat", agentId: this.agentId, heartbeat: payload });
  }

  #onAlerts(
    messageId: string,
    events: Extract<MessageToHub, { type: "alert_events" }>["payload"]["events"],
  ): void {
    const { clock, emit, logger, store } = this.#shared;
    const { agentId } = this;
    const wantsAck = this.#agreed.has("alert_ack");
    let isNew: boolean;
    try {
      isNew = store.add({ agentId, messageId, receivedAtMs: clock.wallMs(), events });
    } catch (error) {
      logger.error("alerts.not_stored", { agentId, events: events.length, error });
      if (wantsAck) this.#ack(messageId, { ok: false, error: "cannot store the events" });
      return;
    }
    if (wantsAck) this.#ack(messageId, { ok: true });
    if (isNew) emit({ type: "alerts", agentId, messageId, events });
    else logger.debug("alerts.double", { agentId, messageId });
  }

  #skip(type: string, reason: string): void {
    this.#shared.logger.debug("agent.message_skipped", { agentId: this.agentId, type, reason });
  }
}

/** A close reason may have 123 bytes; ours are ASCII, the caller's need not be. */
function closeReason(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  return new TextDecoder().decode(bytes.subarray(0, 120)).replace(/\ufffd+$/, "");
}
