import type { Logger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import {
  CloseCode,
  type DecodeProblem,
  decodeToAgent,
  type Heartbeat,
  type HubAck,
  type MessageToAgent,
} from "../protocol/mod.ts";
import type { ConnectionTimings } from "./connection.ts";
import type { ConnectionEnd } from "./connection_end.ts";
import { Deadline } from "./deadline.ts";
import { Heart } from "./heart.ts";
import { Outbox } from "./outbox.ts";
import type { AlertsPort, SelfPort, SessionScopePort, SessionsPort } from "./ports.ts";
import { OutboxSessionOutlet } from "./session_outlet.ts";
import { MessageTooBigError, type OpenSocket } from "./websocket_client.ts";
import { Writer } from "./writer.ts";

/** Options of {@linkcode LiveConnection}. */
export interface LiveConnectionOptions {
  socket: OpenSocket;
  alerts: AlertsPort;
  sessions: SessionsPort;
  self: SelfPort;
  timings: ConnectionTimings;
  clock: Clock;
  logger: Logger;
  /** Awaited between the hub's consent and everything that follows from it. */
  handover?: (() => Promise<void>) | undefined;
}

/** What was agreed at registration. */
export interface Registration {
  readonly capabilities: readonly string[];
  readonly warning: string | undefined;
}

/** How many messages for sessions may come before the registration is acked; they are handled after it. */
const MAX_EARLY_MESSAGES = 64;

type SessionMessage = Extract<MessageToAgent, { type: "session_start" | "session_input" | "session_cancel" }>;

/**
 * An open socket put to use: registers, then reads, writes and beats the heart side by side. Reading is synchronous
 * and never waits for writing.
 *
 * Call order: `start` once, then await `ended`, then `closeSessions` where the hub can still hear, then `dispose`.
 */
export class LiveConnection {
  /** Why the connection is over; the first reason counts. */
  readonly ended: Promise<ConnectionEnd>;
  onRegistered: ((registration: Registration) => void) | undefined;
  onHeartbeat: ((heartbeat: Heartbeat) => void) | undefined;
  readonly #socket: OpenSocket;
  readonly #alerts: AlertsPort;
  readonly #sessions: SessionsPort;
  readonly #self: SelfPort;
  readonly #timings: ConnectionTimings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #handover: (() => Promise<void>) | undefined;
  readonly #outbox: Outbox;
  readonly #writer: Writer;
  readonly #outlet: OutboxSessionOutlet;
  readonly #resolveEnded: (end: ConnectionEnd) => void;
  #over = false;
  #registerId = "";
  #accepted = false;
  #registered = false;
  #broken = false;
  #closeCode: number | undefined;
  #scope: SessionScopePort | undefined;
  #early: (() => void)[] = [];
  #registerDeadline: Deadline | undefined;
  #readDeadline: Deadline | undefined;
  #heart: Heart | undefined;

  constructor(options: LiveConnectionOptions) {
    const { socket, alerts, sessions, self, timings, clock, logger, handover } = options;
    this.#socket = socket;
    this.#alerts = alerts;
    this.#sessions = sessions;
    this.#self = self;
    this.#timings = timings;
    this.#clock = clock;
    this.#logger = logger;
    this.#handover = handover;
    const { promise, resolve } = Promise.withResolvers<ConnectionEnd>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    const newId = () => crypto.randomUUID();
    this.#outbox = new Outbox({ alerts, newId });
    this.#writer = new Writer({
      socket,
      outbox: this.#outbox,
      clock,
      writeMs: timings.writeMs,
      onBroken: (reason) => this.#break(reason),
      onTaken: () => this.#outlet.roomChanged(),
    });
    this.#outlet = new OutboxSessionOutlet({
      outbox: this.#outbox,
      newId,
      wake: () => this.#writer.wake(),
      onFlooded: () => this.#break("the hub asks much and does not read the answers"),
    });
  }

  /** Whether nothing is left to say: everything is written and, where the hub acks alerts, acked. */
  get flushed(): boolean {
    return this.#outbox.empty && this.#writer.idle && (!this.#registered || this.#alerts.flushed);
  }

  /** Whether the hub has accepted the registration. */
  get registered(): boolean {
    return this.#registered;
  }

  /** Whether nothing can be said any more. */
  get broken(): boolean {
    return this.#broken;
  }

  /** The code to close with, where the hub is to be told why. */
  get closeCode(): number | undefined {
    return this.#closeCode;
  }

  /** Ends the connection for a reason from outside. */
  end(end: ConnectionEnd): void {
    this.#over = true;
    this.#resolveEnded(end);
  }

  /** Sends `register` and starts reading. */
  start(capabilities: readonly string[]): void {
    const { registerMs } = this.#timings;
    this.#registerId = crypto.randomUUID();
    try {
      const payload = { ...this.#self.register(), capabilities: [...capabilities] };
      this.#outbox.pushControl({ type: "register", id: this.#registerId, payload });
    } catch (error) {
      return this.#break(`cannot fill in register: ${messageOf(error)}`);
    }
    this.#registerDeadline = new Deadline({
      clock: this.#clock,
      delayMs: registerMs,
      onPassed: () =>
        this.end({ kind: "not_registered", reason: `no ack of register within ${registerMs} ms` }),
    });
    this.#writer.wake();
    this.#read();
  }

  /** Writes nothing from now on: what the socket would swallow stays where it is. Before saying goodbye. */
  stopWriting(): void {
    this.#writer[Symbol.dispose]();
  }

  /** Refuses new sessions, cancels the running ones and queues their final outputs. */
  async closeSessions(reason: string): Promise<void> {
    await this.#guarded(() => this.#scope?.stop(reason));
  }

  /**
   * Lets go of everything. Afterwards nothing calls back.
   * @param end.answered whether the hub answered the goodbye.
   */
  async dispose(end: { answered: boolean }): Promise<void> {
    this.#broken = true;
    this.#writer[Symbol.dispose]();
    this.#registerDeadline?.[Symbol.dispose]();
    this.#readDeadline?.[Symbol.dispose]();
    this.#heart?.[Symbol.dispose]();
    this.onRegistered = this.onHeartbeat = undefined;
    this.#outlet.close();
    if (this.#registered) await this.#guarded(() => this.#alerts.detach(end));
    await this.#guarded(() => this.#scope?.close("connection lost"));
  }

  /** Whatever one part does at the end, the others must have theirs. */
  async #guarded(endPart: () => Promise<void> | void): Promise<void> {
    try {
      await endPart();
    } catch (error) {
      this.#logger.error("link.end_failed", { error });
    }
  }

  /** Ends the connection, for nothing more can be said on it. */
  #break(reason: string): void {
    this.#broken = true;
    this.end(this.#registered ? { kind: "lost", reason } : { kind: "not_registered", reason });
  }

  async #read(): Promise<void> {
    try {
      for await (const frame of this.#socket.messages) {
        this.#readDeadline?.extend();
        this.#receiveSafely(frame);
      }
      const { code, reason } = await this.#socket.ended;
      const why = code === 1006 ? "the connection broke" : `the hub closed it with code ${code}`;
      this.#break(reason === "" || code === 1006 ? why : `${why}: ${reason}`);
    } catch (error) {
      if (error instanceof MessageTooBigError) this.#closeCode = CloseCode.messageTooBig;
      this.#break(messageOf(error));
    }
  }

  /** One message must never end the connection, not even by a fault of ours. */
  #receiveSafely(frame: string): void {
    try {
      this.#receive(frame);
    } catch (error) {
      this.#logger.error("link.message_failed", { error });
    }
  }

  #receive(frame: string): void {
    if (this.#broken) return;
    const decoded = decodeToAgent(frame);
    if (!decoded.ok) return this.#receiveProblem(decoded);
    const { message, sent } = decoded;
    switch (message.type) {
      case "ping":
        return;
      case "disconnect": {
        const { reason, retry_after_sec } = message.payload;
        return this.end({ kind: "disconnected", reason, retryAfterSec: retry_after_sec });
      }
      case "ack":
        return this.#receiveAck(message.ref_id, message.payload);
      default:
        return this.#onceRegistered(() => this.#receiveForSession(message, sent));
    }
  }

  #receiveProblem({ problem, type, id, reason }: DecodeProblem): void {
    if (problem === "unknown_type") {
      this.#logger.debug("link.unknown_message_skipped", { type });
      return;
    }
    this.#logger.warn("link.bad_message_skipped", { problem, type, reason });
    if (type === "session_start" && id !== undefined) {
      this.#onceRegistered(() => this.#scope?.start(id, undefined));
    }
  }

  #onceRegistered(handle: () => void): void {
    if (this.#registered) handle();
    else if (this.#early.length < MAX_EARLY_MESSAGES) this.#early.push(handle);
    else this.#logger.warn("link.early_message_skipped", { limit: MAX_EARLY_MESSAGES });
  }

  #receiveForSession({ type, id, payload }: SessionMessage, sent: unknown): void {
    switch (type) {
      case "session_start":
        return this.#scope?.start(id, payload, (sent as { params?: unknown }).params);
      case "session_input":
        return this.#scope?.input(id, payload.session_id, payload.message, payload.auth);
      case "session_cancel":
        return this.#scope?.cancel(payload.session_id, payload.reason, payload.auth);
    }
  }

  #receiveAck(refId: string | undefined, ack: HubAck): void {
    if (!this.#registered) {
      if (this.#over) return; // too late: nothing may begin while the goodbye is under way
      if (refId === undefined || refId === this.#registerId) this.#receiveRegisterAck(ack);
      return;
    }
    if (refId === undefined) return;
    if (this.#heart?.acked(refId)) return;
    this.#alerts.acked(refId, ack.ok, ack.error);
  }

  #receiveRegisterAck(ack: HubAck): void {
    if (this.#accepted) return; // one more, while an older connection hands over
    this.#registerDeadline?.[Symbol.dispose]();
    if (!ack.ok) {
      return this.end({
        kind: "not_registered",
        reason: `register rejected: ${ack.error || "the hub gave no reason"}`,
      });
    }
    this.#accepted = true;
    if (this.#handover === undefined) return this.#begin(ack);
    this.#handover().then(
      () => this.#over ? undefined : this.#begin(ack),
      (error) => this.#break(`cannot take over: ${messageOf(error)}`),
    );
  }

  /** The registration is accepted, and no other connection is at work: sessions, heartbeats and alerts begin. */
  #begin({ warning, capabilities }: HubAck): void {
    const agreed = new Set(capabilities);
    try {
      this.#scope = this.#sessions.open(this.#outlet, { capabilities: agreed });
    } catch (error) {
      return this.#break(`cannot open sessions: ${messageOf(error)}`);
    }
    this.#registered = true;
    const { readMs } = this.#timings;
    this.#readDeadline = new Deadline({
      clock: this.#clock,
      delayMs: readMs,
      onPassed: () => this.#break(`the hub was silent for ${readMs} ms`),
    });
    this.onRegistered?.({ capabilities: [...agreed], warning });
    this.#heart = new Heart({
      outbox: this.#outbox,
      clock: this.#clock,
      logger: this.#logger,
      ask: () => this.#self.heartbeat(),
      acked: agreed.has("heartbeat_ack"),
      intervalMs: this.#timings.heartbeatMs,
      ackMs: this.#timings.ackMs,
      onBeat: (heartbeat) => {
        this.#writer.wake();
        this.onHeartbeat?.(heartbeat);
      },
      onUnanswered: (reason) => this.#break(reason),
    });
    this.#alerts.attach({
      alertAck: agreed.has("alert_ack"),
      wake: () => this.#writer.wake(),
      onUnanswered: (reason) => this.#break(reason),
    });
    for (const handle of this.#early.splice(0)) handle();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
