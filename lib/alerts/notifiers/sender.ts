/** What a destination asks of whoever knows its wire: to send one batch, or to say what kind of failure it was. */
import type { AlertEvent } from "../event.ts";

/** Sends events to one destination. Holds nothing that outlives a call. */
export interface Sender {
  /** How many events one call may get; at least 1. */
  readonly maxBatch: number;
  /**
   * Sends all of `events`, oldest first; resolves once the destination has them. Not called again before it has
   * settled, unless the signal was aborted: then whatever is under way must be given up.
   *
   * @throws TransientSendError if the same events may go through later.
   * @throws PermanentSendError if they never will.
   */
  send(events: readonly AlertEvent[], signal: AbortSignal): Promise<void>;
}

/** The destination cannot take events at the moment. */
export class TransientSendError extends Error {
  /** See `Error.name`. */
  override readonly name = "TransientSendError";
  /** How long the destination asked not to be bothered, in seconds. */
  readonly retryAfterSec: number | undefined;

  /**
   * Says that it is worth trying again.
   *
   * @param message one line that names the cause and holds no secret
   */
  constructor(message: string, options: ErrorOptions & { retryAfterSec?: number | undefined } = {}) {
    super(message, options);
    this.retryAfterSec = options.retryAfterSec;
  }
}

/** The destination will never take these events, at least not all of them. */
export class PermanentSendError extends Error {
  /** See `Error.name`. */
  override readonly name = "PermanentSendError";
}
