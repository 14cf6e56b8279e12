/** The audit log as it is written: append-only, chained, on the disk before anything depends on it. */
import { join } from "node:path";
import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, sleep } from "../../clock.ts";
import { auditFiles, CURRENT, lastSeqOf, rotatedName, writeHead, writeWhole } from "./folder.ts";
import { type AuditAnchor, type AuditEvent, writeLine } from "./line.ts";
import { findPlace, type Place } from "./place.ts";

/** How much of the audit is kept. */
export interface AuditBounds {
  /** How large a file may become. @default 8388608 */
  readonly maxBytes?: number;
  /** How many files are kept, the current one among them; at least 2. @default 8 */
  readonly maxFiles?: number;
}

/** Options of {@linkcode AuditLog}. */
export interface AuditLogOptions extends AuditBounds {
  /** Where the files are kept: made when the first entry is written, closed to other users. */
  folder: string;
  clock: Clock;
  /** How long an entry may take to reach the disk, in milliseconds. @default 5000 */
  deadlineMs?: number;
  /** @default getLogger(["pawl", "audit"]) */
  logger?: Logger;
}

interface Waiting {
  readonly events: readonly AuditEvent[];
  readonly timeMs: number;
  readonly written: PromiseWithResolvers<void>;
}

/**
 * Writes entries. {@linkcode append} may be called any number of times at once; entries keep that order. One process
 * writes to a folder at a time: whoever holds the lock of the state folder. Nothing is kept open in between.
 */
export class AuditLog {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #deadlineMs: number;
  #bounds: Required<AuditBounds>;
  #waiting: Waiting[] = [];
  #place: Place | undefined;
  #writing: Promise<void> | undefined;
  /** Since when a write has been hanging that its callers were told has failed. */
  #hangs = false;
  #failing = false;

  /** @throws RangeError for bounds that nothing could be kept in. */
  constructor(options: AuditLogOptions) {
    const {
      folder,
      clock,
      deadlineMs = 5000,
      logger = getLogger(["pawl", "audit"]),
    } = options;
    this.#folder = folder;
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#logger = logger;
    this.#bounds = checked(options);
  }

  /** Other bounds, from the next entry on. @throws RangeError as the constructor does. */
  configure(bounds: AuditBounds): void {
    this.#bounds = checked(bounds);
  }

  /** The last entry that was written; undefined before the first one since the start. */
  get head(): AuditAnchor | undefined {
    return this.#place && { count: this.#place.seq, hash: this.#place.hash };
  }

  /**
   * Writes entries, one after another.
   *
   * @returns when they are on the disk, safe from a loss of power.
   * @throws Error when they are not, or not in time; nothing may happen then that they would have told of.
   */
  async append(...events: readonly AuditEvent[]): Promise<void> {
    if (this.#hangs) throw unwritable(new Error("the disk has not answered yet"));
    const waiting = { events, timeMs: this.#clock.wallMs(), written: Promise.withResolvers<void>() };
    this.#waiting.push(waiting);
    const timer = this.#clock.setTimeout(() => this.#giveUp(waiting), this.#deadlineMs);
    this.#writing ??= this.#writeAll();
    try {
      await waiting.written.promise;
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  /** Waits for what is under way, for `patienceMs` at most: a disk may hang. */
  async settled(patienceMs = 2000): Promise<void> {
    const done = new AbortController();
    const patience = sleep(this.#clock, patienceMs, done.signal).catch(() => {});
    await Promise.race([this.#writing, patience]);
    done.abort();
  }

  #giveUp(waiting: Waiting): void {
    this.#waiting = this.#waiting.filter((one) => one !== waiting);
    this.#hangs = true;
    waiting.written.reject(unwritable(new Error(`the disk took longer than ${this.#deadlineMs / 1000} s`)));
  }

  async #writeAll(): Promise<void> {
    // What is asked for while a write is under way goes to the disk together.
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      try {
        await this.#write(batch);
        if (this.#failing) this.#logger.info("audit.recovered", { folder: this.#folder });
        this.#failing = false;
        for (const { written } of batch) written.resolve();
      } catch (error) {
        this.#place = undefined; // how far it came is looked up before the next entry
        if (!this.#failing) this.#logger.error("audit.not_written", { folder: this.#folder, error });
        this.#failing = true;
        for (const { written } of batch) written.reject(unwritable(error));
      }
      this.#hangs = false;
    }
    this.#writing = undefined; // in the same turn as the last look: nothing can be left waiting in between
  }

  #take(): Waiting[] {
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const place = await this.#currentPlace();
    const notes = place.notes.map((event) => ({ event, timeMs: this.#clock.wallMs() }));
    const asked = batch.flatMap(({ events, timeMs }) => events.map((event) => ({ event, timeMs })));
    await this.#writeLines(place, [...notes, ...asked]);
    for (const { event, ...fields } of place.notes) {
      const about = { folder: this.#folder, found: event, ...fields };
      if (event === "repaired") this.#logger.warn("audit.not_as_left", about);
      else if (event !== "file") this.#logger.error("audit.not_as_left", about);
    }
  }

  /** Where to go on. What others did to the file since the last entry is found by its size. */
  async #currentPlace(): Promise<Place> {
    const place = this.#place;
    if (place !== undefined) {
      const size = await sizeOf(join(this.#folder, CURRENT));
      if (size === place.sizeBytes) {
        if (size < this.#bounds.maxBytes) return place;
        return await this.#rotate(place);
      }
    }
    const found = await findPlace(this.#folder);
    const isFull = found.sizeBytes >= this.#bounds.maxBytes;
    // What was found torn is told in the file that it stands in.
    return isFull && found.notes.length === 0 ? await this.#rotate(found) : found;
  }

  async #rotate(place: Place): Promise<Place> {
    await Deno.rename(join(this.#folder, CURRENT), join(this.#folder, rotatedName(place.seq)));
    const { first } = await this.#dropOldest(place);
    return {
      ...place,
      first,
      sizeBytes: 0,
      needsBreak: false,
      continues: false,
      notes: [{ event: "file", version: 1, previous: place.hash }],
    };
  }

  async #dropOldest(place: Place): Promise<Place> {
    const rotated = (await auditFiles(this.#folder)).filter((name) => name !== CURRENT);
    const surplus = rotated.slice(0, Math.max(0, rotated.length - (this.#bounds.maxFiles - 1)));
    const newest = surplus.at(-1);
    if (newest === undefined) return place;
    const first = (lastSeqOf(newest) ?? 0) + 1;
    // First the head: files that are more than it asks for are no loss, those that are fewer would be one.
    await writeHead(this.#folder, { count: place.seq, hash: place.hash, first });
    for (const name of surplus) await Deno.remove(join(this.#folder, name));
    return { ...place, first };
  }

  async #writeLines(place: Place, events: readonly { event: AuditEvent; timeMs: number }[]): Promise<void> {
    let { seq, hash } = place;
    let text = place.needsBreak ? "\n" : "";
    for (const { event, timeMs } of events) {
      const line = writeLine(hash, { ...event, seq: ++seq, time: new Date(timeMs).toISOString() });
      text += `${line.text}\n`;
      hash = line.hash;
    }
    const bytes = new TextEncoder().encode(text);
    using file = await Deno.open(join(this.#folder, CURRENT), { append: true, create: true, mode: 0o600 });
    await writeWhole(file, bytes);
    await file.syncData();
    if (!place.continues) await syncFolder(this.#folder);
    await writeHead(this.#folder, { count: seq, hash, first: place.first });
    this.#place = {
      seq,
      hash,
      first: place.first,
      sizeBytes: place.sizeBytes + bytes.length,
      needsBreak: false,
      continues: true,
      notes: [],
    };
  }
}

function checked({ maxBytes = 8 * 1024 * 1024, maxFiles = 8 }: AuditBounds): Required<AuditBounds> {
  if (maxBytes >= 4096 && maxFiles >= 2) return { maxBytes, maxFiles };
  throw new RangeError(
    `cannot keep an audit: it takes 2 files of 4096 bytes at least, not ${maxFiles} of ${maxBytes}`,
  );
}

function unwritable(cause: unknown): Error {
  return new Error("the audit log cannot be written", { cause });
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A new file's name is safe from a loss of power only once its folder is. */
async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}
