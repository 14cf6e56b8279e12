/** The host's own word on remote sessions, with what an hour has seen of them so far. */
import type { Clock } from "../clock.ts";
import type { SessionLimits } from "./limits.ts";
import { offTheList, type RemoteRequest, type RemoteRules } from "./policy.ts";
import { Quota } from "./quota.ts";

/** What the host allows. What is left out is not limited. */
export interface RemoteSettings extends RemoteRules, SessionLimits {
  /** How many sessions may begin within an hour. */
  readonly maxSessionsPerHour?: number;
  /** How many tools all sessions together may run within an hour. */
  readonly maxToolRunsPerHour?: number;
}

/** What holds where nothing is configured. */
export const DEFAULT_REMOTE_SETTINGS = {
  sessions: ["inspect", "diagnose", "chat"],
  users: [],
  maxTurns: 100,
  maxMs: 60 * 60_000,
  maxOutputBytes: 16 * 1024 * 1024,
  maxToolRuns: 200,
  maxSessionsPerHour: 120,
  maxToolRunsPerHour: 2000,
} as const satisfies RemoteSettings;

/** One for all connections, so that a hub gains nothing by connecting anew. */
export class RemotePolicy {
  readonly #sessions: Quota;
  readonly #toolRuns: Quota;
  #settings: RemoteSettings;

  constructor(clock: Clock, settings: RemoteSettings = {}) {
    this.#settings = settings;
    this.#sessions = new Quota({ clock, max: settings.maxSessionsPerHour });
    this.#toolRuns = new Quota({ clock, max: settings.maxToolRunsPerHour });
  }

  /** Other settings, for what is asked from now on; the hour's counts stay, and so do sessions that run. */
  configure(settings: RemoteSettings): void {
    this.#settings = settings;
    this.#sessions.configure(settings.maxSessionsPerHour);
    this.#toolRuns.configure(settings.maxToolRunsPerHour);
  }

  /** What one session may use. */
  get limits(): SessionLimits {
    return this.#settings;
  }

  /** What is not allowed, as the hub is told; undefined where the session may begin. Counts nothing. */
  refusal(request: RemoteRequest): string | undefined {
    return offTheList(request, this.#settings) ??
      (this.#sessions.hasRoom ? undefined : `more than ${this.#sessions.max} sessions within an hour`);
  }

  /** A session begins. */
  countSession(): void {
    this.#sessions.take();
  }

  /** A session that was counted could not begin, through no fault of the hub's. */
  uncountSession(): void {
    this.#sessions.giveBack();
  }

  /** A tool is about to run. @returns the limit that does not let it; undefined where none does. */
  countToolRun(): string | undefined {
    return this.#toolRuns.take() ? undefined : `${this.#toolRuns.max} tool runs within an hour`;
  }
}
