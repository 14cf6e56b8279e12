/** What sessions need of the connection they belong to: a narrow port, so that they know nothing else of it. */
import type { SessionErrorCode, Stage } from "../protocol/mod.ts";

/** A last word on a session: `done: true`, once. */
export interface FinalOutput {
  delta?: string;
  stage?: Stage;
  /** Sent only when it is not empty. */
  report?: string;
}

/**
 * The sending side of one connection. Every method is O(1), does not wait, never throws, and does nothing once the
 * connection has ended. Per session, what is passed in leaves in order.
 */
export interface SessionLink {
  /** Answers the message `refId`. */
  ack(refId: string, error?: string): void;
  /**
   * Queues streamed output (`done: false`); consecutive pieces of one session and stage may be merged. Resolves
   * when there is room for more (at once where there is), or when the connection has ended.
   */
  output(sessionId: string, stage: Stage, delta: string): Promise<void>;
  /** Queues one whole `session_output` that must not be merged: the end of a chat turn. */
  turnDone(sessionId: string, stage: Stage, delta: string): void;
  /** Queues a `session_error`. */
  error(sessionId: string, code: SessionErrorCode, message: string): void;
  /** Queues the session's final output, and calls back when it has been handed to the socket. */
  final(sessionId: string, output: FinalOutput, onSent: () => void): void;
}
