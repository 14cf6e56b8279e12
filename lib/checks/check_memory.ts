/** What checks remember: within bounds, and written down no earlier than what was found with it. */
import { getLogger, type Logger } from "@logtape/logtape";
import type { CheckMemory } from "./definition.ts";
import type { EngineChange } from "./engine_file.ts";
import type { EngineStore } from "./engine_store.ts";

/** The longest text under one key, in bytes. */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** All texts of all checks together, in bytes. */
export const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

const PREFIX = "memory:";

/** Options of {@linkcode CheckMemories}. */
export interface CheckMemoriesOptions {
  /** @default {@linkcode MAX_TEXT_BYTES} */
  maxTextBytes?: number;
  /** @default {@linkcode MAX_TOTAL_BYTES} */
  maxTotalBytes?: number;
  /** @default getLogger(["pawl", "checks"]) */
  logger?: Logger;
}

/**
 * The memories of all plugins over one store. A text that a check writes is read back at once; it goes to the store
 * when the engine has done with what the same gather found (`written`, then `saved`): a line of a log must not be
 * passed by before its alert is safe. A text that is too long, or for which there is no room, is forgotten, with
 * one warning.
 */
export class CheckMemories {
  readonly #store: EngineStore;
  readonly #maxTextBytes: number;
  readonly #maxTotalBytes: number;
  readonly #logger: Logger;
  /** What is not in the store yet, by plugin and key. */
  readonly #fresh = new Map<string, Map<string, EngineChange>>();
  #totalBytes: number;
  #warned = false;

  constructor(store: EngineStore, options: CheckMemoriesOptions = {}) {
    const {
      maxTextBytes = MAX_TEXT_BYTES,
      maxTotalBytes = MAX_TOTAL_BYTES,
      logger = getLogger(["pawl", "checks"]),
    } = options;
    this.#store = store;
    this.#maxTextBytes = maxTextBytes;
    this.#maxTotalBytes = maxTotalBytes;
    this.#logger = logger;
    this.#totalBytes = store.bytesOf(PREFIX);
    store.onLateOpen(() => this.#totalBytes = store.bytesOf(PREFIX));
  }

  /** The memory of one plugin. */
  of(plugin: string): CheckMemory {
    return {
      read: (key) => this.#read(plugin, key),
      write: (key, text) => this.#write(plugin, key, text),
    };
  }

  /** What the plugin wrote and the store does not have; it stays readable until `saved` is told. */
  written(plugin: string): EngineChange[] {
    return [...this.#fresh.get(plugin)?.values() ?? []];
  }

  /** The store has them now. */
  saved(changes: Iterable<EngineChange>): void {
    for (const change of changes) {
      if (!change.kind.startsWith(PREFIX)) continue;
      const fresh = this.#fresh.get(change.kind.slice(PREFIX.length));
      if (fresh?.get(change.key) === change) fresh.delete(change.key); // else it has been written again since
    }
  }

  #read(plugin: string, key: string): string | undefined {
    const fresh = this.#fresh.get(plugin)?.get(key);
    return fresh === undefined ? this.#store.get(PREFIX + plugin, key) : fresh.text;
  }

  #write(plugin: string, key: string, text: string): void {
    const before = this.#read(plugin, key);
    if (before === text) return;
    const bytes = bytesOf(text);
    const total = this.#totalBytes + bytes - (before === undefined ? 0 : bytesOf(before));
    const fits = bytes <= this.#maxTextBytes && total <= this.#maxTotalBytes;
    if (!fits && !this.#warned) {
      this.#warned = true;
      this.#logger.warn("checks.memory_full", { plugin, key, bytes, totalBytes: this.#totalBytes });
    }
    this.#totalBytes = fits ? total : total - bytes;
    const fresh = this.#fresh.get(plugin) ?? new Map<string, EngineChange>();
    this.#fresh.set(plugin, fresh.set(key, { kind: PREFIX + plugin, key, text: fits ? text : undefined }));
  }
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
