/** What was diagnosed, kept in the state folder: one JSON file for each run. */
import { join } from "node:path";
import { getLogger, type Logger } from "@logtape/logtape";
import * as z from "zod/mini";
import type { Clock } from "../clock.ts";

/** How a run ended. `partial`: something did not answer in time, or failed. */
export type DiagnosisStatus = "complete" | "partial" | "cancelled" | "failed";

const recordSchema = z.object({
  /** The file's name without `.json`. */
  id: z.string(),
  mode: z.string(),
  plugin: z.string(),
  target: z.string(),
  /** Who asked. */
  user: z.string(),
  /** ISO 8601, UTC. */
  started: z.string(),
  duration_ms: z.number(),
  status: z.enum(["complete", "partial", "cancelled", "failed"]),
  /** One line; why there is none where the run failed. */
  verdict: z.string(),
  steps: z.array(z.object({
    tool: z.string(),
    args: z.record(z.string(), z.unknown()),
    duration_ms: z.number(),
    bytes: z.number(),
    error: z.optional(z.string()),
  })),
  /** Markdown; empty where the run did not get that far. */
  report: z.string(),
});

/** One run, as it is kept. */
export type DiagnosisRecord = z.output<typeof recordSchema>;

/** Options of {@linkcode DiagnosisRecords}. */
export interface DiagnosisRecordsOptions {
  /** The state folder. Records live in `diagnoses` below it, which is made when the first one is written. */
  stateDir: string;
  clock: Clock;
  /** How long a record is kept, in milliseconds. @default 7 days */
  maxAgeMs?: number;
  /** How many are kept. @default 1000 */
  maxRecords?: number;
  /** Part of a record's name. @default random */
  random?: () => string;
  /** @default the logger "pawl", "diagnose" */
  logger?: Logger;
}

const DAY_MS = 86_400_000;
/** A report is bounded, so that what is larger is none of ours. */
const MAX_RECORD_BYTES = 4 * 1024 * 1024;
const NAME = /^(\d{8}T\d{9}Z)-[a-z]+-[\w.-]+-[0-9a-f]+$/;

/**
 * The records of one state folder. Several processes may write and read at once: each record is a file of its own that
 * appears whole or not at all. A disk that fails costs the record, never the session: it is told once until a write
 * works again.
 */
export class DiagnosisRecords {
  readonly #stateDir: string;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #maxRecords: number;
  readonly #random: () => string;
  readonly #logger: Logger;
  #failing = false;

  constructor(options: DiagnosisRecordsOptions) {
    const {
      stateDir,
      clock,
      maxAgeMs = 7 * DAY_MS,
      maxRecords = 1000,
      random = () => crypto.randomUUID().slice(0, 8),
      logger = getLogger(["pawl", "diagnose"]),
    } = options;
    this.#stateDir = stateDir;
    this.#folder = join(stateDir, "diagnoses");
    this.#clock = clock;
    this.#maxAgeMs = maxAgeMs;
    this.#maxRecords = maxRecords;
    this.#random = random;
    this.#logger = logger;
  }

  /** Keeps one run. Never throws. @returns its id, or undefined where the disk would not have it. */
  async write(run: Omit<DiagnosisRecord, "id">): Promise<string | undefined> {
    const id = [stamp(Date.parse(run.started)), run.mode, safeName(run.plugin), this.#random()].join("-");
    const path = join(this.#folder, `${id}.json`);
    const draft = `${path}.part`;
    try {
      await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const text = `${JSON.stringify({ id, ...run }, undefined, 1)}\n`;
      await Deno.writeTextFile(draft, text, { mode: 0o600, createNew: true });
      await this.#giveToOwner(draft);
      await Deno.rename(draft, path);
      await this.#sweep();
      this.#failing = false;
      return id;
    } catch (error) {
      await Deno.remove(draft).catch(() => {});
      if (!this.#failing) this.#logger.warn("diagnose.record_not_kept", { folder: this.#folder, error });
      this.#failing = true;
      return undefined;
    }
  }

  /** Every record that can be read, the newest first. What is not one, or damaged, is left out. */
  async list(): Promise<DiagnosisRecord[]> {
    const records: DiagnosisRecord[] = [];
    for (const id of await this.#ids()) {
      const record = await this.#read(id);
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  /**
   * The record of that id, or of the only id that ends or begins so.
   *
   * @throws Error if there is none, several, or it is damaged.
   */
  async show(id: string): Promise<DiagnosisRecord> {
    const ids = await this.#ids();
    const matching = ids.includes(id) ? [id] : ids.filter((one) => one.startsWith(id) || one.endsWith(id));
    const [found] = matching;
    if (found === undefined || id === "") {
      throw new Error(`cannot show the diagnosis ${id}: there is no such record; see "pawl diagnose list"`);
    }
    if (matching.length > 1) {
      throw new Error(`cannot show the diagnosis ${id}: several begin or end so; give the whole id`);
    }
    const record = await this.#read(found);
    if (record === undefined) throw new Error(`cannot show the diagnosis ${found}: its file is damaged`);
    return record;
  }

  /** What the superuser diagnoses by hand must not lock out the agent, whose folder it is. */
  async #giveToOwner(path: string): Promise<void> {
    const [owner, mine] = await Promise.all([Deno.stat(this.#stateDir), Deno.stat(path)]);
    if (owner.uid === mine.uid || owner.uid === null) return;
    for (const one of [this.#folder, path]) await Deno.chown(one, owner.uid, owner.gid).catch(() => {});
  }

  /** The newest first. */
  async #ids(): Promise<string[]> {
    const ids: string[] = [];
    try {
      for await (const { name, isFile } of Deno.readDir(this.#folder)) {
        if (isFile && name.endsWith(".json") && NAME.test(name.slice(0, -5))) ids.push(name.slice(0, -5));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return ids.sort().reverse();
  }

  async #read(id: string): Promise<DiagnosisRecord | undefined> {
    try {
      const path = join(this.#folder, `${id}.json`);
      if ((await Deno.stat(path)).size > MAX_RECORD_BYTES) return undefined;
      const record = recordSchema.parse(JSON.parse(await Deno.readTextFile(path)));
      return { ...record, id }; // whatever the file says of itself
    } catch {
      return undefined;
    }
  }

  /** Removes what is too old or too many, and drafts of a process that died over them. */
  async #sweep(): Promise<void> {
    const oldest = stamp(this.#clock.wallMs() - this.#maxAgeMs);
    const ids = await this.#ids();
    const gone = ids.filter((id, index) => index >= this.#maxRecords || id < oldest).map((id) =>
      `${id}.json`
    );
    for await (const { name } of Deno.readDir(this.#folder)) {
      if (
        name.endsWith(".json.part") && NAME.test(name.slice(0, -10)) &&
        name < stamp(this.#clock.wallMs() - DAY_MS)
      ) {
        gone.push(name);
      }
    }
    for (const name of gone) {
      await Deno.remove(join(this.#folder, name)).catch((error) => {
        // Another process may have been faster.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }
}

/** `20260131T235959123Z`: sorts as time does. */
function stamp(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/[-:.]/g, "");
}

/** A plugin's name may be a stranger's. */
function safeName(plugin: string): string {
  return plugin.replace(/[^\w.-]+/g, "_").slice(0, 40) || "_";
}
