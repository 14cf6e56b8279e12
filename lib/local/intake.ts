/** From the body of `POST /v1/events` to events: one object, an array, or one object a line (NDJSON). */
import type { AlertEvent } from "../alerts/event.ts";
import { HttpError } from "./http_error.ts";
import { type EventProblem, readEvent } from "./intake_event.ts";
import type { EventDefaults } from "./local_port.ts";

/** How a body says what it is. */
export type BodyFormat = "json" | "ndjson" | "unsaid";

/** Options of {@linkcode readEvents}. */
export interface ReadEventsOptions {
  format: BodyFormat;
  defaults: EventDefaults;
  /** A request with more events is refused. */
  maxEvents: number;
}

/** One of the errors in a 422. */
export interface BadEvent extends EventProblem {
  /** Counted from 0, over the events of the request. */
  readonly index: number;
}

const formats: ReadonlyMap<string, BodyFormat> = new Map([
  ["application/json", "json"],
  ["application/x-ndjson", "ndjson"],
  ["application/ndjson", "ndjson"],
  ["application/jsonl", "ndjson"],
  // What fetch and curl say of any text unless they are told: it means nothing.
  ["text/plain", "unsaid"],
  ["application/x-www-form-urlencoded", "unsaid"],
]);

/** @throws HttpError 415 for a content type or encoding that is not understood; without a type, the body tells. */
export function formatOf(headers: Headers): BodyFormat {
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw new HttpError(415, "the body is compressed; send it as it is", {
      headers: { connection: "close" },
    });
  }
  const type = headers.get("content-type");
  if (type === null) return "unsaid";
  const format = formats.get(type.split(";", 1)[0]?.trim().toLowerCase() ?? "");
  if (format !== undefined) return format;
  throw new HttpError(
    415,
    "the content type is not understood; send application/json, or application/x-ndjson for one event a line",
    { headers: { connection: "close" } },
  );
}

/** The most errors that a 422 lists; `errors_total` says how many there are. */
const MAX_LISTED = 20;

/**
 * All events of the body, checked and filled in. One that is bad fails them all.
 *
 * @throws HttpError 400 where the body as a whole cannot be read, 413 for too many events, 422 naming index and field
 * of what is wrong with each.
 */
export function readEvents(body: string, { format, defaults, maxEvents }: ReadEventsOptions): AlertEvent[] {
  const candidates = parse(body, format);
  if (candidates.length > maxEvents) {
    throw new HttpError(
      413,
      `the body has ${candidates.length} events, ${maxEvents} may come at once; send it in several requests`,
    );
  }
  const events: AlertEvent[] = [];
  const bad: BadEvent[] = [];
  let total = 0;
  for (const [index, candidate] of candidates.entries()) {
    const reading = candidate instanceof Unreadable
      ? { problems: [{ field: "", message: candidate.message }] }
      : readEvent(candidate, defaults);
    if ("event" in reading) {
      events.push(reading.event);
    } else {
      total += reading.problems.length;
      for (const { field, message } of reading.problems) {
        if (bad.length < MAX_LISTED) bad.push({ index, field, message });
      }
    }
  }
  if (total > 0) throw unprocessable(bad, total);
  return events;
}

/** The answer that names what is wrong; nothing of the request was taken in. */
export function unprocessable(errors: readonly BadEvent[], total: number): HttpError {
  const [first] = errors;
  const what = first === undefined
    ? ""
    : `: event ${first.index}${first.field && `, ${first.field}`} ${first.message}`;
  return new HttpError(422, `nothing was accepted${what}`, { details: { errors, errors_total: total } });
}

/** A line that is no JSON. */
class Unreadable {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

function parse(body: string, format: BodyFormat): unknown[] {
  if (body.trim() === "") {
    // As NDJSON, no line is no event.
    if (format === "ndjson") return [];
    throw new HttpError(400, "the body is empty; send an event, an array of events, or one event a line");
  }
  if (format === "ndjson" || looksLikeLines(body)) return parseLines(body);
  try {
    const value: unknown = JSON.parse(body);
    return Array.isArray(value) ? value : [value];
  } catch (cause) {
    throw new HttpError(400, `the body is not JSON: ${reasonOf(cause)}`, { cause });
  }
}

/** Whether the first line is an object by itself, and something follows it. */
function looksLikeLines(body: string): boolean {
  const text = body.trimStart();
  const end = text.search(/[\r\n]/);
  if (end < 0 || !text.startsWith("{") || text.slice(end).trim() === "") return false;
  try {
    JSON.parse(text.slice(0, end));
    return true;
  } catch {
    return false; // an object that is spread over several lines
  }
}

function parseLines(body: string): unknown[] {
  return body.split("\n").filter((line) => line.trim() !== "").map((line) => {
    try {
      return JSON.parse(line) as unknown;
    } catch (error) {
      return new Unreadable(`is not JSON: ${reasonOf(error)}`);
    }
  });
}

/** The parser quotes the text, which may be long and is foreign: its first words say enough. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [reason = ""] = message.split(/, (?:"|\.\.\.)/, 1);
  return reason.slice(0, 100);
}
