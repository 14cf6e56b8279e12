/** What a program tells in JSON: one event, a list of them, or one on each line. */
import * as z from "zod/mini";
import { transformed } from "../zod.ts";
import type { EventStatus } from "../alerts/event.ts";
import { cleanBlock, cleanLine } from "../host/foreign_text.ts";

/** One event, checked and cleaned. */
export interface ExecEvent {
  readonly status: EventStatus;
  /** Not more than 32. */
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string;
  /** Not more than 32. */
  readonly attrs: Readonly<Record<string, string>>;
}

/** What could be read, and what could not. */
export interface ExecEvents {
  readonly events: readonly ExecEvent[];
  /** Why something was left out; the first reason. */
  readonly problem?: string;
}

/** How many events one run may tell. */
export const MAX_EVENTS = 1000;
const MAX_ENTRIES = 32;
const MAX_NAME_CHARS = 128;
const MAX_VALUE_CHARS = 1024;
const MAX_DESCRIPTION_CHARS = 4096;

const GRADES: Readonly<Record<string, EventStatus>> = {
  ok: "Ok",
  info: "Info",
  warning: "Warning",
  critical: "Critical",
};

const status = transformed(
  z.string(),
  (text, context): EventStatus => {
    const grade = Object.hasOwn(GRADES, text.toLowerCase()) ? GRADES[text.toLowerCase()] : undefined;
    if (grade !== undefined) return grade;
    context.addIssue({ message: 'must be "Ok", "Info", "Warning" or "Critical"' });
    return z.NEVER;
  },
);

/** Figures come as numbers, too. */
const textMap = z.pipe(
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).check(
    z.refine(
      (map) => Object.keys(map).length <= MAX_ENTRIES,
      `must not have more than ${MAX_ENTRIES} entries`,
    ),
    z.refine((map) => !Object.keys(map).some((name) => name === ""), "must not have an empty name"),
  ),
  z.transform((map) =>
    Object.fromEntries(
      Object.entries(map).map((
        [name, value],
      ) => [cleanLine(name, MAX_NAME_CHARS), cleanLine(String(value), MAX_VALUE_CHARS)]),
    )
  ),
);

const event = transformed(
  z.object({
    status: z.optional(status),
    event_status: z.optional(status),
    labels: z.optional(textMap),
    description: z.optional(z.string()),
    attrs: z.optional(textMap),
  }),
  (raw, context): ExecEvent => {
    const grade = raw.status ?? raw.event_status;
    if (grade === undefined) {
      context.addIssue({ path: ["status"], message: "is missing" });
      return z.NEVER;
    }
    return {
      status: grade,
      labels: raw.labels ?? {},
      description: cleanBlock(raw.description ?? "", MAX_DESCRIPTION_CHARS),
      attrs: raw.attrs ?? {},
    };
  },
);

/** Reads a program's standard output. Takes any text, never throws. Nothing at all is no event and no problem. */
export function parseExecEvents(stdout: string): ExecEvents {
  const text = stdout.trim();
  if (text === "") return { events: [] };
  const whole = fromJson(text);
  if (whole !== undefined) return checked(Array.isArray(whole.value) ? whole.value : [whole.value], "event");
  const values: unknown[] = [];
  let problem: string | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const parsed = fromJson(line);
    if (parsed !== undefined) values.push(parsed.value);
    else problem ??= `line ${index + 1} is not JSON: ${cleanLine(line, 80)}`;
    if (values.length > MAX_EVENTS) break;
  }
  const { events, problem: invalid } = checked(values, "line");
  const first = problem ?? invalid;
  return { events, ...(first !== undefined && { problem: first }) };
}

function checked(values: readonly unknown[], noun: string): ExecEvents {
  const events: ExecEvent[] = [];
  let problem: string | undefined;
  for (const [index, value] of values.slice(0, MAX_EVENTS).entries()) {
    const result = event.safeParse(value);
    if (result.success) events.push(result.data);
    else {
      const [issue] = result.error.issues;
      const field = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
      problem ??= `${noun} ${index + 1}: ${cleanLine(`${field}${issue?.message ?? "cannot be read"}`, 200)}`;
    }
  }
  if (values.length > MAX_EVENTS) problem ??= `there are more than ${MAX_EVENTS} events`;
  return { events, ...(problem !== undefined && { problem }) };
}

function fromJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
