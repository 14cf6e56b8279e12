/** The agent as its local server sees it: gathers from the agent's parts what is asked of them. */
import type { AlertEvent } from "../alerts/event.ts";
import type { AlertQueue } from "../alerts/queue.ts";
import type { Clock } from "../clock.ts";
import type {
  AgentStatus,
  AlertStatus,
  CheckStatus,
  DestinationStatus,
  SilenceStatus,
} from "./agent_status.ts";
import type { LinkTracker } from "./link_tracker.ts";
import type { AcceptResult, EventDefaults, LocalPort, QueueCapacity, SilenceOrder } from "./local_port.ts";

/** One destination's queue, and what else is known of it. */
export interface PortDestination {
  readonly name: string;
  readonly queue: AlertQueue<AlertEvent>;
  /** Messages or requests that carried events, events sent again, why the last attempt failed. */
  figures(): { batches: number; resent: number; lastError?: string | undefined };
}

/** What the port needs of whoever follows the alerts of the agent's own checks. */
export interface PortAlerts {
  /** What is open, the oldest first. */
  alerts(): readonly {
    readonly key: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly status: AlertStatus["status"];
    readonly sinceSec: number;
    readonly description: string;
    readonly silenced: boolean;
  }[];
  /** Why their state would not survive a crash. */
  readonly degraded: string | undefined;
  readonly silences: {
    list(): readonly PortSilence[];
    /** @throws RangeError where there are too many already. */
    add(request: { matchers: PortSilence["matchers"]; forMs: number; reason: string }): PortSilence;
    end(id: string): boolean;
    /** Whether it covers an alert with these labels. */
    covers(silence: PortSilence, labels: Readonly<Record<string, string>>): boolean;
  };
}

/** See `SilenceStatus`. */
export type PortSilence = Omit<SilenceStatus, "matching">;

/** Options of {@linkcode AgentPort}. */
export interface AgentPortOptions {
  version: string;
  agentId: string;
  /** Added to the labels of every event that is taken in. */
  labels: Readonly<Record<string, string>>;
  /** When the agent started, on the monotonic clock. */
  startMs: number;
  clock: Clock;
  link: LinkTracker;
  /** The first decides whether there is room: no other may keep events from it. */
  destinations: readonly PortDestination[];
  /** How much the first one's queue can hold. */
  capacity: QueueCapacity;
  /** Sends one event everywhere. */
  notify: (event: AlertEvent) => void;
  sessions: () => AgentStatus["sessions"];
  checks: () => readonly CheckStatus[];
  alerts: PortAlerts;
}

/** How soon to offer again what found no room. */
const RETRY_AFTER_SEC = 5;

/** See {@linkcode LocalPort}. */
export class AgentPort implements LocalPort {
  readonly #options: AgentPortOptions;

  constructor(options: AgentPortOptions) {
    this.#options = options;
  }

  defaults(): EventDefaults {
    return { labels: this.#options.labels, timeSec: Math.floor(this.#options.clock.wallMs() / 1000) };
  }

  accept(events: readonly AlertEvent[], bytes: number): AcceptResult {
    const { destinations, capacity, notify } = this.#options;
    const [first] = destinations;
    if (events.length > capacity.events || bytes > capacity.bytes) return { accepted: false, capacity };
    if (first !== undefined && !first.queue.hasRoom(events.length, bytes)) {
      return { accepted: false, retryAfterSec: RETRY_AFTER_SEC };
    }
    for (const event of events) notify(event);
    const durable = Promise.all(destinations.map(({ queue }) => queue.durable()))
      .then((each) => each.every((one) => one));
    return { accepted: true, durable };
  }

  unreadyReason(): string | undefined {
    return this.#options.link.unreadyReason;
  }

  status(): AgentStatus {
    const { version, agentId, startMs, clock, link, destinations, sessions, checks, alerts } = this.#options;
    return {
      version,
      agent_id: agentId,
      uptime_sec: Math.floor((clock.monotonicMs() - startMs) / 1000),
      connection: link.status,
      destinations: destinations.map(destinationStatus),
      sessions: sessions(),
      checks: checks(),
      alerts: this.alerts(),
      silences: alerts.silences.list().length,
      ...(alerts.degraded !== undefined && { alerts_degraded: alerts.degraded }),
    };
  }

  alerts(): AlertStatus[] {
    return this.#options.alerts.alerts().map(({ key, labels, status, sinceSec, description, silenced }) => ({
      alert_key: key,
      check: labels["check"] ?? "",
      target: labels["target"] ?? "",
      labels,
      status,
      since: sinceSec,
      description,
      silenced,
    }));
  }

  silences(): SilenceStatus[] {
    return this.#options.alerts.silences.list().map((silence) => this.#withMatching(silence));
  }

  silence({ matchers, forSec, reason }: SilenceOrder): SilenceStatus {
    const { silences } = this.#options.alerts;
    return this.#withMatching(silences.add({ matchers, forMs: forSec * 1000, reason }));
  }

  endSilence(id: string): boolean {
    return this.#options.alerts.silences.end(id);
  }

  #withMatching(silence: PortSilence): SilenceStatus {
    const { alerts } = this.#options;
    const matching = alerts.alerts().filter(({ labels }) => alerts.silences.covers(silence, labels)).length;
    return { ...silence, matching };
  }
}

function destinationStatus({ name, queue, figures }: PortDestination): DestinationStatus {
  const { accepted, settled, waiting, waitingBytes, dropped } = queue.figures;
  const { batches, resent, lastError } = figures();
  return {
    name,
    accepted,
    settled,
    waiting,
    waiting_bytes: waitingBytes,
    dropped,
    ...(queue.degraded !== undefined && { degraded: queue.degraded }),
    batches,
    resent,
    ...(lastError !== undefined && { last_error: lastError }),
  };
}
