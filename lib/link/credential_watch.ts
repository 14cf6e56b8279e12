/** Credentials in files: whether they have changed. */
import { getLogger, type Logger } from "@logtape/logtape";
import type { Clock, TimerId } from "../clock.ts";
import { type Credentials, sameCredentials } from "./link_settings.ts";

/** Where credentials come from that may change. */
export interface CredentialSource {
  /** Cheap; another text when the files may have changed. Never rejects. */
  fingerprint(): Promise<string>;
  /** Reads them anew. Rejects where they cannot be used. */
  read(): Promise<Credentials>;
}

/** Options of {@linkcode CredentialWatch}. */
export interface CredentialWatchOptions {
  source: CredentialSource;
  /** What was read last. */
  known: Credentials;
  onChange: (credentials: Credentials) => void;
  clock: Clock;
  /** How often to look. @default 30 s */
  intervalMs?: number;
  logger?: Logger;
}

/**
 * Looks every `intervalMs` from {@linkcode start} on, and when it is asked to. It asks what the files are, not for
 * notice of changes: so it sees what replaces them, too, and needs no more of the sandbox than to read them. What
 * cannot be used is one warning for each change.
 */
export class CredentialWatch implements Disposable {
  readonly #options: CredentialWatchOptions;
  readonly #logger: Logger;
  #known: Credentials;
  #fingerprint: string | undefined;
  #looking: Promise<void> | undefined;
  #timer: TimerId | undefined;
  #disposed = false;

  constructor(options: CredentialWatchOptions) {
    this.#options = options;
    this.#known = options.known;
    this.#logger = options.logger ?? getLogger(["pawl", "link"]);
  }

  /** Begins to look by itself. */
  start(): void {
    const { clock, intervalMs = 30_000 } = this.#options;
    if (this.#disposed || this.#timer !== undefined) return;
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      void this.look();
      this.start();
    }, intervalMs);
  }

  /** Looks now; several at once look once. Never rejects. */
  look(): Promise<void> {
    return this.#looking ??= this.#look().finally(() => this.#looking = undefined);
  }

  /** Stops looking; nothing is told afterwards. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const { source, onChange } = this.#options;
    try {
      const fingerprint = await source.fingerprint(); // before reading: a change meanwhile is seen the next time
      if (fingerprint === this.#fingerprint || this.#disposed) return;
      this.#fingerprint = fingerprint;
      const credentials = await source.read();
      if (this.#disposed || sameCredentials(credentials, this.#known)) return;
      this.#known = credentials;
      onChange(credentials);
    } catch (error) {
      if (!this.#disposed) this.#logger.warn("link.credentials_unusable", { error });
    }
  }
}
