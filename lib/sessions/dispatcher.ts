/** Remote sessions: who does their work, how many run at once, what this host allows. */
import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, systemClock } from "../clock.ts";
import type { SessionAudit } from "./audit.ts";
import { type ConcurrencyLimiter, SessionLimiter } from "./limiter.ts";
import { RemotePolicy } from "./remote_policy.ts";
import type { ChatRunner, DiagnoseRunner } from "./runners.ts";
import type { Session } from "./session.ts";
import { SessionCounters, type SessionFigures } from "./session_figures.ts";
import type { SessionLink } from "./session_link.ts";
import type { RefusedMessage, SignatureCheck } from "./signature.ts";
import {
  type SessionPolicy,
  SessionScope,
  type SessionScopeOptions,
  type SessionScopeSettings,
} from "./session_scope.ts";

/** The longest delay that the platform's timers know. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Options of {@linkcode Dispatcher}. */
export interface DispatcherOptions {
  /** Does the work of inspect and diagnose sessions; without it they are refused. */
  diagnoseRunner?: DiagnoseRunner | undefined;
  /** Does the work of chats; without it they are refused. */
  chatRunner?: ChatRunner | undefined;
  /**
   * The slots, shared by all connections: work that still winds down on a lost one counts.
   * @default a SessionLimiter of 3
   */
  limiter?: ConcurrencyLimiter;
  /**
   * What this host allows.
   * @default everything
   */
  allow?: SessionPolicy;
  /** What the host's operator has written down, with the limits of sessions. @default everything, without limits */
  policy?: RemotePolicy;
  /** Where sessions and their tools are written down before they begin. @default nowhere */
  audit?: SessionAudit | undefined;
  /** Whose word counts. @default nobody's has to be shown */
  signatures?: SignatureCheck | undefined;
  /**
   * Hears of each `session_input` and `session_cancel` that was refused for its signature; refused starts are answered,
   * counted and written down like any other.
   * @default writes it down in `audit`
   */
  onRefused?: ((refused: RefusedMessage) => void) | undefined;
  /** @default systemClock */
  clock?: Clock;
  /**
   * How long a chat may go without a turn that runs or waits, in milliseconds, before it ends.
   * @default 30 minutes
   */
  chatIdleMs?: number;
  /**
   * The longest report or chat reply, in bytes; a longer one is cut and says so.
   * @default 524288
   */
  maxReplyBytes?: number;
  /** @default getLogger(["pawl", "sessions"]) */
  logger?: Logger;
}

/** Runs the sessions that a hub asks for. Outlives connections: {@linkcode open} is called once for each. */
export class Dispatcher {
  readonly #active = new Set<Session>();
  readonly #counters = new SessionCounters();
  /** One for all scopes: what is changed here counts for connections that are up, too. */
  readonly #settings: { -readonly [Name in keyof SessionScopeSettings]: SessionScopeSettings[Name] };

  /** @throws RangeError if `chatIdleMs` or `maxReplyBytes` is not a whole number within its bounds. */
  constructor(options: DispatcherOptions = {}) {
    const {
      diagnoseRunner,
      chatRunner,
      limiter = new SessionLimiter(),
      allow = () => undefined,
      signatures,
      audit,
      onRefused = ({ type, sessionId, keyId, refusal }) =>
        void audit?.inputRefused({ type, session: sessionId, key: keyId, reason: refusal }),
      clock = systemClock,
      policy = new RemotePolicy(clock),
      chatIdleMs = 30 * 60 * 1000,
      maxReplyBytes = 512 * 1024,
      logger = getLogger(["pawl", "sessions"]),
    } = options;
    checkWhole("chatIdleMs", chatIdleMs, MAX_DELAY_MS);
    checkWhole("maxReplyBytes", maxReplyBytes, Number.MAX_SAFE_INTEGER);
    this.#settings = {
      active: this.#active,
      counters: this.#counters,
      diagnoseRunner,
      chatRunner,
      limiter,
      allow,
      policy,
      audit,
      signatures,
      onRefused,
      clock,
      chatIdleMs,
      maxReplyBytes,
      logger,
    };
  }

  /** How many sessions are at work, on all connections: those that hold a slot. */
  get activeSessions(): number {
    return this.#active.size;
  }

  /** What sessions came to so far, on all connections. */
  get figures(): SessionFigures {
    return this.#counters.figures;
  }

  /**
   * Changes what is named, for sessions that begin from now on.
   *
   * @throws RangeError if `chatIdleMs` is not a whole number within its bounds.
   */
  reconfigure({ chatIdleMs = this.#settings.chatIdleMs }: Pick<DispatcherOptions, "chatIdleMs">): void {
    checkWhole("chatIdleMs", chatIdleMs, MAX_DELAY_MS);
    this.#settings.chatIdleMs = chatIdleMs;
  }

  /** The sessions of one connection, from its registration on. It starts empty; close it when the connection ends. */
  open(link: SessionLink, options: SessionScopeOptions = {}): SessionScope {
    return new SessionScope(link, this.#settings, options);
  }
}

function checkWhole(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new RangeError(
    `cannot run sessions: ${name} must be a whole number from 1 to ${max}, it is ${value}`,
  );
}
