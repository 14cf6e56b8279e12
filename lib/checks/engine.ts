/** Runs the checks, and decides when a finding is an alert and when that is over. */
import { getLogger, type Logger } from "@logtape/logtape";
import { type AlertEvent, alertEvent, alertKey, type EventStatus } from "../alerts/event.ts";
import type { Clock } from "../clock.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import type { Check, Finding } from "./check.ts";
import { type Outcome, runSchedule } from "./schedule.ts";

/** A check and its pace. */
export interface ScheduledCheck {
  /** What is to look. */
  check: Check;
  /**
   * From one gather's start to the next one's.
   * @default 30000
   */
  intervalMs?: number;
}

/** Options of {@linkcode CheckEngine}. */
export interface CheckEngineOptions {
  checks: readonly ScheduledCheck[];
  clock: Clock;
  /** From 0 up to 1, as `Math.random`. */
  random: () => number;
  /** Takes the events. One that throws is logged, and the same event comes again with the next gather. */
  emit: (event: AlertEvent) => void;
  /**
   * Added to the labels of every event; a finding's own labels win.
   * @default {}
   */
  labels?: Readonly<Record<string, string>>;
  /**
   * The first gathers are spread over this much time.
   * @default 1000
   */
  staggerMs?: number;
  /**
   * How long one gather may take; never longer than the check's interval.
   * @default 10000
   */
  deadlineMs?: number;
  /** @default getLogger(["pawl", "checks"]) */
  logger?: Logger;
}

/** What a gather came to: the worst status found, or why nothing was. `pending`: it has not looked yet. */
export type CheckResult = EventStatus | "failed" | "unavailable" | "pending";

/** What one scheduled check did since the engine started. Durations in milliseconds. */
export interface CheckFigures {
  readonly plugin: string;
  readonly target: string;
  /** The last gather's. */
  readonly result: CheckResult;
  /** Gathers by what they came to. */
  readonly results: Readonly<Partial<Record<CheckResult, number>>>;
  /** Missing before the first gather has ended. */
  readonly lastDurationMs?: number;
  /** Of all gathers together. */
  readonly totalDurationMs: number;
}

/** What the engine knows of one scheduled check. */
interface Slot {
  readonly check: Check;
  readonly intervalMs: number;
  unavailable: boolean;
  findings: readonly Finding[];
  result: CheckResult;
  readonly results: Partial<Record<CheckResult, number>>;
  lastDurationMs: number | undefined;
  totalDurationMs: number;
}

/**
 * Call {@linkcode start} once; disposing of the engine ends it, and no event follows. An event is emitted when a
 * finding's status differs from what was last emitted for it: the first that is not `Ok`, each change of severity,
 * and the recovery. A check that fails or hangs is itself a `Critical` finding, `<plugin>::gather`.
 */
export class CheckEngine implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #emit: (event: AlertEvent) => void;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #staggerMs: number;
  readonly #deadlineMs: number;
  readonly #logger: Logger;
  readonly #slots: readonly Slot[];
  /** By alert key, the status last emitted where that is not `Ok`. */
  readonly #open = new Map<string, EventStatus>();
  readonly #stop = new AbortController();
  #running: Promise<unknown> | undefined;

  /** @throws RangeError for an interval, stagger or deadline out of range. */
  constructor(options: CheckEngineOptions) {
    const {
      checks,
      clock,
      random,
      emit,
      labels = {},
      staggerMs = 1000,
      deadlineMs = 10_000,
      logger = getLogger(["pawl", "checks"]),
    } = options;
    this.#clock = clock;
    this.#random = random;
    this.#emit = emit;
    this.#labels = labels;
    this.#staggerMs = inRange("staggerMs", staggerMs, 0);
    this.#deadlineMs = inRange("deadlineMs", deadlineMs, 1);
    this.#logger = logger;
    this.#slots = checks.map(({ check, intervalMs = 30_000 }) => ({
      check,
      intervalMs: inRange("intervalMs", intervalMs, 1),
      unavailable: false,
      findings: [],
      result: "pending",
      results: {},
      lastDurationMs: undefined,
      totalDurationMs: 0,
    }));
  }

  /** Starts gathering. Calling it again does nothing. */
  start(): void {
    if (this.#running !== undefined || this.#stop.signal.aborted) return;
    this.#running = Promise.all(this.#slots.map((slot) =>
      runSchedule({
        check: slot.check,
        clock: this.#clock,
        intervalMs: slot.intervalMs,
        firstDelayMs: this.#random() * this.#staggerMs,
        deadlineMs: Math.min(this.#deadlineMs, slot.intervalMs),
        onOutcome: (outcome) => this.#take(slot, outcome),
      }, this.#stop.signal)
    ));
  }

  /** The names of the checks that run, each once, without those whose facts the host does not give. */
  plugins(): string[] {
    return [...new Set(this.#slots.filter((slot) => !slot.unavailable).map((slot) => slot.check.plugin))];
  }

  /** What each check found last. */
  latest(): Finding[] {
    return this.#slots.flatMap((slot) => slot.findings);
  }

  /** What each check did so far. */
  figures(): CheckFigures[] {
    return this.#slots.map(({ check, result, results, lastDurationMs, totalDurationMs }) => ({
      plugin: check.plugin,
      target: check.target,
      result,
      results: { ...results },
      ...(lastDurationMs !== undefined && { lastDurationMs }),
      totalDurationMs,
    }));
  }

  /** How many problems have been reported and are not over. */
  get activeAlerts(): number {
    return this.#open.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #take(slot: Slot, outcome: Outcome): void {
    const { plugin, target } = slot.check;
    const failed = "error" in outcome;
    const unavailable = failed && outcome.error instanceof FactUnavailableError;
    if (unavailable !== slot.unavailable) {
      slot.unavailable = unavailable;
      if (unavailable) this.#logger.warning("check.unavailable", { plugin, target, error: outcome.error });
      else this.#logger.info("check.available", { plugin, target });
    }
    const found = failed ? [] : outcome.findings;
    slot.result = unavailable ? "unavailable" : failed ? "failed" : worst(found);
    slot.results[slot.result] = (slot.results[slot.result] ?? 0) + 1;
    slot.lastDurationMs = outcome.durationMs;
    slot.totalDurationMs += outcome.durationMs;
    // A check that is unavailable did not fail: what failed before is over, nothing new is raised.
    const gathering = gatherFinding(slot.check, failed && !unavailable ? outcome.error : undefined);
    slot.findings = gathering.status === "Ok" ? found : [...found, gathering];
    for (const finding of [...found, gathering]) this.#report(finding);
  }

  #report(finding: Finding): void {
    const labels = { ...this.#labels, ...finding.labels };
    const key = alertKey(labels);
    if (finding.status === (this.#open.get(key) ?? "Ok")) return;
    try {
      this.#emit(alertEvent({
        timeSec: this.#clock.wallMs() / 1000,
        status: finding.status,
        labels,
        description: finding.description,
        attrs: finding.attrs,
      }));
    } catch (error) {
      this.#logger.error("check.emit_failed", { check: finding.labels.check, error });
      return;
    }
    if (finding.status === "Ok") this.#open.delete(key);
    else this.#open.set(key, finding.status);
  }
}

function worst(findings: readonly Finding[]): EventStatus {
  const grades: readonly EventStatus[] = ["Critical", "Warning", "Info"];
  return grades.find((grade) => findings.some(({ status }) => status === grade)) ?? "Ok";
}

function gatherFinding({ plugin, target }: Check, error: unknown): Finding {
  const reason = error === undefined ? undefined : error instanceof Error ? error.message : String(error);
  return {
    labels: { check: `${plugin}::gather`, target },
    status: reason === undefined ? "Ok" : "Critical",
    description: reason === undefined
      ? `check ${plugin} of ${target} works`
      : `check ${plugin} of ${target} failed: ${reason}`,
    attrs: { current_value: reason === undefined ? "works" : "failed", threshold_desc: "must work" },
  };
}

function inRange(name: string, value: number, min: number): number {
  if (Number.isFinite(value) && value >= min) return value;
  throw new RangeError(`cannot run checks: ${name} must be a number of at least ${min}, it is ${value}`);
}
