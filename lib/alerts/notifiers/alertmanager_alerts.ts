/** Events as Alertmanager's alerts, and which alerts are open there. */
import type { AlertEvent, EventStatus } from "../event.ts";
import { isoTime } from "./event_time.ts";
import { withPrometheusNames } from "./prometheus_names.ts";

/** One alert as `POST /api/v2/alerts` takes it. */
export interface PostableAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
}

type Severity = "critical" | "warning" | "info";

const SEVERITIES: readonly Severity[] = ["critical", "warning", "info"];

const SEVERITY_OF: Readonly<Record<Exclude<EventStatus, "Ok">, Severity>> = {
  Critical: "critical",
  Warning: "warning",
  Info: "info",
};

/**
 * How long an alert stays open without further news. An event is not repeated while nothing changes, so this is not
 * what ends an alert, only what removes it when its host is never heard of again.
 */
const OPEN_MS = 30 * 24 * 3_600_000;

/** Of how many keys to remember what is open. */
const MAX_KEYS = 10_000;

/** What is known to be open of one key. */
interface Known {
  readonly open: readonly Severity[];
  /** Whether an `Ok` has been seen: until then, what an earlier life of the agent began may be open besides. */
  readonly sure: boolean;
}

/** Alerts, and what to do once they have arrived. */
export interface Translation {
  readonly alerts: readonly PostableAlert[];
  readonly arrived: () => void;
}

/**
 * Translates events. Alertmanager tells alerts apart by their labels, and `severity` is one of them: an event that
 * changes a problem's severity ends one alert and begins another. So it is remembered which severities of a key are
 * open; the first `Ok` of a key since the start ends all three, for it may have begun before.
 */
export class AlertmanagerAlerts {
  readonly #known = new Map<string, Known>();

  /** The alerts that say what `events` say, oldest first. `wallMs`: now, in milliseconds since 1970. */
  translate(events: readonly AlertEvent[], wallMs: number): Translation {
    const learnt = new Map<string, Known>();
    const alerts = events.flatMap((event) => {
      const { alert_key: key, event_status: status } = event;
      // An event that brings a severity of its own is one alert only, whatever its status.
      if (event.labels["severity"]) return [postableAlert(event, { severity: "", wallMs })];
      const { open, sure } = learnt.get(key) ?? this.#known.get(key) ?? { open: [], sure: false };
      if (status === "Ok") {
        learnt.set(key, { open: [], sure: true });
        const over = sure ? open : SEVERITIES;
        return over.map((severity) => postableAlert(event, { severity, wallMs }));
      }
      const severity = SEVERITY_OF[status];
      learnt.set(key, { open: [severity], sure });
      const over = open.filter((other) => other !== severity)
        .map((other) => postableAlert({ ...event, event_status: "Ok" }, { severity: other, wallMs }));
      return [...over, postableAlert(event, { severity, wallMs })];
    });
    return { alerts, arrived: () => this.#remember(learnt) };
  }

  #remember(learnt: ReadonlyMap<string, Known>): void {
    for (const [key, known] of learnt) {
      this.#known.delete(key); // the map keeps the order of last use
      this.#known.set(key, known);
    }
    for (const key of this.#known.keys()) {
      if (this.#known.size <= MAX_KEYS) break;
      this.#known.delete(key);
    }
  }
}

/** One event as one alert; `severity` is added to its labels unless it brings its own. Pure. */
export function postableAlert(
  event: AlertEvent,
  { severity, wallMs }: { severity: Severity | ""; wallMs: number },
): PostableAlert {
  const { labels, attrs = {}, description, event_status: status } = event;
  const [timeIso, nowIso] = [isoTime(event, wallMs), new Date(wallMs).toISOString()];
  // Not in the future: an end there would leave the alert open until then.
  const at = timeIso < nowIso ? timeIso : nowIso;
  return {
    labels: {
      ...withPrometheusNames(labels),
      alertname: labels["alertname"] || labels["check"] || "pawl",
      severity: labels["severity"] || severity,
    },
    annotations: { ...withPrometheusNames(attrs, ["description"]), description },
    startsAt: at,
    endsAt: status === "Ok" ? at : new Date(wallMs + OPEN_MS).toISOString(),
  };
}
