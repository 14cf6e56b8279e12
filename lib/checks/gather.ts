/** One gather, with an end to it. */
import type { Clock } from "../clock.ts";
import type { Check, Finding } from "./check.ts";

/** Options of {@linkcode gatherWithin}. */
export interface GatherOptions {
  clock: Clock;
  /** How long the check may take. */
  deadlineMs: number;
}

/** A gather that was begun. */
export interface Gathering {
  /**
   * The findings; rejects at the deadline with a `TimeoutError`, and on abort with the signal's reason, also when
   * the check itself does not listen to its signal.
   */
  readonly findings: Promise<Finding[]>;
  /** Resolves, never rejects, when the check has really come back. */
  readonly settled: Promise<void>;
}

/** Lets a check look once. Leaves neither timer nor listener behind. */
export function gatherWithin(check: Check, options: GatherOptions, signal: AbortSignal): Gathering {
  const { clock, deadlineMs } = options;
  const work = new AbortController();
  // A check that throws before its first await rejects like any other.
  const gathering = (async () => await check.gather(work.signal))();
  const findings = new Promise<Finding[]>((resolve, reject) => {
    const onAbort = () => giveUp(signal.reason);
    const timer = clock.setTimeout(
      () => giveUp(new DOMException(`no result after ${deadlineMs} ms`, "TimeoutError")),
      deadlineMs,
    );
    function giveUp(reason: unknown): void {
      release();
      reject(reason);
      work.abort(reason);
    }
    function release(): void {
      clock.clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    gathering.then(resolve, reject).finally(release);
  });
  return { findings, settled: gathering.then(() => {}, () => {}) };
}
