/** All problems that the checks found, what was told of them, and what is to be told next. */
import type { Logger } from "@logtape/logtape";
import { type AlertEvent, alertEvent, alertKey, type EventStatus } from "../alerts/event.ts";
import type { Clock } from "../clock.ts";
import { decodeAlert, encodeAlert, isWorthWriting, type TrackedAlert } from "./alert_record.ts";
import {
  type Absence,
  absent,
  type AlertState,
  decide,
  isOpen,
  isWorse,
  observe,
  type Sighting,
  told,
} from "./alert_state.ts";
import type { EngineChange } from "./engine_file.ts";
import type { Pace } from "./pace.ts";

/** The kind of the store's texts that hold alerts; their keys are alert keys. */
export const ALERT_KIND = "alert";

/** More problems at once than this are not followed: by then it is one problem of another kind. */
export const MAX_ALERTS = 10_000;

/** A problem that has lasted long enough, and is not over. */
export interface OpenAlert {
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly status: EventStatus;
  /** Since when, in whole seconds since 1970. */
  readonly sinceSec: number;
  readonly description: string;
  /** It is not told now. */
  readonly silenced: boolean;
}

/** What a gather came to, for one owner. */
export interface Look {
  /** Names the check, the same after a restart. */
  readonly owner: string;
  readonly pace: Pace;
  readonly sightings: readonly Sighting[];
  /** What it means that a problem of this owner is not among them; missing: nothing. */
  readonly absence?: Absence;
}

/** Options of {@linkcode AlertBook}. */
export interface AlertBookOptions {
  clock: Clock;
  /** Takes the events; what it throws is logged, and the event comes again with the next look. */
  emit: (event: AlertEvent) => void;
  isSilenced: (labels: Readonly<Record<string, string>>) => boolean;
  /**
   * Hears what has to be written down before an event is emitted that nothing written down tells of yet: after a crash
   * between the two, the problem is told again, and its end is told.
   */
  onIntent: (change: EngineChange) => void;
  /** Hears what has to be written down once the events emitted so far are safe. */
  onChange: (change: EngineChange) => void;
  logger: Logger;
}

/** Follows each problem by its alert key. Nothing here waits, and nothing throws. */
export class AlertBook {
  readonly #options: AlertBookOptions;
  readonly #alerts = new Map<string, TrackedAlert>();
  #overflowed = false;

  constructor(options: AlertBookOptions) {
    this.#options = options;
  }

  /** How many problems were told and have not been told to be over. */
  get told(): number {
    let count = 0;
    for (const { state } of this.#alerts.values()) if (state.sent !== undefined) count++;
    return count;
  }

  /**
   * Takes over what was written down. What is known better already stays, but for what was told of it: whoever heard
   * of a problem in an earlier life must hear of its end.
   */
  restore(rows: Iterable<readonly [key: string, text: string]>): void {
    const { clock, logger } = this.#options;
    for (const [key, text] of rows) {
      const found = decodeAlert(text, this.#wallOffsetMs, clock.monotonicMs());
      if (found === undefined) {
        logger.warn("checks.bad_record", { key });
        this.#options.onChange({ kind: ALERT_KIND, key, text: undefined });
        continue;
      }
      const known = this.#alerts.get(key);
      if (known === undefined) {
        this.#alerts.set(key, found);
      } else if (known.state.sent === undefined && found.state.sent !== undefined) {
        const { sent, sentMs, repeats } = found.state;
        this.#set(key, known.owner, { ...known.state, sent, sentMs, repeats });
      }
    }
  }

  /** Takes in a look, and tells what is to be told of its owner's problems. */
  take({ owner, pace, sightings, absence }: Look): void {
    const nowMs = this.#options.clock.monotonicMs();
    const seen = byKey(sightings);
    for (const [key, sighting] of seen) {
      const known = this.#alerts.get(key);
      if (known === undefined && sighting.status !== "Ok" && !this.#hasRoom()) continue;
      this.#set(key, owner, observe(known?.state, sighting, pace, nowMs));
    }
    if (absence !== undefined) {
      for (const [key, { state }] of this.#of(owner)) {
        if (!seen.has(key)) this.#set(key, owner, absent(state, absence, pace, nowMs));
      }
    }
    this.settle(owner, pace);
  }

  /** Tells what is to be told of an owner's problems as they are known. */
  settle(owner: string, pace: Pace): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [key, { state }] of this.#of(owner)) {
      const decision = decide(state, pace, nowMs, this.#options.isSilenced(state.labels));
      const { notice } = decision;
      if (decision.state === undefined || notice === undefined) {
        this.#set(key, owner, decision.state);
        continue;
      }
      const after = told(decision.state, notice, nowMs);
      if (after !== undefined && state.sent !== notice.status) this.#intend(key, { owner, state: after });
      if (this.#emit(decision.state, notice.status)) this.#set(key, owner, after);
    }
  }

  /** Ends the alerts of all owners that are not among these: nobody looks any more. */
  abandon(owners: { has(owner: string): boolean }, pace: Pace): void {
    const gone = new Set<string>();
    for (const { owner } of this.#alerts.values()) if (!owners.has(owner)) gone.add(owner);
    const absence = { why: "no check is configured for it", looked: false, forGood: true };
    for (const owner of gone) this.take({ owner, pace, sightings: [], absence });
  }

  /** What is open, the oldest first. Those of an owner without a pace are not looked at any more. */
  open(paceOf: (owner: string) => Pace | undefined): OpenAlert[] {
    const nowMs = this.#options.clock.monotonicMs();
    const found: [number, OpenAlert][] = [];
    for (const [key, { owner, state }] of this.#alerts) {
      const pace = paceOf(owner);
      if (pace === undefined || !isOpen(state, pace, nowMs)) continue;
      const { labels, status, description, sinceMs } = state;
      const silenced = this.#options.isSilenced(labels);
      const sinceSec = Math.floor((sinceMs + this.#wallOffsetMs) / 1000);
      found.push([sinceMs, { key, labels, status, sinceSec, description, silenced }]);
    }
    return found.sort(([a], [b]) => a - b).map(([, alert]) => alert);
  }

  /** A copy: what is done for each may change the map. */
  #of(owner: string): [string, TrackedAlert][] {
    return [...this.#alerts].filter(([, alert]) => alert.owner === owner);
  }

  #set(key: string, owner: string, state: AlertState | undefined): void {
    const { onChange } = this.#options;
    const before = this.#alerts.get(key);
    if (state === undefined) {
      if (this.#alerts.delete(key)) onChange({ kind: ALERT_KIND, key, text: undefined });
      return;
    }
    const alert = { owner, state };
    this.#alerts.set(key, alert);
    if (before?.owner === owner && !isWorthWriting(before.state, state)) return;
    onChange({ kind: ALERT_KIND, key, text: encodeAlert(alert, this.#wallOffsetMs) });
  }

  #intend(key: string, { owner, state }: TrackedAlert): void {
    const text = encodeAlert({ owner, state: { ...state, owed: true } }, this.#wallOffsetMs);
    this.#options.onIntent({ kind: ALERT_KIND, key, text });
  }

  #emit({ labels, description, attrs }: AlertState, status: EventStatus): boolean {
    const { clock, emit, logger } = this.#options;
    try {
      emit(alertEvent({ timeSec: clock.wallMs() / 1000, status, labels, description, attrs }));
      return true;
    } catch (error) {
      logger.error("check.emit_failed", { check: labels["check"], error });
      return false;
    }
  }

  #hasRoom(): boolean {
    if (this.#alerts.size < MAX_ALERTS) return true;
    if (!this.#overflowed) this.#options.logger.error("checks.too_many_alerts", { followed: MAX_ALERTS });
    this.#overflowed = true;
    return false;
  }

  /** What to add to the monotonic clock to get milliseconds since 1970. */
  get #wallOffsetMs(): number {
    return this.#options.clock.wallMs() - this.#options.clock.monotonicMs();
  }
}

/** One sighting of each problem: of several in one gather the worst, the first among equals. */
function byKey(sightings: readonly Sighting[]): Map<string, Sighting> {
  const seen = new Map<string, Sighting>();
  for (const sighting of sightings) {
    const key = alertKey(sighting.labels);
    const other = seen.get(key);
    if (other === undefined || isWorse(sighting.status, other.status)) seen.set(key, sighting);
  }
  return seen;
}
