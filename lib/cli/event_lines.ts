/** Events on stdin: one a line, or one JSON document. Read piece by piece, handed on in batches. */

/** A batch of events, one a line, without the last line break. */
export interface EventBatch {
  readonly text: string;
  readonly count: number;
  /** Where each event stands: the line on stdin, from 1, or its place in the array. */
  readonly positions: readonly number[];
  /** What {@linkcode positions} counts. */
  readonly unit: "line" | "event";
}

/** Options of {@linkcode readBatches}. */
export interface ReadBatchesOptions {
  /** Events in one batch. @default 1000 */
  maxEvents?: number;
  /** Characters in one batch, but for an event that is longer by itself. @default 1 Mi */
  maxChars?: number;
  /** The longest line, or document that is not one event a line, in characters. @default 8 Mi */
  maxDocumentChars?: number;
}

/**
 * Reads events as they come. Whatever whole lines a piece brings are handed on before the next piece is asked for, so
 * that an endless input is sent as it comes.
 *
 * @throws Error for input that is no UTF-8, no JSON, or too long.
 */
export async function* readBatches(
  input: AsyncIterable<Uint8Array>,
  { maxEvents = 1000, maxChars = 1024 * 1024, maxDocumentChars = 8 * 1024 * 1024 }: ReadBatchesOptions = {},
): AsyncGenerator<EventBatch> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const batch = new Batch(maxEvents, maxChars);
  let rest = "";
  let line = 0;
  let isLines: boolean | undefined;
  for await (const piece of input) {
    rest += decode(decoder, piece);
    if (isLines === undefined) {
      rest = rest.replace(/^\s+/, (blank) => (line += blank.split("\n").length - 1, ""));
      if (rest.includes("\n")) isLines = isEvent(rest.slice(0, rest.indexOf("\n")));
    }
    if (isLines) {
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) yield* batch.add(text, ++line);
      yield* batch.end();
    }
    if (rest.length > maxDocumentChars) {
      throw new Error(
        `cannot read the events: there are ${maxDocumentChars} characters without an event's end; ` +
          "write one event a line",
      );
    }
  }
  rest += decode(decoder);
  const document = isLines ? undefined : documentIn(rest);
  if (document === undefined) {
    for (const text of rest.split("\n")) yield* batch.add(text, ++line);
    yield* batch.end();
  } else {
    const events = new Batch(maxEvents, maxChars, "event");
    for (const [index, event] of document.entries()) yield* events.add(JSON.stringify(event), index + 1);
    yield* events.end();
  }
}

class Batch {
  readonly #maxEvents: number;
  readonly #maxChars: number;
  readonly #unit: EventBatch["unit"];
  #lines: string[] = [];
  #positions: number[] = [];
  #chars = 0;

  constructor(maxEvents: number, maxChars: number, unit: EventBatch["unit"] = "line") {
    this.#maxEvents = maxEvents;
    this.#maxChars = maxChars;
    this.#unit = unit;
  }

  *add(line: string, position: number): Generator<EventBatch> {
    if (line.trim() === "") return;
    const isFull = this.#lines.length === this.#maxEvents || this.#chars + line.length > this.#maxChars;
    if (isFull) yield* this.end();
    this.#lines.push(line);
    this.#positions.push(position);
    this.#chars += line.length + 1;
  }

  *end(): Generator<EventBatch> {
    if (this.#lines.length === 0) return;
    const batch = {
      text: this.#lines.join("\n"),
      count: this.#lines.length,
      positions: this.#positions,
      unit: this.#unit,
    };
    [this.#lines, this.#positions, this.#chars] = [[], [], 0];
    yield batch;
  }
}

/** Whether a line is JSON by itself, and not a whole list: not the beginning of something longer. */
function isEvent(line: string): boolean {
  try {
    return !Array.isArray(JSON.parse(line));
  } catch {
    return false;
  }
}

/** The events of a text that is JSON as a whole; undefined where it had better be read line by line. */
function documentIn(text: string): unknown[] | undefined {
  if (text.trim() === "") return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [value];
  } catch (cause) {
    if (text.includes("\n")) return undefined; // lines, the first of which is wrong: the agent says which
    throw new Error("cannot read the events: they are not JSON; write one event a line, or an array", {
      cause,
    });
  }
}

function decode(decoder: TextDecoder, piece?: Uint8Array): string {
  try {
    return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
  } catch (cause) {
    throw new Error("cannot read the events: they are not UTF-8 text; convert them", { cause });
  }
}
