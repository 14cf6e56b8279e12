/** Silences: which alerts are not to be told for a while. */
import { getLogger, type Logger } from "@logtape/logtape";
import * as z from "zod/mini";
import type { Clock, TimerId } from "../clock.ts";
import type { EngineStore } from "./engine_store.ts";

/** One silence. Times are whole seconds since 1970. */
export interface Silence {
  readonly id: string;
  /** Every one has to fit: the label has this value; `*` stands for any text. */
  readonly matchers: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly created: number;
  readonly until: number;
}

/** What is asked for. */
export interface SilenceRequest {
  readonly matchers: Readonly<Record<string, string>>;
  readonly forMs: number;
  readonly reason: string;
}

/** Options of {@linkcode Silences}. */
export interface SilencesOptions {
  clock: Clock;
  /** From 0 up to 1, as `Math.random`. */
  random: () => number;
  store: EngineStore;
  /** Called after a silence began or ended. */
  onChange: () => void;
  /** @default getLogger(["pawl", "checks"]) */
  logger?: Logger;
}

/** How many there may be at once. */
export const MAX_SILENCES = 1000;

const KIND = "silence";

/** A timer cannot wait for longer than 24 days. */
const MAX_WAIT_MS = 86_400_000;

const recordSchema = z.object({
  matchers: z.record(z.string(), z.string()),
  reason: z.string(),
  created: z.number(),
  until: z.number(),
});

interface Running {
  readonly silence: Silence;
  /** On the monotonic clock: a step of the wall clock ends none. */
  readonly endMs: number;
}

/** Holds what is silenced now, over restarts. Each method may be called at any time. Dispose of it when done. */
export class Silences implements Disposable {
  readonly #options: SilencesOptions;
  readonly #logger: Logger;
  readonly #running = new Map<string, Running>();
  #timer: TimerId | undefined;
  #disposed = false;

  constructor(options: SilencesOptions) {
    this.#options = options;
    this.#logger = options.logger ?? getLogger(["pawl", "checks"]);
    this.#load();
    options.store.onLateOpen(() => {
      this.#load();
      this.#options.onChange();
    });
  }

  /** What runs now, the next to end first. */
  list(): Silence[] {
    return [...this.#running.values()].sort((a, b) => a.endMs - b.endMs).map(({ silence }) => silence);
  }

  /** Whether alerts with these labels are not to be told now. */
  match(labels: Readonly<Record<string, string>>): boolean {
    for (const { silence } of this.#running.values()) if (isMatch(silence.matchers, labels)) return true;
    return false;
  }

  /** Whether this one covers an alert with these labels. */
  covers({ matchers }: Silence, labels: Readonly<Record<string, string>>): boolean {
    return isMatch(matchers, labels);
  }

  /** @throws RangeError where there are too many already. */
  add({ matchers, forMs, reason }: SilenceRequest): Silence {
    if (this.#running.size >= MAX_SILENCES) {
      throw new RangeError(`cannot silence: there are ${MAX_SILENCES} silences already; end some`);
    }
    const nowMs = this.#options.clock.wallMs();
    const silence: Silence = {
      id: this.#newId(),
      matchers: { ...matchers },
      reason,
      created: Math.floor(nowMs / 1000),
      until: Math.ceil((nowMs + forMs) / 1000),
    };
    const { id, ...record } = silence;
    this.#options.store.save([{ kind: KIND, key: id, text: JSON.stringify(record) }]);
    this.#running.set(id, { silence, endMs: this.#options.clock.monotonicMs() + forMs });
    this.#logger.info("silence.began", { ...silence });
    this.#wait();
    this.#options.onChange();
    return silence;
  }

  /** @returns whether there was such a silence. */
  end(id: string): boolean {
    if (!this.#running.has(id)) return false;
    this.#remove(id, "asked");
    this.#wait();
    this.#options.onChange();
    return true;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
  }

  /** What ran out while nobody looked is removed, without a word: what it held is told when it is found again. */
  #load(): void {
    const { store, clock } = this.#options;
    for (const [id, text] of store.all(KIND)) {
      if (this.#running.has(id)) continue;
      const record = recordOf(text);
      const leftMs = record === undefined ? 0 : record.until * 1000 - clock.wallMs();
      if (record === undefined || leftMs <= 0) store.save([{ kind: KIND, key: id, text: undefined }]);
      else this.#running.set(id, { silence: { id, ...record }, endMs: clock.monotonicMs() + leftMs });
    }
    this.#wait();
  }

  #remove(id: string, why: "asked" | "over"): void {
    this.#running.delete(id);
    this.#options.store.save([{ kind: KIND, key: id, text: undefined }]);
    this.#logger.info("silence.ended", { id, why });
  }

  #wait(): void {
    const { clock } = this.#options;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#running.size === 0 || this.#disposed) return;
    const nextMs = Math.min(...[...this.#running.values()].map(({ endMs }) => endMs));
    this.#timer = clock.setTimeout(
      () => this.#endThoseDue(),
      Math.min(MAX_WAIT_MS, Math.max(0, nextMs - clock.monotonicMs())),
    );
  }

  #endThoseDue(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const due = [...this.#running].filter(([, { endMs }]) => endMs <= nowMs);
    for (const [id] of due) this.#remove(id, "over");
    this.#wait();
    if (due.length > 0) this.#options.onChange();
  }

  #newId(): string {
    const first = Math.floor(this.#options.random() * 2 ** 32);
    for (let number = first;; number++) {
      const id = (number % 2 ** 32).toString(16).padStart(8, "0");
      if (!this.#running.has(id)) return id;
    }
  }
}

/** Whether each matcher's label is there and has the matcher's value, in which `*` stands for any text. */
export function isMatch(
  matchers: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(matchers).every(([name, pattern]) =>
    Object.hasOwn(labels, name) && fits(labels[name] ?? "", pattern)
  );
}

/** By hand: a regular expression could be made to take for ever. */
function fits(value: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return value === pattern;
  if (!value.startsWith(first)) return false;
  let from = first.length;
  for (const piece of rest) {
    const at = value.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return value.length - last.length >= from && value.endsWith(last);
}

function recordOf(text: string): z.output<typeof recordSchema> | undefined {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
