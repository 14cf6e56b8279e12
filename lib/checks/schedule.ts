/** When a check looks. */
import { type Clock, sleep } from "../clock.ts";
import type { Check, Finding } from "./check.ts";
import { gatherWithin } from "./gather.ts";

/** What came of one gather. */
export type Outcome =
  & ({ readonly findings: readonly Finding[] } | { readonly error: unknown })
  & { readonly durationMs: number };

/** Options of {@linkcode runSchedule}. */
export interface ScheduleOptions {
  check: Check;
  clock: Clock;
  /** From one gather's start to the next one's. */
  intervalMs: number;
  /** Before the first gather. */
  firstDelayMs: number;
  /** How long one gather may take. */
  deadlineMs: number;
  /** Hears of each gather's start. Must not throw. @default nothing */
  onStart?: () => void;
  /** Takes each outcome; none comes for a gather that the signal ends. Must not throw. */
  onOutcome: (outcome: Outcome) => void;
}

/**
 * Lets a check look every interval until the signal aborts; then resolves at once, and no outcome follows. Gathers
 * never overlap: while one hangs past its deadline, the turns that fall due are skipped.
 */
export async function runSchedule(options: ScheduleOptions, signal: AbortSignal): Promise<void> {
  const { check, clock, intervalMs, firstDelayMs, deadlineMs, onStart, onOutcome } = options;
  let dueMs = clock.monotonicMs() + firstDelayMs;
  let hanging = false;
  while (!signal.aborted) {
    try {
      await sleep(clock, dueMs - clock.monotonicMs(), signal);
    } catch {
      return;
    }
    if (!hanging) {
      onStart?.();
      const { findings, settled } = gatherWithin(check, { clock, deadlineMs }, signal);
      hanging = true;
      settled.then(() => hanging = false);
      const startMs = clock.monotonicMs();
      const outcome = await findings.then((found) => ({ findings: found }), (error: unknown) => ({ error }));
      if (signal.aborted) return;
      onOutcome({ ...outcome, durationMs: clock.monotonicMs() - startMs });
    }
    const lateMs = Math.max(0, clock.monotonicMs() - dueMs);
    dueMs += intervalMs * (Math.floor(lateMs / intervalMs) + 1);
  }
}
