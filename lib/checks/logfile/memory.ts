/** Where each log was left, over restarts. */
import * as z from "zod/mini";
import type { FileState } from "../../host/files/regular_file.ts";
import type { CheckMemory } from "../definition.ts";
import { type LogPosition, logPositionSchema } from "./position.ts";

const recordSchema = z.object({
  /** When the logs were looked at for the first time, in milliseconds since 1970. */
  sinceMs: z.number(),
  /** The one read last at the end. */
  logs: z.array(z.tuple([z.string(), logPositionSchema])),
});

const SETTLED_MS = 2000;

/**
 * The positions of one check. What is {@linkcode set} is kept at the next {@linkcode commit}: a look that is given up
 * midway changes nothing, and its lines are read again.
 */
export class LogMemory {
  readonly #memory: CheckMemory;
  readonly #key: string;
  readonly #sinceMs: number;
  #isFirst: boolean;
  #positions: ReadonlyMap<string, LogPosition>;
  readonly #pending = new Map<string, { position: LogPosition; state: FileState | undefined }>();
  readonly #states = new Map<string, FileState>();

  constructor(memory: CheckMemory, key: string, nowMs: number) {
    this.#memory = memory;
    this.#key = key;
    const record = read(memory.read(key));
    this.#isFirst = record === undefined;
    this.#sinceMs = record?.sinceMs ?? nowMs;
    this.#positions = new Map(record?.logs ?? []);
  }

  /** Forgets what a look noted that was given up. */
  begin(): void {
    this.#pending.clear();
  }

  /** Whether it was read before. */
  knows(log: string): boolean {
    return this.#positions.has(log);
  }

  /** Where it was left. */
  position(log: string): LogPosition | undefined {
    return this.#positions.get(log);
  }

  /** Whether a log was made after the first look: then it is new from its first line on. */
  isYounger(bornMs: number): boolean {
    return !this.#isFirst && bornMs > this.#sinceMs;
  }

  /** Whether nothing happened to it since it was read to its end. */
  isQuiet(log: string, state: FileState): boolean {
    const last = this.#states.get(log);
    return last !== undefined && last.inode === state.inode && last.device === state.device &&
      last.sizeBytes === state.sizeBytes && last.modifiedMs === state.modifiedMs &&
      last.changedMs === state.changedMs;
  }

  /** Notes how far it was read; `state` as it was before, where it was read to its end. */
  set(log: string, position: LogPosition, state: FileState | undefined, nowMs: number): void {
    // Times have a grain: what was changed just now may change again, and look the same.
    const isSettled = state !== undefined && nowMs - state.modifiedMs >= SETTLED_MS;
    this.#pending.set(log, { position, state: isSettled ? state : undefined });
  }

  /** Keeps what was noted; of the logs that are gone, so many that `maxLogs` are kept in all. */
  commit(logs: readonly string[], maxLogs: number): void {
    const positions = new Map(this.#positions);
    let changed = this.#isFirst;
    this.#isFirst = false;
    for (const [log, { position, state }] of this.#pending) {
      changed ||= JSON.stringify(positions.get(log)) !== JSON.stringify(position);
      positions.set(log, position);
      if (state === undefined) this.#states.delete(log);
      else this.#states.set(log, state);
    }
    this.#pending.clear();
    for (const log of positions.keys()) {
      if (positions.size <= maxLogs) break;
      if (!logs.includes(log)) changed = positions.delete(log);
    }
    this.#positions = positions;
    if (changed) {
      this.#memory.write(this.#key, JSON.stringify({ sinceMs: this.#sinceMs, logs: [...positions] }));
    }
  }
}

function read(text: string | undefined): z.output<typeof recordSchema> | undefined {
  if (text === undefined) return undefined;
  try {
    const result = recordSchema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined; // damaged: as if it had never looked
  }
}
