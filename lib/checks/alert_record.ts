/** How the state of an alert is written down: as JSON, with times in milliseconds since 1970. */
import * as z from "zod/mini";
import type { AlertState } from "./alert_state.ts";
import { severity } from "./rating.ts";

/** A problem, and which check found it. */
export interface TrackedAlert {
  /** Names the check, the same after a restart. */
  readonly owner: string;
  readonly state: AlertState;
}

const texts = z.record(z.string(), z.string());
const grade = severity();
const time = z.number();

const recordSchema = z.object({
  owner: z.string(),
  labels: texts,
  status: z.enum(["Ok", ...grade.options]),
  description: z.string(),
  attrs: texts,
  momentary: z.boolean(),
  sinceMs: time,
  seenMs: time,
  peakMs: time,
  sent: z.optional(grade),
  sentMs: time,
  repeats: z.number(),
  owed: z.boolean(),
  absences: z.number(),
});

const TIMES = ["sinceMs", "seenMs", "peakMs", "sentMs"] as const;

/** @param wallOffsetMs what to add to the state's times to get milliseconds since 1970 */
export function encodeAlert({ owner, state }: TrackedAlert, wallOffsetMs: number): string {
  const times = Object.fromEntries(TIMES.map((name) => [name, Math.round(state[name] + wallOffsetMs)]));
  return JSON.stringify({ owner, ...state, ...times });
}

/**
 * Times that lie ahead become now: the wall clock was set back.
 *
 * @returns undefined where the text makes no sense.
 */
export function decodeAlert(text: string, wallOffsetMs: number, nowMs: number): TrackedAlert | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { success, data } = recordSchema.safeParse(json);
  if (!success) return undefined;
  const { owner, sent, ...rest } = data;
  const onThisClock = (wallMs: number) => Math.min(nowMs, wallMs - wallOffsetMs);
  return {
    owner,
    state: {
      ...rest,
      sent,
      sinceMs: onThisClock(rest.sinceMs),
      seenMs: onThisClock(rest.seenMs),
      peakMs: onThisClock(rest.peakMs),
      sentMs: onThisClock(rest.sentMs),
    },
  };
}

/** Whether a restart would go otherwise with `after` than with `before`. */
export function isWorthWriting(before: AlertState | undefined, after: AlertState): boolean {
  if (before === undefined) return true;
  const fields = ["status", "sinceMs", "sent", "sentMs", "repeats", "owed", "absences", "momentary"] as const;
  if (fields.some((field) => before[field] !== after[field])) return true;
  // When it was seen last matters to the clocks of `for` and `hold` alone.
  return (after.sent === undefined || after.momentary) && before.seenMs !== after.seenMs;
}
