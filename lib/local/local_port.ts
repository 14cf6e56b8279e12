/** What the local server needs of the agent: a narrow port that the agent's root fills. */
import type { AlertEvent } from "../alerts/event.ts";
import type { AgentStatus, AlertStatus, SilenceStatus } from "./agent_status.ts";

/** What became of events that were offered. */
export type AcceptResult =
  | {
    readonly accepted: true;
    /** Whether they would survive a crash now; settles once that is known. See `AlertQueue.durable`. */
    readonly durable: Promise<boolean>;
  }
  /** There is no room but by dropping events that nothing newer supersedes. Nothing was taken in. */
  | { readonly accepted: false; readonly retryAfterSec: number }
  /** They would not fit if the queue were empty. Nothing was taken in. */
  | { readonly accepted: false; readonly capacity: QueueCapacity };

/** How much a queue can hold. */
export interface QueueCapacity {
  readonly events: number;
  /** Encoded text; infinite where that is not bounded. */
  readonly bytes: number;
}

/** What events get that do not bring it themselves. */
export interface EventDefaults {
  /** Added to the labels of every event; the event's own win. */
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970. */
  readonly timeSec: number;
}

/** Which alerts are not to be told for a while. */
export interface SilenceOrder {
  readonly matchers: Readonly<Record<string, string>>;
  readonly forSec: number;
  /** May be empty. */
  readonly reason: string;
}

/** The agent, as its local server sees it. Nothing here waits. */
export interface LocalPort {
  defaults(): EventDefaults;
  /** Takes in all of them or none. As JSON they come to `bytes` at most, and not to much less. */
  accept(events: readonly AlertEvent[], bytes: number): AcceptResult;
  /** Why the agent is not connected and acked; undefined when it is. */
  unreadyReason(): string | undefined;
  status(): AgentStatus;
  /** The open alerts of the agent's own checks, silenced ones too, the oldest first. */
  alerts(): readonly AlertStatus[];
  /** What is silenced now, the next to end first. */
  silences(): readonly SilenceStatus[];
  /** @returns the new silence. @throws RangeError where there are too many already. */
  silence(order: SilenceOrder): SilenceStatus;
  /** @returns whether there was such a silence. */
  endSilence(id: string): boolean;
}
