/** Runs the checks, and has what they find judged and written down. */
import { getLogger, type Logger } from "@logtape/logtape";
import type { AlertEvent } from "../alerts/event.ts";
import type { Clock } from "../clock.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import type { Need } from "../host/need.ts";
import { needName, type NeedState, probeNeed } from "../host/probe_need.ts";
import { ALERT_KIND, AlertBook, type OpenAlert } from "./alert_book.ts";
import type { Sighting } from "./alert_state.ts";
import type { Finding } from "./check.ts";
import { CheckMemories } from "./check_memory.ts";
import { EngineStore } from "./engine_store.ts";
import { EngineWriter } from "./engine_writer.ts";
import { inRange, type Pace, PACE_DEFAULTS } from "./pace.ts";
import { type Outcome, runSchedule } from "./schedule.ts";
import { type CheckResult, gatherFinding, type ScheduledCheck, type Slot, slotsOf, worst } from "./slot.ts";
import { Silences } from "./silences.ts";

export type { CheckResult, ScheduledCheck } from "./slot.ts";

/** Options of {@linkcode CheckEngine}. */
export interface CheckEngineOptions {
  checks: readonly ScheduledCheck[];
  clock: Clock;
  /** From 0 up to 1, as `Math.random`. */
  random: () => number;
  /** Takes the events. One that throws is logged, and the same event comes again with the next gather. */
  emit: (event: AlertEvent) => void;
  /**
   * Whether everything emitted so far would survive a `kill -9`; settles once that is known.
   * @default it would
   */
  durable?: () => Promise<boolean>;
  /**
   * Added to the labels of every event; a check's and a finding's own win.
   * @default {}
   */
  labels?: Readonly<Record<string, string>>;
  /**
   * The first gathers are spread over this much time, or the check's interval where that is shorter.
   * @default 5000
   */
  staggerMs?: number;
  /** What is kept over restarts; the engine closes it. @default nothing is */
  store?: EngineStore;
  /** What the checks were given to remember by, over the same store. @default nothing they wrote is kept */
  memories?: CheckMemories;
  /** @default getLogger(["pawl", "checks"]) */
  logger?: Logger;
}

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

/**
 * Call {@linkcode start} once; disposing of the engine ends it, and no event follows. What becomes of a finding is told
 * in `docs/alerts.md`. A check that fails or hangs is itself a `Critical` finding, `<plugin>::gather`, to which `for`
 * does not apply.
 */
export class CheckEngine implements AsyncDisposable {
  /** Which alerts are not told for a while. */
  readonly silences: Silences;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #staggerMs: number;
  readonly #logger: Logger;
  readonly #slots: readonly Slot[];
  readonly #paces: ReadonlyMap<string, Pace>;
  readonly #store: EngineStore;
  readonly #memories: CheckMemories;
  readonly #writer: EngineWriter;
  readonly #book: AlertBook;
  readonly #stop = new AbortController();
  #running: Promise<unknown> | undefined;
  #disposed: Promise<void> | undefined;

  /** @throws RangeError for a pace or stagger out of range. */
  constructor(options: CheckEngineOptions) {
    const { checks, clock, random, emit, labels = {}, staggerMs = 5000 } = options;
    const { durable = () => Promise.resolve(true), logger = getLogger(["pawl", "checks"]) } = options;
    this.#clock = clock;
    this.#random = random;
    this.#labels = labels;
    this.#staggerMs = inRange("staggerMs", staggerMs, 0);
    this.#logger = logger;
    this.#slots = slotsOf(checks);
    this.#paces = new Map(this.#slots.flatMap(({ owner, gatherOwner, pace }) => [
      [owner, pace],
      [gatherOwner, { ...pace, forMs: 0 }],
    ]));
    this.#store = options.store ?? new EngineStore({ path: undefined, clock, logger });
    this.#memories = options.memories ?? new CheckMemories(this.#store, { logger });
    this.#writer = new EngineWriter({ store: this.#store, memories: this.#memories, durable, clock });
    this.silences = new Silences({
      clock,
      random,
      store: this.#store,
      logger,
      onChange: () => this.#reconsider(),
    });
    this.#book = new AlertBook({
      clock,
      emit,
      isSilenced: (labels) => this.silences.match(labels),
      onIntent: (change) => this.#writer.intend(change),
      onChange: (change) => this.#writer.note(change),
      logger,
    });
    const restore = () => this.#book.restore(this.#store.all(ALERT_KIND));
    restore();
    this.#store.onLateOpen(restore);
  }

  /** Starts gathering. Calling it again does nothing. */
  start(): void {
    if (this.#running !== undefined || this.#stop.signal.aborted) return;
    this.#running = Promise.all(this.#slots.map((slot) =>
      runSchedule({
        check: slot.check,
        clock: this.#clock,
        intervalMs: slot.pace.intervalMs,
        firstDelayMs: this.#random() * Math.min(this.#staggerMs, slot.pace.intervalMs),
        deadlineMs: Math.min(slot.pace.timeoutMs, slot.pace.intervalMs),
        onStart: () => slot.gathering = true,
        onOutcome: (outcome) => this.#take(slot, outcome),
      }, this.#stop.signal)
    ));
    if (this.#slots.length === 0) this.#abandonOthers();
  }

  /** The names of the checks that run, each once, without those whose facts the host does not give. */
  plugins(): string[] {
    return [
      ...new Set(
        this.#slots.filter((slot) => !slot.unavailable && !slot.blind).map((slot) => slot.check.plugin),
      ),
    ];
  }

  /**
   * Finds out beforehand which checks will not be able to look, so that {@linkcode plugins} can be told before any has.
   * Never throws; asks for nothing that can hang for long, and looks over nobody's shoulder at the network.
   */
  async lookAhead(host: HostFacts): Promise<void> {
    const states = new Map<string, Promise<NeedState>>();
    const stateOf = (need: Need) => {
      const name = needName(need);
      const state = states.get(name) ?? probeNeed(need, host);
      states.set(name, state);
      return state;
    };
    await Promise.all(this.#slots.map(async (slot) => {
      const kernel = slot.needs.filter((need) => "fact" in need || ("kernel" in need && !need.optional));
      const found = await Promise.all(kernel.map(stateOf));
      slot.blind = !slot.ended && found.some(({ state }) => state === "missing");
    }));
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

  /** What is open: problems that have lasted long enough, silenced ones too, the oldest first. */
  alerts(): OpenAlert[] {
    return this.#book.open((owner) => this.#paces.get(owner));
  }

  /** How many problems were told and have not been told to be over: what the hub believes to be open. */
  get activeAlerts(): number {
    return this.#book.told;
  }

  /** Why the state of alerts would not survive the process, for people; undefined while it would. */
  get degraded(): string | undefined {
    return this.#store.degraded;
  }

  /** Waits for no gather; for the last events to become safe, 2 s at most. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    this.silences[Symbol.dispose]();
    await this.#running;
    await this.#writer.close();
    this.#store[Symbol.dispose]();
  }

  #take(slot: Slot, outcome: Outcome): void {
    const { owner, pace } = slot;
    const failed = "error" in outcome;
    const unavailable = failed && outcome.error instanceof FactUnavailableError;
    this.#noteAvailability(slot, unavailable ? outcome.error : undefined);
    const found = failed ? [] : outcome.findings;
    const gathering = gatherFinding(slot.check, failed && !unavailable ? outcome.error : undefined);
    slot.result = unavailable ? "unavailable" : failed ? "failed" : worst(found);
    slot.results[slot.result] = (slot.results[slot.result] ?? 0) + 1;
    slot.lastDurationMs = outcome.durationMs;
    slot.totalDurationMs += outcome.durationMs;
    slot.findings = gathering.status === "Ok" ? found : [...found, gathering];
    slot.gathering = false;
    slot.ended = true;
    slot.blind = false;
    if (!failed) slot.looked = true;
    // A failure says nothing of what was found before; that the host does not let it look any more, does.
    if (!failed || unavailable) {
      const why = unavailable ? "the agent is not let look any more" : "the target is gone";
      const sightings = found.map((finding) => this.#sighting(slot, finding));
      this.#book.take({ owner, pace, sightings, absence: { why, looked: !unavailable } });
    }
    this.#book.take({
      owner: slot.gatherOwner,
      pace: { ...pace, forMs: 0 },
      sightings: [this.#sighting(slot, gathering)],
      absence: { why: "the check is gone", looked: true },
    });
    if (this.#slots.every(({ ended }) => ended)) this.#abandonOthers();
    this.#noteMemory(slot.check.plugin);
    this.#writer.flush();
  }

  #noteAvailability(slot: Slot, error: unknown): void {
    const unavailable = error !== undefined;
    if (unavailable === slot.unavailable) return;
    slot.unavailable = unavailable;
    const { plugin, target } = slot.check;
    if (unavailable) this.#logger.warn("check.unavailable", { plugin, target, error });
    else this.#logger.info("check.available", { plugin, target });
  }

  /** What another gather of the plugin has written goes with what that one finds. */
  #noteMemory(plugin: string): void {
    if (this.#slots.some(({ check, gathering }) => gathering && check.plugin === plugin)) return;
    for (const change of this.#memories.written(plugin)) this.#writer.note(change);
  }

  /** Alerts of checks that are not configured any more. Once each check has looked: one may have taken them over. */
  #abandonOthers(): void {
    this.#book.abandon(this.#paces, PACE_DEFAULTS);
    this.#writer.flush();
  }

  /** A silence began or ended. What has not been looked at since the start may be over: that waits for the look. */
  #reconsider(): void {
    if (this.#stop.signal.aborted) return;
    for (const { owner, gatherOwner, pace, looked, ended } of this.#slots) {
      if (looked) this.#book.settle(owner, pace);
      if (ended) this.#book.settle(gatherOwner, { ...pace, forMs: 0 });
    }
    this.#writer.flush();
  }

  #sighting({ pace }: Slot, { labels, status, description, attrs, momentary = false }: Finding): Sighting {
    return { labels: { ...this.#labels, ...pace.labels, ...labels }, status, description, attrs, momentary };
  }
}
