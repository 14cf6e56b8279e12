import type { Clock } from "../../clock.ts";

/** What every probe over the network takes. */
export interface ProbeOptions {
  clock: Clock;
  /** Ends the probe early; it rejects with the signal's reason, and whatever it opened is closed by then. */
  signal: AbortSignal;
  /** How long the whole probe may take, in milliseconds. @default without a bound: the signal alone ends it */
  timeoutMs?: number;
}

/**
 * Does `work` under a deadline. Settles when `work` has, never before: what it opened is closed by then.
 *
 * @param work must end soon after its signal aborts.
 * @throws DOMException `TimeoutError` at the deadline, the signal's reason when it aborts.
 */
export async function withinDeadline<T>(
  { clock, signal, timeoutMs }: ProbeOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const ending = new AbortController();
  const onAbort = () => ending.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = timeoutMs === undefined ? undefined : clock.setTimeout(() => {
    ending.abort(new DOMException(`no answer within ${timeText(timeoutMs)}`, "TimeoutError"));
  }, timeoutMs);
  try {
    return await work(ending.signal);
  } catch (error) {
    // A socket closed by the deadline fails in its own words.
    if (ending.signal.aborted) throw ending.signal.reason;
    throw error;
  } finally {
    if (timer !== undefined) clock.clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Rejects with the signal's reason as soon as it aborts, whatever becomes of `work`, which cannot be ended. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** `850 ms`, `2.5 s`. */
export function timeText(ms: number): string {
  if (ms < 1) return `${Number(ms.toFixed(2))} ms`;
  return ms < 1000 ? `${Number(ms.toFixed(1))} ms` : `${Number((ms / 1000).toFixed(2))} s`;
}
