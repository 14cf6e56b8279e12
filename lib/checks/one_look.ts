/** Lets checks look once, outside of the engine: for those who want to know now. */
import { type Clock, sleep } from "../clock.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import type { Check, Finding } from "./check.ts";
import type { ScheduledCheck } from "./engine.ts";
import { gatherWithin } from "./gather.ts";
import { paceOf } from "./pace.ts";
import { checkDefinition } from "./registry.ts";
import { gatherFinding } from "./slot.ts";

/** What one check came to. */
export interface Look {
  readonly check: Check;
  /** Labels that its configuration adds. */
  readonly labels: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
  /** Why it found nothing: the host does not let it look. */
  readonly unavailable?: string;
  /** Why it found nothing: it threw, or took too long. */
  readonly failed?: string;
}

/** Options of {@linkcode lookOnce}. */
export interface LookOnceOptions {
  clock: Clock;
  /** Called when a check is done. */
  onDone?: (look: Look) => void;
  /**
   * How many may look at the same time.
   * @default 8
   */
  atOnce?: number;
  /**
   * What lies between the two looks of a check that needs two.
   * @default 1000
   */
  betweenMs?: number;
}

/**
 * Lets each check look once, or twice where it takes two looks to see a difference; in the order of `checks`.
 * A check that fails keeps none of the others from looking.
 * @throws the signal's reason, as soon as it aborts.
 */
export async function lookOnce(
  checks: readonly ScheduledCheck[],
  options: LookOnceOptions,
  signal: AbortSignal,
): Promise<Look[]> {
  const { clock, onDone, atOnce = 8, betweenMs = 1000 } = options;
  const looks: Look[] = [];
  const waiting = [...checks.entries()];
  const look = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, scheduled] = next;
      const result = await lookAt(scheduled, { clock, betweenMs }, signal);
      looks[index] = result;
      onDone?.(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, look));
  signal.throwIfAborted();
  return looks;
}

async function lookAt(
  { check, pace }: ScheduledCheck,
  { clock, betweenMs }: { clock: Clock; betweenMs: number },
  signal: AbortSignal,
): Promise<Look> {
  const { labels, timeoutMs: deadlineMs } = paceOf(pace);
  try {
    const gather = async () => await gatherWithin(check, { clock, deadlineMs }, signal).findings;
    let findings = await gather();
    if (isDifferential(check)) {
      await sleep(clock, betweenMs, signal);
      findings = await gather();
    }
    return { check, labels, findings };
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    return error instanceof FactUnavailableError
      ? { check, labels, findings: [], unavailable: why }
      : { check, labels, findings: [gatherFinding(check, error)], failed: why };
  }
}

/** An embedder's check is of no kind that is known. */
function isDifferential({ plugin }: Check): boolean {
  try {
    return checkDefinition(plugin).differential ?? false;
  } catch {
    return false;
  }
}
