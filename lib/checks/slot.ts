/** A check in its place in the engine, and what is known of it. */
import type { EventStatus } from "../alerts/event.ts";
import type { Need } from "../host/need.ts";
import { isWorse } from "./alert_state.ts";
import type { Check, Finding } from "./check.ts";
import { type Pace, paceOf } from "./pace.ts";

/** A check and its pace. */
export interface ScheduledCheck {
  /** What is to look. */
  check: Check;
  /** What is missing is as in `PACE_DEFAULTS`. */
  pace?: Partial<Pace>;
  /** What it has to be let see. @default nothing is known of it */
  needs?: readonly Need[];
}

/** What a gather came to: the worst status found, or why nothing was. `pending`: it has not looked yet. */
export type CheckResult = EventStatus | "failed" | "unavailable" | "pending";

/** What the engine knows of one scheduled check. */
export interface Slot {
  readonly check: Check;
  readonly pace: Pace;
  /** Owns what the check finds. */
  readonly owner: string;
  /** Owns the alert that the check itself does not work. */
  readonly gatherOwner: string;
  gathering: boolean;
  /** It has had an outcome since the start. */
  ended: boolean;
  /** One of them was a success. */
  looked: boolean;
  unavailable: boolean;
  /** It has not looked yet, and will not be able to: what it needs is out of sight. */
  blind: boolean;
  readonly needs: readonly Need[];
  findings: readonly Finding[];
  result: CheckResult;
  readonly results: Partial<Record<CheckResult, number>>;
  lastDurationMs: number | undefined;
  totalDurationMs: number;
}

/** Fresh: nothing has been looked at. @throws RangeError for a pace out of range. */
export function slotsOf(checks: readonly ScheduledCheck[]): Slot[] {
  const seen = new Map<string, number>();
  return checks.map(({ check, pace, needs = [] }) => {
    const name = JSON.stringify([check.plugin, check.target]);
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    const owner = count === 1 ? name : `${name}#${count}`;
    return {
      check,
      pace: paceOf(pace),
      owner,
      gatherOwner: `gather ${owner}`,
      gathering: false,
      ended: false,
      looked: false,
      unavailable: false,
      blind: false,
      needs,
      findings: [],
      result: "pending",
      results: {},
      lastDurationMs: undefined,
      totalDurationMs: 0,
    };
  });
}

/** `Ok` where nothing was found. */
export function worst(findings: readonly Finding[]): EventStatus {
  let found: EventStatus = "Ok";
  for (const { status } of findings) if (isWorse(status, found)) found = status;
  return found;
}

/** Whether the check itself works, as a finding; `error` is what its gather ended with. */
export function gatherFinding({ plugin, target }: Check, error: unknown): Finding {
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
