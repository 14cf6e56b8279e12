/** Several servers that do the same: which one to dial next, and how soon. */
import type { Clock } from "../clock.ts";
import type { Backoff, BackoffState } from "./backoff.ts";
import type { ConnectionLife } from "./connection_end.ts";

/** Options of {@linkcode ServerPool}. */
export interface ServerPoolOptions {
  /** The endpoints, at least one, none twice. */
  urls: readonly URL[];
  backoff: Backoff;
  clock: Clock;
  /** Uniform numbers in [0, 1). */
  random: () => number;
  /** The one to begin with, where it is among them. @default any */
  first?: URL | undefined;
  /** A connection that is lost sooner than this is not what a server is preferred for. @default 60 s */
  steadyMs?: number;
}

/** What is remembered of one server. */
interface Server {
  readonly url: URL;
  ladder: BackoffState;
  /** Before this it is left alone, on the monotonic clock. */
  readyMs: number;
  /** In a row. */
  failures: number;
  /** How many connections in a row were lost soon. */
  shortLives: number;
}

/**
 * The health of servers, remembered. The one that worked last is preferred until it fails, and one that has come back
 * is not returned to for that alone; one that failed is left alone for as long as its own ladder of waits says, while
 * the others are tried about a second apart, those with the fewest failures first, equals by chance. With a single
 * server its waits are the backoff's.
 *
 * Call order: {@linkcode begin}, then {@linkcode after} with what came of it; and again.
 */
export class ServerPool {
  readonly #backoff: Backoff;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #steadyMs: number;
  readonly #servers: readonly Server[];
  #next: Server;
  #preferred: Server | undefined;
  /** Before this none is dialled: the others, too, are to be tried one after the other. */
  #gapUntilMs = -Infinity;
  #begunMs = 0;

  /** @throws RangeError without a server. */
  constructor({ urls, backoff, clock, random, first, steadyMs = 60_000 }: ServerPoolOptions) {
    this.#backoff = backoff;
    this.#clock = clock;
    this.#random = random;
    this.#steadyMs = steadyMs;
    this.#servers = urls.map((url) => ({
      url,
      ladder: backoff.initial(),
      readyMs: -Infinity,
      failures: 0,
      shortLives: 0,
    }));
    const start = this.#servers.find(({ url }) => url.href === first?.href) ?? this.#anyOf(this.#servers);
    if (start === undefined) throw new RangeError("cannot connect: no server is named; name at least one");
    this.#next = start;
  }

  /** The server that is next. */
  get next(): URL {
    return this.#next.url;
  }

  /** How long to wait before it is dialled. */
  get waitMs(): number {
    return Math.max(0, this.#next.readyMs - this.#clock.monotonicMs(), this.#gapMs());
  }

  /** It is dialled now. */
  begin(): URL {
    this.#begunMs = this.#clock.monotonicMs();
    return this.#next.url;
  }

  /**
   * How that ended.
   * @returns how long to wait, in milliseconds, before the next is dialled; undefined: not at all.
   */
  after({ end, registered }: ConnectionLife): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    const server = this.#next;
    if (registered) server.ladder = this.#backoff.initial();
    const { delayMs, state } = this.#backoff.next(end, server.ladder, this.#random);
    server.ladder = state;
    if (delayMs === undefined) return undefined;
    server.readyMs = nowMs + delayMs;
    this.#judge(server, end.kind, registered, nowMs - this.#begunMs >= this.#steadyMs);
    this.#next = this.#preferred ?? this.#choose(nowMs);
    if (this.#next !== server) {
      const { delayMs: gapMs = 0 } = this.#backoff.next(
        { kind: "lost", reason: "" },
        this.#backoff.initial(),
        this.#random,
      );
      this.#gapUntilMs = nowMs + gapMs;
    }
    return this.waitMs;
  }

  #judge(server: Server, kind: ConnectionLife["end"]["kind"], registered: boolean, steady: boolean): void {
    if (kind === "suspended" || kind === "replaced") return;
    if (registered && steady) server.failures = server.shortLives = 0;
    if (registered && !steady) server.shortLives++;
    // A server that takes everybody and soon loses them again is no better than one that takes nobody.
    if (registered && kind === "lost" && server.shortLives < 2) {
      this.#preferred = server;
      return;
    }
    server.failures++;
    if (this.#preferred === server) this.#preferred = undefined;
  }

  #choose(nowMs: number): Server {
    const ready = this.#servers.filter(({ readyMs }) => readyMs <= nowMs);
    const fewest = Math.min(...ready.map(({ failures }) => failures));
    return this.#anyOf(ready.filter(({ failures }) => failures === fewest)) ??
      this.#servers.reduce((soonest, server) => server.readyMs < soonest.readyMs ? server : soonest);
  }

  /** With one there is no choice, and no number is drawn. */
  #anyOf(servers: readonly Server[]): Server | undefined {
    return servers.length < 2 ? servers[0] : servers[Math.floor(this.#random() * servers.length)];
  }

  #gapMs(): number {
    return this.#gapUntilMs - this.#clock.monotonicMs();
  }
}
