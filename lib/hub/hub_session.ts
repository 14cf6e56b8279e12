/** A remote session as the hub's side sees it. */
import type { SessionErrorCode, SessionOutput } from "../protocol/mod.ts";

/** What an agent answered; `error` says why not. */
export interface Answer {
  readonly ok: boolean;
  readonly error?: string;
}

/** How a session ended. Without `error`, it ended as it should. */
export interface SessionFinal {
  readonly report?: string;
  readonly error?: string;
  /** Set when the agent itself reported a failure. */
  readonly code?: SessionErrorCode;
}

/** What is asked of an agent. */
export interface SessionRequest {
  /** `inspect`, `diagnose` or `chat`. */
  readonly type: string;
  /** Who asks; for the host's audit. */
  readonly userName: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/**
 * Its promises never reject, and all settle at the latest when the connection ends. Without a deadline of its own: an
 * agent that stays connected may take as long as it likes.
 */
export interface HubSession {
  readonly sessionId: string;
  readonly agentId: string;
  /** The agent's answer to the start. */
  readonly accepted: Promise<Answer>;
  /**
   * Everything the session puts out, in order, the final output included; for one consumer. Ends with the session. What
   * waits unread is bounded: beyond it, the oldest goes and {@linkcode HubSession.droppedOutputs} counts it.
   */
  readonly outputs: AsyncIterable<SessionOutput>;
  readonly droppedOutputs: number;
  /** How it ended; also when it was refused. */
  readonly final: Promise<SessionFinal>;
  /**
   * Sends the next turn of a chat. Resolves with the agent's answer; where that extension was not agreed upon, as soon as
   * the turn is sent.
   */
  input(message: string): Promise<Answer>;
  /** Asks the agent to stop; it still ends with `final`. Does nothing once it has ended. */
  cancel(reason: string): void;
}
