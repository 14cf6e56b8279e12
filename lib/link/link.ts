/** The connection to the hub over changes of what it is made with. */
import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, sleep } from "../clock.ts";
import type { Backoff } from "./backoff.ts";
import type { ConnectionOptions, RunSignals } from "./connection.ts";
import type { ConnectionLife } from "./connection_end.ts";
import type { ConnectionEvent } from "./connection_event.ts";
import { type LinkSettings, openClient, sameRoute, sameSettings } from "./link_settings.ts";
import { ServerPool } from "./server_pool.ts";

/** What differs from one connection to the next. */
export type ConnectionTarget =
  & Pick<ConnectionOptions, "url" | "via" | "token" | "client" | "handover">
  & { onEvent: (event: ConnectionEvent) => void };

/** Options of {@linkcode Link}. */
export interface LinkOptions {
  settings: LinkSettings;
  /** Makes a connection; `Connection` fits. */
  connect: (target: ConnectionTarget) => { runOnce(signals: RunSignals): Promise<ConnectionLife> };
  /** Called before a dial: the files that the credentials come from may have changed. */
  beforeDial?: () => Promise<void>;
  backoff: Backoff;
  clock: Clock;
  /** Uniform numbers in [0, 1). */
  random: () => number;
  onEvent?: ((event: ConnectionEvent) => void) | undefined;
  logger?: Logger;
}

/** One version of the settings, with what is known of their servers. */
interface Version {
  readonly settings: LinkSettings;
  readonly pool: ServerPool;
  client: Deno.HttpClient | undefined;
  /** Whether a connection was ever registered with it. */
  worked: boolean;
  /** Whether it was told that it does not work. */
  warned: boolean;
}

/** One connection's life under way. */
interface Line {
  readonly version: Version;
  readonly replaced: AbortController;
  /** True once it is registered, false when it has ended without. */
  readonly registered: Promise<boolean>;
  readonly life: Promise<ConnectionLife>;
}

/** How long looking at the credentials' files may hold up a dial: a disk may hang. */
const LOOK_MS = 1000;

/**
 * Dials the servers of its settings, and moves from one version of these to the next without letting go: where a
 * connection is up, one with the new version is made beside it, and takes over once it is registered. What does not
 * work is told once, and tried again with growing waits for as long as it is not withdrawn; the old connection stays.
 *
 * Fits `runForever`, as its connection and its waits. Call order: `runOnce` and `after` in turn, `change` at any time,
 * dispose at the end.
 */
export class Link implements Disposable {
  readonly #options: LinkOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #hurry = new Set<() => void>();
  #current: Version;
  /** What is to take the current one's place. */
  #next: Version | undefined;
  #nextChanged = new AbortController();
  /** The version whose life ended last. */
  #last: Version;
  /** The registered connection, and what it is run with. */
  #up: { line: Line; signals: RunSignals } | undefined;
  #trial: Promise<Line | undefined> | undefined;
  #trialLine: Line | undefined;
  #disposed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#logger = options.logger ?? getLogger(["pawl", "link"]);
    this.#current = this.#last = this.#version(options.settings);
  }

  /** What is in use: the settings of the connection that is up, or was last. */
  get settings(): LinkSettings {
    return this.#current.settings;
  }

  /**
   * From now on `settings` are wanted. Those that work stay until the new ones do; but when the connection is lost and
   * the new ones lead elsewhere, the old ones are not gone back to.
   */
  change(settings: LinkSettings): void {
    if (sameSettings(settings, (this.#next ?? this.#current).settings)) return;
    this.#withdraw();
    if (!sameSettings(settings, this.#current.settings)) this.#want(settings);
  }

  /** Makes a new connection with the settings that are wanted, which takes over as after a {@linkcode change}. */
  renew(): void {
    if (this.#next === undefined && this.#up !== undefined) this.#want(this.#current.settings);
  }

  #want(settings: LinkSettings): void {
    this.#next = this.#version(settings, this.#current.pool.next);
    for (const tell of [...this.#hurry]) tell();
    this.#try();
  }

  /** Calls back each time that there is something new to dial with. */
  readonly onHurry = (callback: () => void): () => void => {
    this.#hurry.add(callback);
    return () => this.#hurry.delete(callback);
  };

  /** See `Connection.runOnce`. Connections that follow one another without a gap are one life. */
  async runOnce(signals: RunSignals): Promise<ConnectionLife> {
    await this.#look(signals);
    const version = this.#choose();
    const url = version.pool.begin();
    let life = await this.#follow(this.#start(version, url, signals), signals);
    // Where a successor is being tried, what comes of it decides how this ends.
    for (;;) {
      const successor = await this.#trial;
      if (successor === undefined) return life;
      this.#trial = undefined;
      life = await this.#follow(successor, signals);
    }
  }

  /** How long to wait after the life that ended last; see `ServerPool.after`. */
  after(life: ConnectionLife): number | undefined {
    const delayMs = this.#last.pool.after(life);
    return delayMs === undefined ? undefined : this.#choose().pool.waitMs;
  }

  /** Closes what dials. Nothing must be called afterwards. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#withdraw();
    this.#release(this.#current);
  }

  #version(settings: LinkSettings, first?: URL): Version {
    const { backoff, clock, random } = this.#options;
    const pool = new ServerPool({ urls: settings.urls, backoff, clock, random, first });
    return { settings, pool, client: undefined, worked: false, warned: false };
  }

  async #look(signals: RunSignals): Promise<void> {
    const { beforeDial } = this.#options;
    if (beforeDial === undefined) return;
    const looked = new AbortController();
    const ends = AbortSignal.any([looked.signal, signals.stop]);
    await Promise.race([beforeDial(), sleep(this.#clock, LOOK_MS, ends).catch(() => {})]);
    looked.abort();
  }

  /** Which version to dial with while none is connected. */
  #choose(): Version {
    const next = this.#next;
    if (next === undefined) return this.#current;
    const goesBack = this.#current.worked && sameRoute(next.settings, this.#current.settings);
    if (!goesBack) this.#adopt(next);
    return goesBack && this.#last === next ? this.#current : next;
  }

  #start(version: Version, url: URL, signals: RunSignals, handover?: () => Promise<void>): Line {
    const { connect, onEvent = () => {} } = this.#options;
    const replaced = new AbortController();
    const registered = Promise.withResolvers<boolean>();
    // Beside a connection that is up nobody is to hear of tries.
    let isHeard = handover === undefined;
    const listen = (event: ConnectionEvent) => {
      if (event.type === "registered") {
        isHeard = true;
        version.worked = true;
        registered.resolve(true);
      }
      if (isHeard) onEvent(event);
    };
    const { token, proxy } = version.settings;
    const run = async (): Promise<ConnectionLife> => {
      let client: Deno.HttpClient;
      try {
        client = version.client ??= openClient(version.settings);
      } catch (error) {
        const reason = `cannot connect to ${url.host}: ${messageOf(error)}; check [server]`;
        return { end: { kind: "dial_failed", reason }, registered: false };
      }
      const via = proxy?.url.host;
      const connection = connect({ url, via, token, client, handover, onEvent: listen });
      return await connection.runOnce({ ...signals, replaced: replaced.signal });
    };
    const life = run();
    void life.finally(() => registered.resolve(false));
    return { version, replaced, registered: registered.promise, life };
  }

  async #follow(line: Line, signals: RunSignals): Promise<ConnectionLife> {
    if (await line.registered) {
      this.#adopt(line.version);
      const up = this.#up = { line, signals };
      if (this.#next !== undefined) void this.#tryAgain(this.#next, up);
    }
    const life = await line.life;
    if (this.#up?.line === line) this.#up = undefined;
    this.#last = line.version;
    if (line.version === this.#next) this.#warn(line.version, life);
    return life;
  }

  /** Begins to try what is wanted beside the connection that is up, where there is one. */
  #try(): void {
    const [next, up] = [this.#next, this.#up];
    if (next === undefined || up === undefined || this.#trial !== undefined || this.#disposed) return;
    this.#trial = this.#tryOnce(next, up).then((line) => {
      if (line === undefined) {
        this.#trial = undefined;
        void this.#tryAgain(next, up);
      }
      return line;
    });
  }

  /** @returns the new connection, where it took over. */
  async #tryOnce(next: Version, { line: old, signals }: { line: Line; signals: RunSignals }) {
    const url = next.pool.begin();
    const line = this.#start(next, url, signals, async () => {
      old.replaced.abort();
      await old.life;
    });
    this.#trialLine = line;
    if (await line.registered) {
      this.#logger.info("link.changed", { hub: url.host });
      return line;
    }
    const life = await line.life;
    this.#trialLine = undefined;
    if (next === this.#next) {
      next.pool.after(life);
      this.#warn(next, life);
    } else this.#release(next);
    return undefined;
  }

  async #tryAgain(next: Version, up: { line: Line; signals: RunSignals }): Promise<void> {
    if (next !== this.#next) return this.#try();
    const changed = this.#nextChanged.signal;
    const gone = new AbortController();
    void up.line.life.finally(() => gone.abort());
    try {
      await sleep(this.#clock, next.pool.waitMs, AbortSignal.any([changed, gone.signal]));
    } catch {
      return; // whoever changed it, or connects anew, goes on
    }
    this.#try();
  }

  #warn(version: Version, { end }: ConnectionLife): void {
    if (end.kind === "stopped" || end.kind === "suspended" || end.kind === "replaced") return;
    const reason = end.reason;
    if (version.warned) return this.#logger.debug("link.change_does_not_work_yet", { reason });
    version.warned = true;
    this.#logger.warn("link.change_does_not_work", {
      reason,
      advice: "what worked before stays in use; this is tried again until it works or is taken back",
    });
  }

  /** It takes the current one's place. */
  #adopt(version: Version): void {
    this.#trialLine = undefined;
    if (version === this.#next) this.#next = undefined;
    if (version === this.#current) return;
    this.#release(this.#current);
    this.#current = version;
  }

  #withdraw(): void {
    const next = this.#next;
    this.#next = undefined;
    this.#nextChanged.abort();
    this.#nextChanged = new AbortController();
    if (this.#trialLine !== undefined) this.#trialLine.replaced.abort();
    else if (next !== undefined) this.#release(next);
  }

  #release(version: Version): void {
    version.client?.close();
    version.client = undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
