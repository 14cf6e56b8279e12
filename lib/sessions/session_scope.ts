/** The sessions of one connection: who is let in, and what becomes of them when it ends. */
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import type { SessionStart } from "../protocol/mod.ts";
import { ChatSession } from "./chat_session.ts";
import { diagnoseSession } from "./diagnose_session.ts";
import { errorText } from "./error_text.ts";
import type { ConcurrencyLimiter } from "./limiter.ts";
import type { ChatRunner, DiagnoseRunner } from "./runners.ts";
import { Session, type SessionFailure, type SessionWork } from "./session.ts";
import type { SessionCounters } from "./session_figures.ts";
import type { SessionLink } from "./session_link.ts";

/** The session types that the protocol knows. */
export const SESSION_TYPES = ["inspect", "diagnose", "chat"] as const;

/** See {@linkcode SESSION_TYPES}. */
export type SessionType = typeof SESSION_TYPES[number];

/** Whether this host lets sessions of a type run: undefined, or why not. One that throws lets nothing run. */
export type SessionPolicy = (type: SessionType) => string | undefined;

/** What the scopes of one dispatcher share. */
export interface SessionScopeSettings {
  readonly diagnoseRunner: DiagnoseRunner | undefined;
  readonly chatRunner: ChatRunner | undefined;
  readonly limiter: ConcurrencyLimiter;
  readonly allow: SessionPolicy;
  readonly clock: Clock;
  readonly chatIdleMs: number;
  readonly maxReplyBytes: number;
  readonly logger: Logger;
  /** The sessions of all scopes whose work is not over. */
  readonly active: Set<Session>;
  readonly counters: SessionCounters;
}

/** Options of a scope. */
export interface SessionScopeOptions {
  /**
   * What both ends of the connection agreed on.
   * @default []
   */
  capabilities?: Iterable<string>;
}

/**
 * The sessions of one connection, made by `Dispatcher.open`. {@linkcode start}, {@linkcode input} and
 * {@linkcode cancel} are called as messages arrive, do not wait and do not throw; once {@linkcode close} was called
 * they do nothing. Holds timers until `close` has resolved.
 */
export class SessionScope implements AsyncDisposable {
  readonly #link: SessionLink;
  readonly #settings: SessionScopeSettings;
  readonly #acksInput: boolean;
  /** By id: those whose work is not over, and those whose final output is not on its way yet. */
  readonly #taken = new Map<string, Session>();
  /** Those whose work is not over. */
  readonly #active = new Set<Session>();
  #state: "open" | "stopping" | "closed" = "open";

  constructor(link: SessionLink, settings: SessionScopeSettings, options: SessionScopeOptions = {}) {
    const { capabilities = [] } = options;
    this.#link = link;
    this.#settings = settings;
    this.#acksInput = new Set(capabilities).has("session_input_ack");
  }

  /** How many sessions of this connection are at work. */
  get activeSessions(): number {
    return this.#active.size;
  }

  /**
   * A `session_start`: answered by exactly one ack.
   * @param start the payload, or undefined when it does not fit its type.
   */
  start(messageId: string, start: SessionStart | undefined): void {
    if (this.#state === "closed") return;
    const admitted = this.#admit(start);
    if (typeof admitted === "string") {
      const session = start?.session_id ?? "";
      this.#settings.logger.info("session.refused", { session, error: admitted });
      this.#settings.counters.refused(admitted);
      return this.#link.ack(messageId, admitted);
    }
    this.#link.ack(messageId);
    this.#begin(admitted.start, admitted.release);
  }

  /** A `session_input`. Answered only where both ends agreed on it. */
  input(messageId: string, sessionId: string, message: string): void {
    if (this.#state === "closed") return;
    const session = this.#taken.get(sessionId);
    const refusal = session === undefined ? "session not found" : session.input(message);
    if (this.#acksInput) this.#link.ack(messageId, refusal);
    else if (refusal !== undefined) {
      this.#settings.logger.info("session.input_refused", { session: sessionId, error: refusal });
    }
  }

  /** A `session_cancel`. Unknown ids are ignored, and sessions that are ending already. */
  cancel(sessionId: string, reason: string): void {
    const session = this.#taken.get(sessionId);
    if (session === undefined) this.#settings.logger.debug("session.cancel_unknown", { session: sessionId });
    else session.cancel(reason);
  }

  /**
   * The agent stops, the connection still stands: refuses new sessions, cancels all, sends their final outputs.
   * {@linkcode close} may follow at any time.
   * @returns when every final output has been passed to the link, 1 s later at most.
   */
  async stop(reason: string): Promise<void> {
    if (this.#state === "open") this.#state = "stopping";
    await this.#cancelAll(reason);
  }

  /**
   * The connection has ended: nothing is sent any more, all sessions are cancelled. May be called again.
   * @returns when all work has settled or was abandoned, 1 s later at most.
   */
  async close(reason: string): Promise<void> {
    this.#state = "closed";
    for (const session of this.#active) session.detach();
    await this.#cancelAll(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close("the connection is disposed of");
  }

  async #cancelAll(reason: string): Promise<void> {
    const sessions = [...this.#active];
    for (const session of sessions) session.cancel(reason);
    await Promise.all(sessions.map((session) => session.over));
  }

  /** The refusals, in the protocol's order; a slot is taken only when none applies. */
  #admit(start: SessionStart | undefined): { start: SessionStart; release: () => void } | string {
    const { diagnoseRunner, chatRunner } = this.#settings;
    if (start === undefined) return "invalid payload";
    if (start.session_id === "") return "missing session_id";
    if (this.#state !== "open") return "agent is stopping";
    const type = SESSION_TYPES.find((known) => known === start.session_type);
    if (type !== undefined) {
      const forbidden = this.#forbidden(type);
      if (forbidden !== undefined) return `not allowed by host policy: ${forbidden}`;
      if (type === "chat" && chatRunner === undefined) return "chat engine not available";
      if (type !== "chat" && diagnoseRunner === undefined) return "diagnose engine not available";
    }
    const slot = this.#takeSlot(start.session_id);
    return typeof slot === "string" ? slot : { start, release: slot };
  }

  #takeSlot(sessionId: string): (() => void) | string {
    const { limiter, logger } = this.#settings;
    const full = "max concurrent sessions reached";
    try {
      // Asked before taking: a start that is refused as a duplicate must not hold a slot, even for an instant.
      if (limiter.active >= limiter.limit) return full;
      if (this.#taken.has(sessionId)) return "duplicate session_id";
      return limiter.tryAcquire() ?? full;
    } catch (error) {
      logger.error("session.limiter_failed", { error: errorText(error) });
      return full;
    }
  }

  #forbidden(type: SessionType): string | undefined {
    try {
      return this.#settings.allow(type);
    } catch (error) {
      this.#settings.logger.error("session.policy_failed", { type, error: errorText(error) });
      return "the policy could not be asked";
    }
  }

  #begin(start: SessionStart, release: () => void): void {
    const { clock, logger, active } = this.#settings;
    const { session_id: id, session_type: type, user_name: user } = start;
    const session = new Session({
      id,
      type,
      link: this.#link,
      clock,
      logger,
      release,
      onOver: (session) => {
        this.#active.delete(session);
        active.delete(session);
      },
      onSent: (session) => {
        // The id may be another session's by now if the link calls back twice.
        if (this.#taken.get(id) === session) this.#taken.delete(id);
      },
    });
    this.#taken.set(id, session);
    this.#active.add(session);
    active.add(session);
    logger.info("session.started", { session: id, type, user });
    this.#settings.counters.started(SESSION_TYPES.find((known) => known === type));
    const work = this.#workFor(start);
    if ("code" in work) session.fail(work);
    else session.run(work);
  }

  #workFor(start: SessionStart): SessionWork | SessionFailure {
    const { diagnoseRunner, chatRunner, clock, chatIdleMs, maxReplyBytes, logger } = this.#settings;
    const type = start.session_type;
    if (type === "chat" && chatRunner !== undefined) {
      return new ChatSession(start, { runner: chatRunner, clock, logger, idleMs: chatIdleMs, maxReplyBytes });
    }
    if ((type === "inspect" || type === "diagnose") && diagnoseRunner !== undefined) {
      return diagnoseSession(start, diagnoseRunner, maxReplyBytes);
    }
    return {
      code: "invalid_type",
      message: errorText(`cannot start a session of the unknown type "${type}"`),
    };
  }
}
