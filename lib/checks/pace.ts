/** How often a check looks, and when what it finds is told. */

/** The pace of one check. Durations in milliseconds. */
export interface Pace {
  /** From one gather's start to the next one's. @default 30 s */
  readonly intervalMs: number;
  /** How long one gather may take; never longer than the interval. @default 10 s */
  readonly timeoutMs: number;
  /** How long a problem has to last before it is an alert; does not apply to what is momentary. @default 0 */
  readonly forMs: number;
  /** How long after an event the next one that says the same may follow. @default 1 h */
  readonly repeatIntervalMs: number;
  /** How often an event is repeated while nothing changes: 0 = never, Infinity = for as long as it lasts. @default 3 */
  readonly repeatCount: number;
  /** Whether the end of an alert is told. @default true */
  readonly recovery: boolean;
  /** How long something momentary stays open after it happened last. @default 10 min */
  readonly holdMs: number;
  /** Added to the labels of the check's events; a finding's own win. @default {} */
  readonly labels: Readonly<Record<string, string>>;
}

/** What a check has that says nothing of its pace. */
export const PACE_DEFAULTS: Pace = {
  intervalMs: 30_000,
  timeoutMs: 10_000,
  forMs: 0,
  repeatIntervalMs: 3_600_000,
  repeatCount: 3,
  recovery: true,
  holdMs: 600_000,
  labels: {},
};

/**
 * Fills in what is missing.
 *
 * @throws RangeError for a figure out of range, naming it.
 */
export function paceOf(given: Partial<Pace> = {}): Pace {
  const pace = { ...PACE_DEFAULTS, ...given };
  inRange("intervalMs", pace.intervalMs, 1);
  inRange("timeoutMs", pace.timeoutMs, 1);
  inRange("forMs", pace.forMs, 0);
  inRange("repeatIntervalMs", pace.repeatIntervalMs, 0);
  inRange("holdMs", pace.holdMs, 0);
  if (pace.repeatCount !== Infinity) inRange("repeatCount", pace.repeatCount, 0);
  return pace;
}

/** @throws RangeError unless `value` is a number of at least `min`. */
export function inRange(name: string, value: number, min: number): number {
  if (Number.isFinite(value) && value >= min) return value;
  throw new RangeError(`cannot run checks: ${name} must be a number of at least ${min}, it is ${value}`);
}
