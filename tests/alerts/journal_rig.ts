/** What the tests of the journal share: an item that says what it is, and a journal in a folder of its own. */
import assert from "node:assert/strict";
import { getLogger, type Logger } from "@logtape/logtape";
import { Journal, type JournalOptions } from "../../lib/alerts/journal.ts";
import type { AlertQueue, DropReason, Lease, QueueFigures } from "../../lib/alerts/queue.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeClock } from "../fakes/fake_clock.ts";

/** An event as far as the queue cares: `"disk 7"` is the seventh of the key `disk`, `"disk 7!"` is urgent. */
export type Text = string;

/** What most tests' journals are made with. */
export const textOptions = {
  keyOf: (text: Text) => text.split(" ")[0] ?? "",
  isUrgent: (text: Text) => text.endsWith("!"),
};

/** What was logged: event names, and their fields. */
export interface Logged {
  event: string;
  fields: Record<string, unknown>;
}

/** A logger that keeps what it is told at `info` and above. */
export function recorder(logged: Logged[]): Logger {
  const note = (event: string, fields: Record<string, unknown> = {}) => void logged.push({ event, fields });
  const heard: Record<string | symbol, unknown> = { info: note, warn: note, error: note };
  return new Proxy(getLogger(["test", "journal"]), {
    get: (target, name) => heard[name] ?? Reflect.get(target, name),
  });
}

/** A folder with one journal in it, which can be closed and opened again. */
export class JournalRig implements AsyncDisposable {
  readonly folder = new TempFolder();
  readonly clock = new FakeClock();
  readonly logged: Logged[] = [];
  readonly path = this.folder.at("queue.db");
  readonly #options: Partial<JournalOptions<Text>>;
  #journal: Journal<Text> | undefined;

  constructor(options: Partial<JournalOptions<Text>> = {}) {
    this.#options = options;
  }

  /** The journal, opened if it is not. */
  get journal(): Journal<Text> {
    const { path, clock } = this;
    const logger = recorder(this.logged);
    return this.#journal ??= new Journal<Text>({ path, clock, logger, ...textOptions, ...this.#options });
  }

  close(): void {
    this.#journal?.[Symbol.dispose]();
    this.#journal = undefined;
  }

  /** Closes the journal and opens it again, perhaps with other options. */
  reopen(options: Partial<JournalOptions<Text>> = {}): Journal<Text> {
    this.close();
    Object.assign(this.#options, options);
    return this.journal;
  }

  /** The names of the files beside the journal's own three. */
  strangers(): string[] {
    return [...Deno.readDirSync(this.folder.path)].map(({ name }) => name)
      .filter((name) => !["queue.db", "queue.db-wal", "queue.db-shm"].includes(name)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.folder[Symbol.asyncDispose]();
  }
}

/** Takes what must be there. */
export function take<T>(queue: AlertQueue<T>, max = Infinity): Lease<T> {
  const lease = queue.take(max);
  assert.ok(lease, "something should have been there to take");
  return lease;
}

/** `from` to `to`, not including it, as events of one key each, or of `key`. */
export function texts(from: number, to: number, key?: string): Text[] {
  return Array.from({ length: to - from }, (_, index) => `${key ?? from + index} ${from + index}`);
}

export function pushAll<T>(queue: AlertQueue<T>, items: readonly T[]): void {
  for (const item of items) queue.push(item);
}

/** Lets the event loop turn once, as far as the journal uses that. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Checks that the accounting adds up, and what it says. */
export function assertFigures(
  queue: AlertQueue<unknown>,
  expected: { accepted: number; settled?: number; waiting?: number } & Partial<Record<DropReason, number>>,
): void {
  const { waitingBytes: _, ...figures } = queue.figures;
  const { accepted, settled = 0, waiting = 0, superseded = 0, overflow = 0, expired = 0, rejected = 0 } =
    expected;
  const dropped = { superseded, overflow, expired, rejected };
  const all: Omit<QueueFigures, "waitingBytes"> = { accepted, settled, waiting, dropped };
  assert.deepEqual(figures, all);
  assert.equal(accepted, settled + waiting + superseded + overflow + expired + rejected, "does not add up");
}
