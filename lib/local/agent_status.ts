/** What the agent tells of itself to those on its own host: the body of `GET /v1/status`, and the source of `/metrics`. */
import type { EventStatus } from "../alerts/event.ts";
import type { DropReason } from "../alerts/queue.ts";

/** Whether there is a hub to talk to. `connecting`: dialling, or not registered yet; `waiting`: for the next try. */
export type ConnectionState = "connecting" | "connected" | "waiting" | "stopped";

/** The one connection. Times are whole seconds since 1970. */
export interface LinkStatus {
  readonly state: ConnectionState;
  /** Host and port of the hub. */
  readonly hub: string;
  /** Since when it is in this state. */
  readonly since: number;
  /** The extensions in use; empty while not connected. */
  readonly capabilities: readonly string[];
  /** Why the connection before this state ended. */
  readonly last_error?: string;
  /** When the next try is due; only while `waiting`. */
  readonly next_try?: number;
  /** How many connections have ended, by why. */
  readonly ended: Readonly<Record<string, number>>;
}

/**
 * The events of one destination, counted since its queue was made, across restarts where it is durable. They add up:
 * accepted = settled + waiting + everything dropped.
 */
export interface DestinationStatus {
  /** `server` for the hub, else the name in `[notify.<name>]`. */
  readonly name: string;
  readonly accepted: number;
  readonly settled: number;
  /** Not settled, including what is on its way. */
  readonly waiting: number;
  readonly waiting_bytes: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Why what is accepted now would not survive a crash; missing while it would. */
  readonly degraded?: string;
  /** Messages or requests that carried events, since the agent started. */
  readonly batches: number;
  /** Events sent more than once, since the agent started. */
  readonly resent: number;
  /** Why the last attempt failed; missing once one succeeds. */
  readonly last_error?: string;
}

/** Sessions since the agent started. */
export interface SessionsStatus {
  readonly active: number;
  readonly limit: number;
  /** By type. */
  readonly started: Readonly<Record<string, number>>;
  /** By the words of the refusal, without what varies. */
  readonly refused: Readonly<Record<string, number>>;
}

/** What a gather came to: the worst status found, or why nothing was. `pending`: it has not looked yet. */
export type CheckResult = EventStatus | "failed" | "unavailable" | "pending";

/** One scheduled check since the agent started. */
export interface CheckStatus {
  readonly plugin: string;
  readonly target: string;
  /** The last gather's. */
  readonly result: CheckResult;
  /** Gathers by what they came to. */
  readonly results: Readonly<Partial<Record<CheckResult, number>>>;
  /** How long the last gather took; missing before the first has ended. */
  readonly last_duration_sec?: number;
  /** How long all gathers took together. */
  readonly total_duration_sec: number;
}

/** A problem that the agent's own checks found, that has lasted long enough, and is not over. */
export interface AlertStatus {
  /** As in the events about it. */
  readonly alert_key: string;
  /** The label `check`. */
  readonly check: string;
  /** The label `target`. */
  readonly target: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly status: EventStatus;
  /** Since when, in whole seconds since 1970. */
  readonly since: number;
  readonly description: string;
  /** A silence keeps it from being told now. */
  readonly silenced: boolean;
}

/** Alerts that are not told for a while. Times are whole seconds since 1970. */
export interface SilenceStatus {
  readonly id: string;
  /** Which: each label has this value, in which `*` stands for any text. */
  readonly matchers: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly created: number;
  readonly until: number;
  /** How many of the open alerts it covers. */
  readonly matching: number;
}

/** The whole. */
export interface AgentStatus {
  readonly version: string;
  readonly agent_id: string;
  readonly uptime_sec: number;
  readonly connection: LinkStatus;
  readonly destinations: readonly DestinationStatus[];
  readonly sessions: SessionsStatus;
  readonly checks: readonly CheckStatus[];
  /** The oldest first. */
  readonly alerts: readonly AlertStatus[];
  /** How many run now. */
  readonly silences: number;
  /** Why the state of alerts would not survive a crash; missing while it would. */
  readonly alerts_degraded?: string;
}
