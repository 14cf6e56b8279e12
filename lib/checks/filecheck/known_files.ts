/** What files looked like the last time, over restarts. */
import { hash } from "node:crypto";
import * as z from "zod/mini";
import type { CheckMemory } from "../definition.ts";

const knownFileSchema = z.object({
  modifiedMs: z.number(),
  sizeBytes: z.number(),
  /** In hex; missing before it was computed. */
  checksum: z.optional(z.string()),
});

/** One file. */
export type KnownFile = z.output<typeof knownFileSchema>;

const shardSchema = z.record(z.string(), knownFileSchema);
/** Thousands of files are kept in several texts, of which only those are written anew that changed. */
const SHARDS = 64;

/** The files of one check. What is {@linkcode set} is kept at the next {@linkcode commit}. */
export class KnownFiles {
  readonly #memory: CheckMemory;
  readonly #key: string;
  readonly #files = new Map<string, KnownFile>();
  readonly #pending = new Map<string, KnownFile | undefined>();
  #hasLooked: boolean;

  constructor(memory: CheckMemory, key: string) {
    this.#memory = memory;
    this.#key = key;
    this.#hasLooked = memory.read(key) !== undefined;
    for (let shard = 0; this.#hasLooked && shard < SHARDS; shard++) {
      for (const [path, file] of Object.entries(read(memory.read(this.#shardKey(shard))))) {
        this.#files.set(path, file);
      }
    }
  }

  /** Whether there was an earlier look that was not given up. */
  get hasLooked(): boolean {
    return this.#hasLooked;
  }

  get(path: string): KnownFile | undefined {
    return this.#files.get(path);
  }

  paths(): string[] {
    return [...this.#files.keys()];
  }

  /** Forgets what a look noted that was given up. */
  begin(): void {
    this.#pending.clear();
  }

  /** Notes what a file looks like now; undefined: it is gone. */
  set(path: string, file: KnownFile | undefined): void {
    this.#pending.set(path, file);
  }

  /** Keeps what was noted. */
  commit(): void {
    const shards = new Set<number>();
    for (const [path, file] of this.#pending) {
      if (JSON.stringify(this.#files.get(path)) === JSON.stringify(file)) continue;
      if (file === undefined) this.#files.delete(path);
      else this.#files.set(path, file);
      shards.add(shardOf(path));
    }
    this.#pending.clear();
    const texts = new Map([...shards].map((shard) => [shard, {} as Record<string, KnownFile>]));
    for (const [path, file] of this.#files) {
      const text = shards.size > 0 ? texts.get(shardOf(path)) : undefined;
      if (text !== undefined) text[path] = file;
    }
    for (const [shard, files] of texts) this.#memory.write(this.#shardKey(shard), JSON.stringify(files));
    if (!this.#hasLooked) this.#memory.write(this.#key, "1");
    this.#hasLooked = true;
  }

  #shardKey(shard: number): string {
    return `${this.#key} #${shard}`;
  }
}

function shardOf(path: string): number {
  return parseInt(hash("md5", path, "hex").slice(0, 2), 16) % SHARDS;
}

function read(text: string | undefined): Record<string, KnownFile> {
  if (text === undefined) return {};
  try {
    const result = shardSchema.safeParse(JSON.parse(text));
    return result.success ? result.data : {};
  } catch {
    return {}; // damaged: those files are seen for the first time
  }
}
