/**
 * Logging: one record is one line on stderr, as JSON or for people. A part logs an event name and fields; what
 * leaves here holds no secret and nothing that could pass for another line.
 */
import { configureSync, type LogRecord, resetSync } from "@logtape/logtape";
import { redactByField } from "@logtape/redaction";

/** Options of {@linkcode setUpLogging}. */
export interface LoggingOptions {
  /** What is less grave is left out. At `debug`, errors show their stacks. */
  level: "debug" | "info" | "warning" | "error";
  format: "json" | "pretty";
  /** Values that must never show, wherever they occur. Those under 4 characters are ignored. */
  secrets?: readonly string[];
  /**
   * Whether `pretty` may use colours.
   * @default whether stderr is a terminal and NO_COLOR is unset or empty
   */
  colors?: boolean;
  /**
   * Takes one line with its line break. What it throws is dropped: a log that cannot be written has no one to tell.
   * @default writes to stderr at once
   */
  write?: (line: string) => void;
}

/** Logging that is set up; disposing of it ends it. */
export interface Logging extends AsyncDisposable {
  /** From the next record on. Secrets are added to those there are. */
  update(changes: Partial<Pick<LoggingOptions, "level" | "format" | "secrets">>): void;
}

/** Names of fields whose values never show. */
const secretFields = [
  /token/i,
  /pass(?:word|phrase|code|wd)/i,
  /secret/i,
  /authorization/i,
  /cookie/i,
  /credential/i,
  /(?:api|private|access|encryption|signing)[_-]?key/i,
  /^key$/i,
];

/**
 * Sends the log of the whole process to stderr, until the result is disposed. Logging is the process's own: set it
 * up once, before the parts are built.
 *
 * JSON lines have `time`, `level`, `event`, `part`, and the fields beside them; a field of one of these names gets
 * a `_` behind it.
 *
 * @throws Error if it is set up already.
 */
export function setUpLogging(options: LoggingOptions): Logging {
  const { colors = wantsColors(), write = writeToStderr } = options;
  let { level, format } = options;
  const secrets = new Set(options.secrets);
  let redactor = new Redactor([...secrets]);
  const render = (record: LogRecord) => format === "json" ? renderJson(record) : renderPretty(record, colors);
  const sink = redactByField((record) => {
    try {
      write(`${render(record)}\n`);
    } catch {
      // Stderr is gone: there is nobody left to tell.
    }
  }, { fieldPatterns: secretFields, action: () => "[redacted]" });
  const configure = (reset: boolean) =>
    configureSync({
      reset,
      sinks: {
        stderr: (record) =>
          // Plain values first: the walk by field name does not know errors and URLs.
          sink({
            ...record,
            message: [],
            rawMessage: redactor.text(eventOf(record)),
            properties: fieldsOf(record.properties, redactor, level === "debug"),
          }),
      },
      loggers: [
        { category: "pawl", lowestLevel: level, sinks: ["stderr"] },
        { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
      ],
    });
  configure(false);
  let current = true;
  return {
    update(changes) {
      if (!current) return;
      const before = level;
      level = changes.level ?? level;
      format = changes.format ?? format;
      // What was a secret once may still be quoted by somebody.
      for (const secret of changes.secrets ?? []) secrets.add(secret);
      redactor = new Redactor([...secrets]);
      if (level !== before) configure(true);
    },
    // deno-lint-ignore require-await
    async [Symbol.asyncDispose]() {
      if (current) resetSync();
      current = false;
    },
  };
}

const encoder = new TextEncoder();

function writeToStderr(line: string): void {
  const bytes = encoder.encode(line);
  for (let written = 0; written < bytes.length;) written += Deno.stderr.writeSync(bytes.subarray(written));
}

function wantsColors(): boolean {
  return Deno.stderr.isTerminal() && !Deno.noColor;
}

function eventOf(record: LogRecord): string {
  return typeof record.rawMessage === "string" ? record.rawMessage : record.rawMessage.join("{}");
}

const ownFields = new Set(["time", "level", "event", "part"]);

function renderJson(record: LogRecord): string {
  const fields = Object.entries(record.properties)
    .map(([name, value]) => [ownFields.has(name) ? `${name}_` : name, value] as const);
  // JSON escapes the C0 controls alone; what is left of the others stands inside strings.
  return printable(JSON.stringify({
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    event: eventOf(record),
    part: record.category.join("."),
    ...Object.fromEntries(fields),
  }));
}

const levelColors: Readonly<Record<string, number>> = {
  debug: 2,
  info: 36,
  warning: 33,
  error: 31,
  fatal: 31,
};

function renderPretty(record: LogRecord, colors: boolean): string {
  const paint = (code: number, text: string) => colors ? `\x1b[${code}m${text}\x1b[0m` : text;
  const time = new Date(record.timestamp).toTimeString().slice(0, 8);
  const level = { warning: "WARN", trace: "DEBUG" }[record.level as string] ?? record.level.toUpperCase();
  const fields = Object.entries(record.properties)
    .map(([name, value]) => ` ${paint(2, `${word(name)}=`)}${word(value)}`);
  return `${paint(2, time)} ${paint(levelColors[record.level] ?? 0, level.padEnd(5))} ` +
    `${printable(eventOf(record))}${fields.length === 0 ? "" : " "}${fields.join("")}`;
}

/** Quotes whatever could be taken for a further field. */
function word(value: unknown): string {
  if (typeof value === "string" && /^[^\s"=\\{}]+$/.test(value)) return printable(value);
  return printable(JSON.stringify(value));
}

/**
 * Controls (C0, DEL, C1), line separators, and the marks that turn the direction of writing: with them a text shows
 * as something else than it is.
 */
// deno-lint-ignore no-control-regex
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const shortForms: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Foreign text made safe to print: `text` with everything unprintable written as `\n` or `\u001b`: one line, inert. Also safe inside JSON.
 */
export function printable(text: string): string {
  return text.replace(
    unprintable,
    (char) => shortForms[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const MAX_TEXT_CHARS = 2048;
const MAX_ITEMS = 64;
const MAX_DEPTH = 5;
const MIN_SECRET_CHARS = 4;
/** A shorter start of a secret could be any word's. */
const MIN_PIECE_CHARS = 8;

/** Takes secrets out of texts, wherever they occur in them. Pure. */
class Redactor {
  readonly #needles: readonly string[];

  /** @param secrets those under 4 characters are ignored: they occur in every text. */
  constructor(secrets: readonly string[]) {
    const needles = secrets.filter((secret) => secret.length >= MIN_SECRET_CHARS)
      // A secret that a server quotes may come back escaped.
      .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
    // Longest first: a secret may be part of another.
    this.#needles = [...new Set(needles)].sort((a, b) => b.length - a.length);
  }

  /** `text` without secrets, and cut where it is too long for a log. */
  text(text: string): string {
    let clean = text;
    for (const needle of this.#needles) {
      clean = withoutStartAtEnd(clean.replaceAll(needle, "[redacted]"), needle);
    }
    if (clean.length <= MAX_TEXT_CHARS) return clean;
    return `${clean.slice(0, MAX_TEXT_CHARS)}[${clean.length - MAX_TEXT_CHARS} more characters cut]`;
  }
}

/** Whoever quotes a secret may run out of room: a close frame's reason has 123 bytes. */
function withoutStartAtEnd(text: string, secret: string): string {
  const body = text.endsWith("…") ? text.slice(0, -1) : text;
  for (let at = Math.max(0, body.length - secret.length); at <= body.length - MIN_PIECE_CHARS; at++) {
    if (secret.startsWith(body.slice(at))) return `${body.slice(0, at)}[redacted]`;
  }
  return text;
}

/**
 * A plain copy of a record's fields: strings redacted and cut, errors as text (their message and causes; with
 * `stacks`, their stacks), everything else as JSON would have it. Never throws, whatever the fields hold.
 */
function fieldsOf(
  properties: Readonly<Record<string, unknown>>,
  redactor: Redactor,
  stacks: boolean,
): Record<string, unknown> {
  return plainTable(properties, (value) => plain(value, redactor, stacks, 0), redactor);
}

/** An error and what caused it, on one line. */
function describeError(error: unknown, stacks = false): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  for (let next = error; next !== undefined && !seen.has(next) && seen.size < 8;) {
    seen.add(next);
    if (!(next instanceof Error)) {
      parts.push(String(next));
      break;
    }
    const inner = next instanceof AggregateError
      ? ` (${next.errors.slice(0, 8).map((one) => describeError(one)).join("; ")})`
      : "";
    parts.push((stacks && next.stack ? next.stack : next.message || next.name) + inner);
    next = next.cause;
  }
  return parts.join("; cause: ");
}

function plain(value: unknown, redactor: Redactor, stacks: boolean, depth: number): unknown {
  try {
    switch (typeof value) {
      case "string":
        return redactor.text(value);
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "boolean":
      case "undefined":
        return value;
      case "object":
        break;
      default:
        return redactor.text(String(value));
    }
    if (value === null) return null;
    if (value instanceof Error) return redactor.text(describeError(value, stacks));
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
    if (value instanceof URL) return redactor.text(value.href);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (depth >= MAX_DEPTH) return "[too deep]";
    const inner = (item: unknown) => plain(item, redactor, stacks, depth + 1);
    if (Array.isArray(value)) return plainList(value, inner);
    if (value instanceof Set) return plainList([...value], inner);
    if (value instanceof Map) {
      return plainTable(Object.fromEntries([...value].map(([k, v]) => [String(k), v])), inner, redactor);
    }
    return plainTable(value as Record<string, unknown>, inner, redactor);
  } catch {
    return "[unreadable]"; // a getter that throws must not cost the line
  }
}

function plainList(items: readonly unknown[], inner: (item: unknown) => unknown): unknown[] {
  const kept = items.slice(0, MAX_ITEMS).map(inner);
  return items.length > MAX_ITEMS ? [...kept, `[${items.length - MAX_ITEMS} more]`] : kept;
}

function plainTable(
  table: Readonly<Record<string, unknown>>,
  inner: (item: unknown) => unknown,
  redactor: Redactor,
): Record<string, unknown> {
  const names = Object.keys(table);
  const entries: [string, unknown][] = names.slice(0, MAX_ITEMS)
    .map((name) => [redactor.text(name), inner(table[name])]);
  if (names.length > MAX_ITEMS) entries.push(["…", `[${names.length - MAX_ITEMS} more]`]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
