/** What the engine keeps over restarts, on a disk that may fail. */
import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, systemClock, type TimerId } from "../clock.ts";
import { type EngineChange, type EngineRows, openEngineFile } from "./engine_file.ts";

/** Options of {@linkcode EngineStore}. */
export interface EngineStoreOptions {
  /** The file, `engine.db` in the state folder; undefined: everything is in memory, and gone with the process. */
  path: string | undefined;
  /** @default systemClock */
  clock?: Clock;
  /** The wait before the first try to write again; it doubles with each. @default 1 s */
  retryMs?: number;
  /** The longest wait. @default 60 s */
  maxRetryMs?: number;
  /** Opens the file; tests put faults between. @default openEngineFile */
  open?: typeof openEngineFile;
  /** @default getLogger(["pawl", "checks"]) */
  logger?: Logger;
}

/**
 * Texts by kind and key. What is saved can be read back at once, and is on disk when {@linkcode save} returns, unless
 * `degraded` says why not: then it is in memory, and the disk is tried again and again until it takes it. Nothing here
 * throws for what the disk does. After disposal, nothing must be called.
 */
export class EngineStore implements Disposable {
  readonly #options: EngineStoreOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #file: EngineRows | undefined;
  /** What the file does not have yet, by kind and key. Without a path, all there is. */
  readonly #unsaved = new Map<string, EngineChange>();
  readonly #listeners = new Set<() => void>();
  #degraded: string | undefined;
  #failures = 0;
  #timer: TimerId | undefined;
  #disposed = false;

  /** Opens the file, or begins without it. */
  constructor(options: EngineStoreOptions) {
    const { clock = systemClock, logger = getLogger(["pawl", "checks"]) } = options;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#write();
  }

  /** Why what is saved would not survive the process; undefined while it would, and without a path. */
  get degraded(): string | undefined {
    return this.#degraded;
  }

  /** Calls back each time that a file which could not be opened before has been: it may hold what nobody has read. */
  onLateOpen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** All keys of a kind with their texts. */
  all(kind: string): [key: string, text: string][] {
    const texts = new Map(this.#read((file) => file.all(kind)) ?? []);
    for (const change of this.#unsaved.values()) {
      if (change.kind !== kind) continue;
      if (change.text === undefined) texts.delete(change.key);
      else texts.set(change.key, change.text);
    }
    return [...texts];
  }

  get(kind: string, key: string): string | undefined {
    const unsaved = this.#unsaved.get(idOf(kind, key));
    return unsaved === undefined ? this.#read((file) => file.get(kind, key)) : unsaved.text;
  }

  /** About how many bytes all texts have whose kind begins so. */
  bytesOf(kindPrefix: string): number {
    let bytes = this.#read((file) => file.bytesOf(kindPrefix)) ?? 0;
    for (const { kind, text } of this.#unsaved.values()) {
      if (kind.startsWith(kindPrefix)) bytes += text?.length ?? 0;
    }
    return bytes;
  }

  /** After disposal it does nothing. */
  save(changes: Iterable<EngineChange>): void {
    if (this.#disposed) return;
    const path = this.#options.path;
    for (const change of changes) {
      const id = idOf(change.kind, change.key);
      if (path === undefined && change.text === undefined) this.#unsaved.delete(id);
      else this.#unsaved.set(id, change);
    }
    if (this.#timer === undefined) this.#write(); // else the disk is known to fail: the timer tries
  }

  /** Writes what can be written, and closes the file. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    if (this.#unsaved.size > 0) this.#write();
    if (this.#options.path !== undefined && this.#unsaved.size > 0) {
      this.#logger.error("checks.state_lost", { path: this.#options.path, why: this.#degraded });
    }
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }

  /** Opens the file where it is not, and writes what it lacks; where that fails, a timer comes back to it. */
  #write(): void {
    const { path, open = openEngineFile } = this.#options;
    if (path === undefined) return;
    try {
      const isLate = this.#file === undefined && this.#degraded !== undefined;
      this.#file ??= open(path, this.#clock.wallMs(), (aside) => {
        this.#logger.error("checks.state_set_aside", { path, ...aside });
      });
      if (isLate && !this.#disposed) this.#tellLateOpen();
      if (this.#unsaved.size > 0) this.#file.write(this.#unsaved.values());
      this.#unsaved.clear();
      this.#works();
    } catch (error) {
      this.#fails(error);
    }
  }

  #tellLateOpen(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        this.#logger.error("checks.listener_failed", { error });
      }
    }
  }

  #works(): void {
    if (this.#degraded !== undefined) {
      this.#logger.info("checks.state_recovered", { path: this.#options.path });
    }
    this.#degraded = undefined;
    this.#failures = 0;
  }

  #fails(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const { path, retryMs = 1000, maxRetryMs = 60_000 } = this.#options;
    if (this.#degraded === undefined) this.#logger.warn("checks.state_in_memory", { path, why });
    this.#degraded =
      `cannot write ${path}: ${why}; alerts, silences and offsets are in memory until it can be`;
    if (this.#disposed) return;
    const delayMs = Math.min(maxRetryMs, retryMs * 2 ** Math.min(this.#failures++, 30));
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#write();
    }, delayMs);
  }

  #read<T>(read: (file: EngineRows) => T): T | undefined {
    if (this.#file === undefined) return undefined;
    try {
      return read(this.#file);
    } catch (error) {
      this.#logger.error("checks.state_unreadable", { path: this.#options.path, error });
      return undefined;
    }
  }
}

function idOf(kind: string, key: string): string {
  return `${kind}\0${key}`;
}
