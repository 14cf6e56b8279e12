/** What a Redis is watched for, and the options that say from where on that is an alert. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { table } from "../config/fields.ts";
import type { DimensionRow, SettingsOf } from "./definition.ts";
import { thresholdOptions } from "./rating.ts";

/** The figures that `INFO` gives as they are. */
export const REDIS_FIGURES = {
  connected_clients: { field: "connected_clients", figure: "connected clients", unit: "clients" },
  blocked_clients: {
    field: "blocked_clients",
    figure: "clients that wait in a blocking call",
    unit: "clients",
  },
  used_memory: { field: "used_memory", figure: "memory in use", unit: "bytes" },
  instantaneous_ops_per_sec: {
    field: "instantaneous_ops_per_sec",
    figure: "commands a second",
    unit: "commands a second",
  },
} as const;

/** The counters of `INFO`: what is rated is by how much they rose since the last look. */
export const REDIS_COUNTERS = {
  rejected_connections: { figure: "connections refused for want of room", unit: "connections" },
  evicted_keys: { figure: "keys evicted for want of memory", unit: "keys" },
  expired_keys: { figure: "keys expired", unit: "keys" },
} as const;

const severity = () => z.enum(["off", "Info", "Warning", "Critical"]);

function thresholds(what: string, unit: string) {
  return table(
    thresholdOptions({ warn: 0, critical: 0, unit }),
    `Thresholds of the ${what}, in ${unit}; off unless set.`,
  );
}

const atLeast = () => z._default(z.number().check(z.int(), z.minimum(0)), 0);

/** The options of the figures; all are off but the cluster's. */
export const redisFigureOptions = () => ({
  response_time: thresholds("time that PING takes", "ms"),
  expected_role: about(
    z.optional(z.enum(["master", "replica"])),
    "The role that the targets must have; not looked at unless set.",
  ),
  master_link_status: about(
    z._default(severity(), "off"),
    "How bad it is when a replica has lost its master.",
  ),
  connected_slaves: table({
    warn_lt: about(atLeast(), "Warning below this many; 0 turns it off."),
    critical_lt: about(atLeast(), "Critical below this many; 0 turns it off."),
  }, "Thresholds of the replicas that a master has; off unless set."),
  repl_lag: table({
    ...thresholdOptions({ warn: 0, critical: 0, unit: "bytes" }),
    warn_ge_seconds: about(
      z._default(z.number().check(z.minimum(0)), 0),
      "Warning at or above this, in seconds, where the master cannot be asked; 0 turns it off.",
    ),
    critical_ge_seconds: about(
      z._default(z.number().check(z.minimum(0)), 0),
      "Critical at or above this, in seconds, where the master cannot be asked; 0 turns it off.",
    ),
  }, "Thresholds of how far replication is behind, in bytes of the master's stream; off unless set."),
  connected_clients: thresholds(REDIS_FIGURES.connected_clients.figure, "clients"),
  blocked_clients: thresholds(REDIS_FIGURES.blocked_clients.figure, "clients"),
  used_memory: thresholds(REDIS_FIGURES.used_memory.figure, "bytes"),
  used_memory_pct: table(
    thresholdOptions({ warn: 0, critical: 0, unit: "%", max: 1000 }),
    "Thresholds of the memory in use, in % of `maxmemory`; off unless set.",
  ),
  instantaneous_ops_per_sec: thresholds(REDIS_FIGURES.instantaneous_ops_per_sec.figure, "commands a second"),
  rejected_connections: thresholds(
    REDIS_COUNTERS.rejected_connections.figure,
    "connections since the last look",
  ),
  evicted_keys: thresholds(REDIS_COUNTERS.evicted_keys.figure, "keys since the last look"),
  expired_keys: thresholds(REDIS_COUNTERS.expired_keys.figure, "keys since the last look"),
  persistence: about(
    z._default(severity(), "off"),
    "How bad it is when the last snapshot or write to the append-only file failed.",
  ),
  cluster_state: about(
    z._default(severity(), "Critical"),
    "How bad it is when a cluster says that it is not in order; looked at on cluster nodes alone.",
  ),
  cluster_topology: about(
    z._default(severity(), "Warning"),
    "How bad it is when nodes of a cluster fail, or slots have no owner; looked at on cluster nodes alone.",
  ),
});

/** The options of the figures, read. */
export type RedisFigureSettings = SettingsOf<typeof redisFigureOptions>;

const source = "INFO";

/** The rows of the documentation. */
export const redisDimensions: readonly DimensionRow[] = [
  row("connectivity", "whether it serves", "connect, AUTH, PING", "critical where not"),
  row(
    "hung",
    "whether it replies",
    "PING, INFO, CLUSTER",
    "critical where a connection is accepted and nothing said",
  ),
  row("info", "whether it tells its figures", source, "warning where refused"),
  row("response_time", "time that PING takes", "PING"),
  row("role", "role", source),
  row("master_link_status", "a replica's link to its master", source),
  row("connected_slaves", "a master's replicas", source),
  row("repl_lag", "how far replication is behind", "INFO of both ends, else the seconds since the last word"),
  ...Object.entries(REDIS_FIGURES).map(([name, { figure }]) => row(name, figure, source)),
  row("used_memory_pct", "memory in use, of `maxmemory`", source),
  ...Object.entries(REDIS_COUNTERS).map(([name, { figure }]) =>
    row(name, `${figure}, since the last look`, source)
  ),
  row("persistence", "snapshots and the append-only file", source),
  row("cluster_state", "the cluster's own verdict", "CLUSTER INFO", "critical where not ok"),
  row(
    "cluster_topology",
    "failing nodes, slots without owner",
    "CLUSTER NODES",
    "warning where there are any",
  ),
];

function row(dimension: string, figure: string, source: string, defaults = "off"): DimensionRow {
  return { dimension, target: "the address", figure, source, defaults };
}
