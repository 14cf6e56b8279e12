/** One event as programs on this host may send it: strict, so that a misspelt field is told, and bounded. */
import * as z from "zod/mini";
import { transformed } from "../zod.ts";
import { type AlertEvent, alertKey } from "../alerts/event.ts";
import type { EventDefaults } from "./local_port.ts";

/** The bounds of one event. */
export const EVENT_BOUNDS = {
  /** Of the description, in UTF-8. */
  descriptionBytes: 64 * 1024,
  /** Entries in `labels`, and in `attrs`. */
  entries: 64,
  /** Of a label's or attribute's name, and of `alert_key`, in characters. */
  keyChars: 256,
  /** Of a label's or attribute's value, in UTF-8. */
  valueBytes: 4 * 1024,
  /** Of the whole event as JSON: with more, the hub would refuse the message. */
  eventBytes: 256 * 1024,
} as const;

/** What is wrong with one event. */
export interface EventProblem {
  /** The field, dotted: `labels.host`; empty for the event as a whole. */
  readonly field: string;
  readonly message: string;
}

/** A readable event, or what is wrong with it. */
export type EventReading = { readonly event: AlertEvent } | { readonly problems: readonly EventProblem[] };

const MAX_TIME_SEC = 253_402_300_799; // the end of the year 9999
const MAX_PROBLEMS = 8;

/** What stands in the way of a field: that it is not there, or what it must be. */
const must = (be: string) => ({ input }: { input?: unknown }) =>
  input === undefined ? "is missing" : `must be ${be}`;

/** Names and values. By hand, for a record's schema passes over a key named `__proto__` in silence. */
const textMap = transformed(
  z.unknown(),
  (value, context): Record<string, string> => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      context.addIssue({ message: must("an object of strings")({ input: value }) });
      return z.NEVER;
    }
    const entries = Object.entries(value);
    if (entries.length > EVENT_BOUNDS.entries) {
      context.addIssue({
        message: `must not have more than ${EVENT_BOUNDS.entries} entries`,
      });
    }
    for (const [name, text] of entries.slice(0, EVENT_BOUNDS.entries)) {
      const message = problemOf(name, text);
      if (message !== undefined) context.addIssue({ path: [name], message });
    }
    return value as Record<string, string>;
  },
);

function problemOf(name: string, value: unknown): string | undefined {
  if (name === "" || name === "__proto__") return "cannot be a name here";
  if (name.length > EVENT_BOUNDS.keyChars) {
    return `has a name of more than ${EVENT_BOUNDS.keyChars} characters`;
  }
  if (typeof value !== "string") return "must be a string";
  const { valueBytes } = EVENT_BOUNDS;
  return isLonger(value, valueBytes) ? `must not be longer than ${valueBytes} bytes` : undefined;
}

const intakeEvent = z.strictObject({
  event_status: z.enum(["Critical", "Warning", "Info", "Ok"], {
    error: must("Critical, Warning, Info or Ok"),
  }),
  event_time: z.optional(
    z.int({ error: must("a whole number of seconds since 1970") }).check(
      z.minimum(0, "must not be negative"),
      z.maximum(MAX_TIME_SEC, "must be seconds since 1970, not milliseconds"),
    ),
  ),
  alert_key: z.optional(
    z.string({ error: must("a string") }).check(
      z.minLength(1, "must not be empty; leave it out to have it made"),
      z.maxLength(EVENT_BOUNDS.keyChars, `must not have more than ${EVENT_BOUNDS.keyChars} characters`),
    ),
  ),
  labels: textMap,
  attrs: z.optional(textMap),
  description: z.string({ error: must("a string") }).check(
    z.refine(
      (text) => !isLonger(text, EVENT_BOUNDS.descriptionBytes),
      `must not be longer than ${EVENT_BOUNDS.descriptionBytes} bytes`,
    ),
  ),
  description_format: z.optional(
    z.literal("markdown", { error: must('"markdown", or left out for plain text') }),
  ),
}, { error: must("an object") }).check(
  z.refine(({ alert_key, labels }) => alert_key !== undefined || Object.keys(labels).length > 0, {
    path: ["labels"],
    message: "must name the problem: give at least one label, or an alert_key",
  }),
);

/** Checks one event and fills in what it leaves out. Never throws. */
export function readEvent(value: unknown, defaults: EventDefaults): EventReading {
  const result = intakeEvent.safeParse(value);
  if (!result.success) {
    return { problems: result.error.issues.flatMap(problemsOf).slice(0, MAX_PROBLEMS) };
  }
  const { event_time, event_status, alert_key, labels, attrs, description, description_format } = result.data;
  const allLabels = { ...defaults.labels, ...labels };
  return withinBounds({
    event_time: event_time ?? Math.floor(defaults.timeSec),
    event_status,
    alert_key: alert_key ?? alertKey(allLabels),
    labels: allLabels,
    ...(attrs && { attrs }),
    description,
    ...(description_format && { description_format }),
  });
}

/** The event unless it is too long as a whole. */
export function withinBounds(event: AlertEvent): EventReading {
  const { eventBytes } = EVENT_BOUNDS;
  if (maxJsonBytes(event) > eventBytes && isLonger(JSON.stringify(event), eventBytes)) {
    return { problems: [{ field: "", message: `must not be longer than ${eventBytes} bytes as a whole` }] };
  }
  return { event };
}

/** An upper bound that costs nothing: no character takes more than 6 bytes (`\u0000`). */
function maxJsonBytes({ labels, attrs = {}, description, alert_key }: AlertEvent): number {
  let chars = description.length + alert_key.length + 40;
  for (const map of [labels, attrs]) {
    for (const name in map) chars += name.length + (map[name] ?? "").length + 1;
  }
  return chars * 6;
}

function isLonger(text: string, maxBytes: number): boolean {
  if (text.length * 3 <= maxBytes) return false; // no UTF-16 unit takes more than 3 bytes
  return text.length > maxBytes || new TextEncoder().encode(text).length > maxBytes;
}

function problemsOf(issue: z.core.$ZodIssue): EventProblem[] {
  return issue.code === "unrecognized_keys"
    ? issue.keys.map((key) => ({ field: cut(key), message: "is not a field of an event" }))
    : [{ field: cut(issue.path.join(".")), message: issue.message }];
}

/** Names come from outside and may be of any length. */
function cut(field: string): string {
  return field.length > 100 ? `${field.slice(0, 100)}…` : field;
}
