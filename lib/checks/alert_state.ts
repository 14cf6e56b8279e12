/**
 * What becomes of one problem, from the first finding to its end. Pure: what was seen goes in with `observe` or
 * `absent`, `decide` says what is to be told, and `told` notes that it was; so that an event that nobody took is
 * decided upon again. Times are milliseconds on whatever clock the caller keeps.
 */
import type { EventStatus } from "../alerts/event.ts";
import type { Pace } from "./pace.ts";

/** How long a check may not have looked (the agent was down) without the clock of `for` starting anew. */
const OUTAGE_MS = 3_600_000;

/** In how many successful gathers in a row a target has to be missing before its alert is over. */
export const ABSENCES = 3;

/** What a gather says of one problem. */
export interface Sighting {
  /** All labels that the event will have. */
  readonly labels: Readonly<Record<string, string>>;
  readonly status: EventStatus;
  readonly description: string;
  readonly attrs: Readonly<Record<string, string>>;
  /** It happened, it is no state: what ends it is that it does not happen again. */
  readonly momentary?: boolean;
}

/** One problem that is there, or was and has not been told to be over. */
export interface AlertState extends Required<Sighting> {
  /** When it was first found. */
  readonly sinceMs: number;
  /** When it was last found bad. */
  readonly seenMs: number;
  /** When it was last found as bad as `status` says. */
  readonly peakMs: number;
  /** What was told last; undefined: nothing yet. */
  readonly sent: EventStatus | undefined;
  /** When that was. */
  readonly sentMs: number;
  /** How often the last event was repeated. */
  readonly repeats: number;
  /** To be told as soon as no silence covers it, whatever was told before. */
  readonly owed: boolean;
  /** In how many gathers in a row it was missing. */
  readonly absences: number;
}

/** Why something is told. */
export type NoticeKind = "raised" | "changed" | "repeated" | "owed" | "recovered";

/** What is to be told. */
export interface Notice {
  readonly status: EventStatus;
  readonly kind: NoticeKind;
}

/** What to make of a state: forget it where `state` is undefined; tell the notice first where there is one. */
export interface Decision {
  readonly state: AlertState | undefined;
  readonly notice?: Notice;
}

const GRADES: readonly EventStatus[] = ["Ok", "Info", "Warning", "Critical"];

/** Whether `a` is worse than `b`. */
export function isWorse(a: EventStatus, b: EventStatus): boolean {
  return GRADES.indexOf(a) > GRADES.indexOf(b);
}

/** Whether it has lasted long enough to be an alert. Once it is, it stays one until it is over. */
export function isOpen(state: AlertState, { forMs }: Pace, nowMs: number): boolean {
  if (state.status === "Ok") return false;
  return state.sent !== undefined || state.owed || state.momentary || nowMs - state.sinceMs >= forMs;
}

/** Takes in what a gather says. Undefined: there is nothing to remember. */
export function observe(
  before: AlertState | undefined,
  seen: Sighting,
  pace: Pace,
  nowMs: number,
): AlertState | undefined {
  const { labels, status, description, attrs, momentary = false } = seen;
  if (status === "Ok") {
    if (before === undefined) return undefined;
    const holds = before.momentary && before.status !== "Ok" && nowMs - before.seenMs < pace.holdMs;
    return holds ? { ...before, absences: 0 } : { ...before, status, description, attrs, absences: 0 };
  }
  const base = before === undefined ? newState(seen, nowMs) : goOn(before, pace, nowMs);
  const stays = momentary && base.momentary && isWorse(base.status, status) &&
    nowMs - base.peakMs < pace.holdMs;
  return {
    ...base,
    labels,
    description,
    attrs,
    momentary,
    status: stays ? base.status : status,
    seenMs: nowMs,
    peakMs: stays ? base.peakMs : nowMs,
    absences: 0,
  };
}

function newState({ labels, status, description, attrs, momentary = false }: Sighting, nowMs: number) {
  return {
    ...{ labels, status, description, attrs, momentary },
    ...{ sinceMs: nowMs, seenMs: nowMs, peakMs: nowMs },
    ...{ sent: undefined, sentMs: nowMs, repeats: 0, owed: false, absences: 0 },
  };
}

function goOn(before: AlertState, pace: Pace, nowMs: number): AlertState {
  if (before.status === "Ok") return { ...before, sinceMs: nowMs };
  if (before.momentary) {
    // Nobody looked when its hold ran out: this is another one of the kind.
    return nowMs - before.seenMs < pace.holdMs ? before : { ...before, sinceMs: nowMs, owed: true };
  }
  const outageMs = Math.max(OUTAGE_MS, 3 * pace.intervalMs);
  const isStale = !isOpen(before, pace, before.seenMs) && nowMs - before.seenMs > outageMs;
  return isStale ? { ...before, sinceMs: nowMs } : before;
}

/** How a gather of the check that found a problem can say nothing of it. */
export interface Absence {
  /** Why the target is not looked at any more, as the event that ends its alert words it. */
  readonly why: string;
  /** Whether the check did look: then silence is what ends something momentary. */
  readonly looked: boolean;
  /** Whether this once is enough. @default false */
  readonly forGood?: boolean;
}

/** Takes in that a gather said nothing of a problem. */
export function absent(
  state: AlertState,
  { why, looked, forGood = false }: Absence,
  pace: Pace,
  nowMs: number,
): AlertState | undefined {
  if (state.status === "Ok") return state;
  if (state.momentary && looked) {
    if (nowMs - state.seenMs < pace.holdMs) return { ...state, absences: 0 };
    const description = `not seen again: ${state.description}`;
    return { ...state, status: "Ok", description };
  }
  if (!isOpen(state, pace, state.seenMs)) return undefined;
  const absences = state.absences + 1;
  if (!forGood && absences < ABSENCES) return { ...state, absences };
  return {
    ...state,
    status: "Ok",
    description: `no longer watched (${why}); it was: ${state.description}`,
    attrs: { ...state.attrs, current_value: "not watched" },
    absences,
  };
}

/** What is to be told now. */
export function decide(state: AlertState, pace: Pace, nowMs: number, silenced: boolean): Decision {
  const { status, sent, owed } = state;
  if (status === "Ok") {
    // Told under a silence, too: whoever heard of the problem must hear of its end.
    if (sent === undefined || !pace.recovery) return { state: undefined };
    return { state, notice: { status, kind: "recovered" } };
  }
  if (!isOpen(state, pace, nowMs)) return { state };
  if (silenced) return { state: owed ? state : { ...state, owed: true } };
  const kind = sent === undefined
    ? "raised"
    : status !== sent
    ? "changed"
    : owed
    ? "owed"
    : isRepeatDue(state, pace, nowMs)
    ? "repeated"
    : undefined;
  return kind === undefined ? { state } : { state, notice: { status, kind } };
}

function isRepeatDue(state: AlertState, pace: Pace, nowMs: number): boolean {
  const { momentary, seenMs, sentMs, repeats } = state;
  if (momentary && seenMs <= sentMs) return false; // it has not happened again
  return repeats < pace.repeatCount && nowMs - sentMs >= pace.repeatIntervalMs;
}

/** Notes that the notice was told. Undefined: the problem is over and can be forgotten. */
export function told(state: AlertState, { status, kind }: Notice, nowMs: number): AlertState | undefined {
  if (status === "Ok") return undefined;
  const repeats = kind === "repeated" ? state.repeats + 1 : 0;
  return { ...state, sent: status, sentMs: nowMs, repeats, owed: false };
}
