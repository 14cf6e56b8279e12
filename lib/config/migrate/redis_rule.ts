/** How a check of Redis is moved. */
import { durations, type OurSettings, type Rule, thresholds } from "./rule.ts";
import { readDuration } from "./amounts.ts";
import type { SourceTable } from "./source_table.ts";

const COUNTS = [
  "connected_clients",
  "blocked_clients",
  "used_memory_pct",
  "instantaneous_ops_per_sec",
  "rejected_connections",
  "evicted_keys",
  "expired_keys",
];

const AMOUNTS = ["repl_lag", "used_memory"];

const TLS_KEYS = ["tls_ca", "tls_server_name", "insecure_skip_verify", "use_tls"];

/** Without targets there is nothing to do. */
export const redis: Rule = (source) => {
  const targets = source.texts("targets").map((target) => withPort(target));
  if (targets.length === 0) return [];
  const role = source.table("role")?.text("expect");
  const slaves = source.table("connected_slaves");
  const labels = source.text("cluster_name");
  if (labels !== undefined) source.change("now the label cluster_name", "cluster_name");
  const usesTls = TLS_KEYS.some((key) => source.has(key));
  const caFile = source.text("tls_ca");
  source.take("use_tls");
  const persistence = source.table("persistence");
  const connectivity = source.table("connectivity");
  if ((connectivity?.text("severity") ?? "Critical") !== "Critical") {
    connectivity?.change("now always Critical", "severity");
  }
  return [{
    targets,
    username: source.text("username"),
    password: source.reference("password"),
    tls: usesTls || undefined,
    ca_file: caFile,
    connect_timeout: source.duration("timeout"),
    reply_timeout: source.duration("read_timeout"),
    response_time: inMs(source.table("response_time")),
    expected_role: role === "slave" ? "replica" : role,
    master_link_status: expected(source.table("master_link_status")),
    connected_slaves: {
      warn_lt: slaves?.number("warn_lt") ?? 0,
      critical_lt: slaves?.number("critical_lt") ?? 0,
    },
    ...Object.fromEntries(COUNTS.map((key) => [key, thresholds(source.table(key))])),
    ...Object.fromEntries(
      AMOUNTS.map((key) => [key, thresholds(source.table(key), (table, name) => table.bytes(name))]),
    ),
    persistence: persistence?.flag("enabled") ? persistence.text("severity") ?? "Critical" : undefined,
    cluster_state: unlessDisabled(source.table("cluster_state"), "Critical"),
    cluster_topology: unlessDisabled(source.table("cluster_topology"), "Warning"),
    labels: labels === undefined ? undefined : { cluster_name: labels },
  }];
};

function withPort(target: string): string {
  return /:\d+$/.test(target) || target.includes("/") ? target : `${target}:6379`;
}

function inMs(table: SourceTable | undefined): OurSettings {
  const { warn_ge, critical_ge } = durations(table);
  return { warn_ge: readDuration(warn_ge) ?? 0, critical_ge: readDuration(critical_ge) ?? 0 };
}

function expected(table: SourceTable | undefined): string | undefined {
  if (table?.text("expect") === undefined) return undefined;
  return table.text("severity") ?? "Warning";
}

function unlessDisabled(table: SourceTable | undefined, byDefault: string): string | undefined {
  if (table === undefined) return undefined;
  return table.flag("disabled") ? "off" : table.text("severity") ?? byDefault;
}
