/** The agent's one connection, for as long as it runs: dialling, registering, reconnecting, moving. */
import { getLogger, type Logger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import { Backoff, type BackoffOptions } from "./backoff.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import type { ConnectionEvent } from "./connection_event.ts";
import { type CredentialSource, CredentialWatch } from "./credential_watch.ts";
import { type ConnectionTarget, Link } from "./link.ts";
import type { LinkSettings } from "./link_settings.ts";
import { runForever } from "./reconnect.ts";
import { SuspensionDetector } from "./suspension.ts";

/** Options of {@linkcode HubLink}. */
export interface HubLinkOptions {
  settings: LinkSettings;
  /** Where the credentials in `settings` come from, where that may change. */
  credentials?: CredentialSource | undefined;
  /** What all connections have in common. */
  connection: Omit<ConnectionOptions, keyof ConnectionTarget | "clock" | "logger">;
  backoff?: BackoffOptions | undefined;
  clock: Clock;
  /** Uniform numbers in [0, 1). */
  random: () => number;
  onEvent?: ((event: ConnectionEvent) => void) | undefined;
  logger?: Logger;
}

/** Call order: construct, `run` once, dispose; `change` and `renew` at any time before that. */
export class HubLink implements Disposable {
  readonly #options: HubLinkOptions;
  readonly #link: Link;
  #wanted: LinkSettings;
  #watch: CredentialWatch | undefined;
  #running = false;

  /** @throws RangeError without a server, and for timings that no timer can keep. */
  constructor(options: HubLinkOptions) {
    const { settings, connection, backoff, clock, random, onEvent, logger = getLogger(["pawl", "link"]) } =
      options;
    this.#options = options;
    this.#wanted = settings;
    const connect = (target: ConnectionTarget) => new Connection({ ...connection, ...target, clock, logger });
    const [url = new URL("wss://nowhere")] = settings.urls;
    connect({ url, onEvent: () => {} }); // so that timings which cannot be kept are told now
    this.#link = new Link({
      settings,
      connect,
      beforeDial: async () => await this.#watch?.look(),
      backoff: new Backoff(backoff),
      clock,
      random,
      onEvent,
      logger,
    });
    this.#watchOver(options.credentials);
  }

  /** Keeps a connection until `stop` is aborted; then says goodbye in order. Never rejects. */
  async run(stop: AbortSignal): Promise<void> {
    const { clock, onEvent, logger } = this.#options;
    this.#running = true;
    this.#watch?.start();
    await runForever({
      connection: this.#link,
      waits: this.#link,
      suspension: new SuspensionDetector({ clock }),
      hurry: this.#link.onHurry,
      clock,
      onEvent,
      ...(logger && { logger }),
    }, stop);
    this.#running = false;
    this.#watch?.[Symbol.dispose]();
  }

  /** See `Link.change`. */
  change(settings: LinkSettings, credentials: CredentialSource | undefined): void {
    this.#wanted = settings;
    this.#watchOver(credentials);
    this.#link.change(settings);
  }

  /** Connects anew, beside the connection that is up: what was agreed on it does not hold any more. */
  renew(): void {
    this.#link.renew();
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
    this.#link[Symbol.dispose]();
  }

  #watchOver(source: CredentialSource | undefined): void {
    const { clock, logger } = this.#options;
    this.#watch?.[Symbol.dispose]();
    this.#watch = source && new CredentialWatch({
      source,
      known: this.#wanted,
      onChange: (credentials) => {
        this.#wanted = { ...this.#wanted, ...credentials };
        this.#link.change(this.#wanted);
      },
      clock,
      ...(logger && { logger }),
    });
    if (this.#running) this.#watch?.start();
  }
}
