/** The sessions of one connection: who is let in, and what becomes of them when it ends. */
import type { MessageAuth, SessionStart, SignedMessage } from "../protocol/mod.ts";
import type { SessionAudit, SessionWho } from "./audit.ts";
import { errorText } from "./error_text.ts";
import type { ConcurrencyLimiter } from "./limiter.ts";
import { SessionMeter } from "./limits.ts";
import { SESSION_TYPES, type SessionType } from "./policy.ts";
import type { RemotePolicy } from "./remote_policy.ts";
import { Session } from "./session.ts";
import type { SessionCounters } from "./session_figures.ts";
import type { SessionLink } from "./session_link.ts";
import { NO_AUDIT, NOT_ALLOWED, SessionToolGate } from "./session_tool_gate.ts";
import { type SessionWorkSettings, workFor } from "./session_work.ts";
import { type RefusedMessage, shownKeyId, type SignatureCheck } from "./signature.ts";

/** Whether this host lets sessions of a type run: undefined, or why not. One that throws lets nothing run. */
export type SessionPolicy = (type: SessionType) => string | undefined;

/** What the scopes of one dispatcher share. */
export interface SessionScopeSettings extends SessionWorkSettings {
  readonly limiter: ConcurrencyLimiter;
  readonly allow: SessionPolicy;
  readonly policy: RemotePolicy;
  readonly audit: SessionAudit | undefined;
  readonly signatures: SignatureCheck | undefined;
  readonly onRefused: ((refused: RefusedMessage) => void) | undefined;
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
  /** Of those that were let in, but not answered yet: refuses them after all. */
  readonly #unanswered = new Set<(refusal: string) => void>();
  #state: "open" | "stopping" | "closed" = "open";

  constructor(link: SessionLink, settings: SessionScopeSettings, options: SessionScopeOptions = {}) {
    const { capabilities = [] } = options;
    this.#link = link;
    this.#settings = settings;
    const agreed = new Set(capabilities);
    this.#acksInput = agreed.has("session_input_ack");
    if (settings.signatures?.required && !agreed.has("signed_sessions")) {
      settings.logger.warn("session.hub_does_not_sign", {
        remedy: "every session will be refused: give the hub its signing key, or remove remote.trusted_keys",
      });
    }
  }

  /** How many sessions of this connection are at work. */
  get activeSessions(): number {
    return this.#active.size;
  }

  /**
   * A `session_start`: answered by exactly one ack.
   * @param start the payload, or undefined when it does not fit its type.
   * @param sentParams its `params` as they were sent, before zeros were filled in: what a signature vouches for.
   */
  start(messageId: string, start: SessionStart | undefined, sentParams?: unknown): void {
    if (this.#state === "closed") return;
    const admitted = this.#admit(start, sentParams);
    if (typeof admitted === "string") {
      const session = start?.session_id ?? "";
      this.#settings.logger.info("session.refused", { session, error: admitted });
      this.#settings.counters.refused(admitted);
      return this.#answerOnceWritten(messageId, admitted, start);
    }
    this.#begin(messageId, admitted.start, admitted.release);
  }

  /** A `session_input`. Answered only where both ends agreed on it. */
  input(messageId: string, sessionId: string, message: string, auth?: MessageAuth): void {
    if (this.#state === "closed") return;
    const session = this.#taken.get(sessionId);
    const unsigned = this.#unsigned({ type: "session_input", session_id: sessionId, message }, auth, session);
    const refusal = unsigned ?? (session === undefined ? "session not found" : session.input(message));
    if (this.#acksInput) this.#link.ack(messageId, refusal);
    else if (refusal !== undefined) {
      this.#settings.logger.info("session.input_refused", { session: sessionId, error: refusal });
    }
  }

  /** A `session_cancel`. Unknown ids are ignored, and sessions that are ending already. */
  cancel(sessionId: string, reason: string, auth?: MessageAuth): void {
    const session = this.#taken.get(sessionId);
    const unsigned = this.#unsigned({ type: "session_cancel", session_id: sessionId, reason }, auth, session);
    if (unsigned !== undefined) {
      this.#settings.logger.warn("session.cancel_refused", { session: sessionId, error: unsigned });
    } else if (session === undefined) {
      this.#settings.logger.debug("session.cancel_unknown", { session: sessionId });
    } else session.cancel(reason);
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

  /** A refusal is written down before it is answered; it is answered also where that cannot be done. */
  #answerOnceWritten(messageId: string, refusal: string, start: SessionStart | undefined): void {
    const { audit } = this.#settings;
    if (audit === undefined) return this.#link.ack(messageId, refusal);
    audit.refused(this.#who(start), refusal).then(() => this.#link.ack(messageId, refusal));
  }

  #who(start: SessionStart | undefined): SessionWho {
    return {
      session: start?.session_id ?? "",
      type: start?.session_type ?? "",
      user: start?.user_name ?? "",
      key: this.#settings.signatures?.required ? start?.auth?.key_id : undefined,
      plugin: start?.params.plugin,
      target: start?.params.target,
    };
  }

  async #cancelAll(reason: string): Promise<void> {
    for (const refuse of [...this.#unanswered]) refuse("agent is stopping");
    const sessions = [...this.#active];
    for (const session of sessions) session.cancel(reason);
    await Promise.all(sessions.map((session) => session.over));
  }

  /** The refusals, in the protocol's order; a slot is taken only when none applies. */
  #admit(
    start: SessionStart | undefined,
    sentParams: unknown,
  ): { start: SessionStart; release: () => void } | string {
    const { diagnoseRunner, chatRunner } = this.#settings;
    if (start === undefined) return "invalid payload";
    if (start.session_id === "") return "missing session_id";
    if (this.#state !== "open") return "agent is stopping";
    const unsigned = this.#unsigned({ ...start, type: "session_start", params: sentParams }, start.auth);
    if (unsigned !== undefined) return unsigned;
    const type = SESSION_TYPES.find((known) => known === start.session_type);
    if (type !== undefined) {
      const forbidden = this.#forbidden(type, start.user_name);
      if (forbidden !== undefined) return `${NOT_ALLOWED}${forbidden}`;
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

  #forbidden(type: SessionType, user: string): string | undefined {
    try {
      return this.#settings.allow(type) ?? this.#settings.policy.refusal({ type, user });
    } catch (error) {
      this.#settings.logger.error("session.policy_failed", { type, error: errorText(error) });
      return "the policy could not be asked";
    }
  }

  /** Why a message's word does not count, as it is answered; undefined where it does. */
  #unsigned(message: SignedMessage, auth: MessageAuth | undefined, session?: Session): string | undefined {
    const { signatures, onRefused, logger } = this.#settings;
    const refusal = signatures?.refusal(message, auth, session);
    if (refusal === undefined) return undefined;
    const { type, session_id: sessionId } = message;
    try {
      if (type !== "session_start") onRefused?.({ type, sessionId, keyId: shownKeyId(auth), refusal });
    } catch (error) {
      logger.error("session.listener_failed", { error: errorText(error) });
    }
    return `${NOT_ALLOWED}${refusal}`;
  }

  #begin(messageId: string, start: SessionStart, release: () => void): void {
    const { clock, logger, active, audit, policy } = this.#settings;
    const { session_id: id, session_type: type, user_name: user } = start;
    const who = this.#who(start);
    const knownType = SESSION_TYPES.find((known) => known === type);
    const meter = new SessionMeter(policy.limits);
    const session = new Session({
      id,
      type,
      link: this.#link,
      clock,
      logger,
      release,
      meter,
      onOver: (session, end) => {
        this.#active.delete(session);
        active.delete(session);
        if (knownType !== undefined) void audit?.ended(who, end);
      },
      onSent: (session) => {
        // The id may be another session's by now if the link calls back twice.
        if (this.#taken.get(id) === session) this.#taken.delete(id);
      },
    });
    this.#taken.set(id, session);
    this.#active.add(session);
    active.add(session);
    const gate = new SessionToolGate({ who, clock, meter, policy, audit, isOpen: () => session.isOpen });
    const work = workFor(start, this.#settings, gate);
    const begin = () => {
      this.#link.ack(messageId);
      logger.info("session.started", { session: id, type, user });
      this.#settings.counters.started(knownType);
      if ("code" in work) session.fail(work);
      else session.run(work);
    };
    if (knownType !== undefined) policy.countSession();
    if (audit === undefined) return begin();
    if (!("code" in work)) session.prepare(work);
    // No work is done for an unknown type: to the audit it is one more refusal.
    const written = knownType === undefined
      ? audit.refused(who, `unknown session type ${type}`)
      : audit.started(who);
    this.#beginOnceWritten({ messageId, session, written, begin });
  }

  /** What is not written down does not begin. Until then the session holds its slot, and takes what is sent to it. */
  #beginOnceWritten(
    { messageId, session, written, begin }: {
      messageId: string;
      session: Session;
      written: Promise<void>;
      begin: () => void;
    },
  ): void {
    const refuse = (refusal: string): void => {
      this.#unanswered.delete(refuse);
      this.#taken.delete(session.id);
      session.discard(refusal);
      this.#settings.logger.info("session.refused", { session: session.id, error: refusal });
      this.#settings.counters.refused(refusal);
      this.#link.ack(messageId, refusal);
    };
    this.#unanswered.add(refuse);
    written.then(
      () => {
        if (this.#unanswered.delete(refuse)) begin();
      },
      () => {
        this.#settings.policy.uncountSession();
        if (this.#unanswered.has(refuse)) refuse(`${NOT_ALLOWED}${NO_AUDIT}`);
      },
    );
  }
}
