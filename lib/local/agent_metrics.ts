/** The agent's status as metrics. */
import type { AgentStatus, ConnectionState } from "./agent_status.ts";
import { MetricsText, type Sample } from "./metrics_text.ts";

/** What is not in the status. */
export interface ProcessFigures {
  /** The memory that the process holds. */
  rssBytes: number;
  /** When the agent started, in seconds since 1970. */
  startSec: number;
}

const states: readonly ConnectionState[] = ["connected", "connecting", "waiting", "stopped"];

/** Everything that `GET /metrics` answers with. */
export function agentMetrics(status: AgentStatus, process: ProcessFigures): string {
  const metrics = new MetricsText();
  const { connection, sessions } = status;
  metrics.add("pawl_build_info", "gauge", "1, with what the agent is.", [
    [{ version: status.version, deno: Deno.version.deno }, 1],
  ]);
  metrics.add("process_start_time_seconds", "gauge", "When the agent started, in seconds since 1970.", [
    [{}, process.startSec],
  ]);
  metrics.add("process_resident_memory_bytes", "gauge", "The memory that the process holds.", [
    [{}, process.rssBytes],
  ]);
  metrics.add("pawl_connected", "gauge", "Whether the agent is connected to its hub and registered.", [
    [{}, connection.state === "connected" ? 1 : 0],
  ]);
  metrics.add(
    "pawl_connection_state",
    "gauge",
    "1 for the state that the connection is in.",
    states.map((state): Sample => [{ state }, connection.state === state ? 1 : 0]),
  );
  metrics.add(
    "pawl_connection_state_since_seconds",
    "gauge",
    "When it came into it, in seconds since 1970.",
    [
      [{}, connection.since],
    ],
  );
  metrics.add(
    "pawl_connections_ended_total",
    "counter",
    "Connections, and tries, that ended, by why; each is followed by a reconnect unless the agent is stopped.",
    byLabel("reason", connection.ended),
  );
  addDestinations(metrics, status.destinations);
  metrics.add("pawl_sessions_active", "gauge", "Sessions at work.", [[{}, sessions.active]]);
  metrics.add("pawl_sessions_limit", "gauge", "Sessions that may be at work at once.", [[
    {},
    sessions.limit,
  ]]);
  metrics.add(
    "pawl_sessions_started_total",
    "counter",
    "Sessions started, by type.",
    byLabel("type", sessions.started),
  );
  metrics.add(
    "pawl_sessions_refused_total",
    "counter",
    "Sessions refused, by why.",
    byLabel("reason", sessions.refused),
  );
  addChecks(metrics, status.checks);
  const grades = ["Critical", "Warning", "Info"] as const;
  metrics.add(
    "pawl_alerts_open",
    "gauge",
    "Open alerts of the agent's own checks, by status; silenced ones too.",
    grades.map((grade): Sample => [
      { status: grade },
      status.alerts.filter((alert) => alert.status === grade).length,
    ]),
  );
  metrics.add("pawl_silences", "gauge", "Silences that run now.", [[{}, status.silences]]);
  return metrics.toString();
}

function addDestinations(metrics: MetricsText, destinations: AgentStatus["destinations"]): void {
  type Destination = AgentStatus["destinations"][number];
  const each = (figure: (destination: Destination) => number): Sample[] =>
    destinations.map((destination) => [{ destination: destination.name }, figure(destination)]);
  metrics.add("pawl_events_accepted_total", "counter", "Events taken in.", each(({ accepted }) => accepted));
  metrics.add("pawl_events_settled_total", "counter", "Events delivered.", each(({ settled }) => settled));
  metrics.add(
    "pawl_events_dropped_total",
    "counter",
    "Events given up, by why.",
    destinations.flatMap(({ name, dropped }) =>
      Object.entries(dropped).map(([reason, count]): Sample => [{ destination: name, reason }, count])
    ),
  );
  metrics.add(
    "pawl_events_waiting",
    "gauge",
    "Events neither delivered nor given up.",
    each(({ waiting }) => waiting),
  );
  metrics.add("pawl_events_waiting_bytes", "gauge", "Their size.", each((figures) => figures.waiting_bytes));
  metrics.add(
    "pawl_events_resent_total",
    "counter",
    "Events sent more than once.",
    each(({ resent }) => resent),
  );
  metrics.add(
    "pawl_batches_total",
    "counter",
    "Messages or requests that carried events.",
    each(({ batches }) => batches),
  );
  metrics.add(
    "pawl_queue_degraded",
    "gauge",
    "Whether what is accepted now would be lost in a crash.",
    each(({ degraded }) => degraded === undefined ? 0 : 1),
  );
}

function addChecks(metrics: MetricsText, checks: AgentStatus["checks"]): void {
  const named = checks.map((check) => ({ ...check, labels: { plugin: check.plugin, target: check.target } }));
  metrics.add(
    "pawl_check_results_total",
    "counter",
    "Gathers, by what they came to.",
    named.flatMap(({ labels, results }) =>
      Object.entries(results).map(([result, count]): Sample => [{ ...labels, result }, count])
    ),
  );
  metrics.addSummary(
    "pawl_check_duration_seconds",
    "How long gathers took.",
    named.map(({ labels, results, total_duration_sec }) => {
      const count = Object.values(results).reduce((sum, runs) => sum + runs, 0);
      return [labels, { sum: total_duration_sec, count }];
    }),
  );
  metrics.add(
    "pawl_check_last_duration_seconds",
    "gauge",
    "How long the last gather took.",
    named.flatMap(({ labels, last_duration_sec }): Sample[] =>
      last_duration_sec === undefined ? [] : [[labels, last_duration_sec]]
    ),
  );
}

function byLabel(label: string, figures: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(figures).map(([value, count]) => [{ [label]: value }, count]);
}
