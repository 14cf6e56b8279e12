/** One attempt at something that may hang, throw anything, or heed no signal. */
import type { Clock } from "../clock.ts";
import { TransientSendError } from "./notifiers/sender.ts";

/** Options of {@linkcode attempt}. */
export interface AttemptOptions {
  clock: Clock;
  /** How long it may take. */
  deadlineMs: number;
  /** Ends it before that. */
  stop: AbortSignal;
}

/**
 * Calls `send` and resolves with what went wrong, or undefined. It never rejects, and ends at the deadline (with a
 * `TransientSendError`) and on `stop` (with its reason), whatever `send` does; the signal that `send` gets is then
 * aborted.
 */
export async function attempt(
  send: (signal: AbortSignal) => Promise<void>,
  { clock, deadlineMs, stop }: AttemptOptions,
): Promise<unknown> {
  const deadline = new AbortController();
  const late = () =>
    deadline.abort(new TransientSendError(`cannot send: no answer within ${deadlineMs} ms; retrying`));
  const timer = clock.setTimeout(late, deadlineMs);
  const signal = AbortSignal.any([deadline.signal, stop]);
  const aborted = Promise.withResolvers<unknown>();
  const onAbort = () => aborted.resolve(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const sending = Promise.try(() => send(signal)).then(
    () => undefined,
    (error) => signal.aborted ? signal.reason : error ?? new Error("no reason given"),
  );
  const outcome = await Promise.race([sending, aborted.promise]);
  signal.removeEventListener("abort", onAbort);
  clock.clearTimeout(timer);
  return outcome;
}
