/** Writes down what the engine did, never before the events that go with it are safe. */
import { type Clock, sleep } from "../clock.ts";
import type { CheckMemories } from "./check_memory.ts";
import type { EngineChange } from "./engine_file.ts";
import type { EngineStore } from "./engine_store.ts";

/** How long the last events may take to become safe when the engine stops. */
const CLOSE_MS = 2000;

/** Options of {@linkcode EngineWriter}. */
export interface EngineWriterOptions {
  store: EngineStore;
  memories: CheckMemories;
  /** Whether everything emitted so far would survive a `kill -9`; settles once that is known. */
  durable: () => Promise<boolean>;
  clock: Clock;
}

/**
 * A state that says "told" must not outlive the event: after a crash an event may come twice, never not at all. So
 * changes wait until the events before them are durable; where they are not, for the next {@linkcode flush}.
 */
export class EngineWriter {
  readonly #options: EngineWriterOptions;
  /** By kind and key. */
  readonly #pending = new Map<string, EngineChange>();
  /** Those on their way. */
  readonly #batch = new Map<string, EngineChange>();
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;

  constructor(options: EngineWriterOptions) {
    this.#options = options;
  }

  /** Takes the place of an earlier change of the same text. */
  note(change: EngineChange): void {
    this.#pending.set(idOf(change), change);
  }

  /** Writes this at once: it may be there before the events are safe. Earlier changes of the same text are void. */
  intend(change: EngineChange): void {
    this.#pending.delete(idOf(change));
    this.#batch.delete(idOf(change));
    this.#options.store.save([change]);
  }

  /** Begins to write what was noted; returns at once. */
  flush(): void {
    if (!this.#isWriting) this.#writing = this.#write();
  }

  /** Writes what was noted, 2 s at most. Never rejects. */
  async close(): Promise<void> {
    const over = new AbortController();
    const patience = sleep(this.#options.clock, CLOSE_MS, over.signal).catch(() => {});
    const writing = async () => {
      await this.#writing;
      await this.#write();
    };
    await Promise.race([writing(), patience]);
    over.abort();
    await patience;
  }

  async #write(): Promise<void> {
    const { store, memories, durable } = this.#options;
    this.#isWriting = true;
    while (this.#pending.size > 0) {
      for (const [id, change] of this.#pending) this.#batch.set(id, change);
      this.#pending.clear();
      if (!await Promise.resolve().then(durable).catch(() => false)) {
        for (const [id, change] of this.#batch) if (!this.#pending.has(id)) this.#pending.set(id, change);
        this.#batch.clear();
        break;
      }
      const changes = [...this.#batch.values()];
      this.#batch.clear();
      store.save(changes);
      memories.saved(changes);
    }
    this.#isWriting = false;
  }
}

function idOf({ kind, key }: EngineChange): string {
  return `${kind}\0${key}`;
}
