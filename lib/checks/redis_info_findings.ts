/** What a Redis's `INFO` says that needs no second look. */
import { bytesText, percentText } from "../host/figure_text.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { infoNumber, type RedisInfo } from "../host/probes/redis_info.ts";
import type { Finding } from "./check.ts";
import { rateFigure, rateState } from "./rating.ts";
import { REDIS_FIGURES, type RedisFigureSettings } from "./redis_dimensions.ts";

/** Rates what is turned on. A field that the server does not give makes no finding. */
export function infoFindings(target: string, info: RedisInfo, settings: RedisFigureSettings): Finding[] {
  return [
    ...roleFindings(target, info, settings),
    ...linkFindings(target, info, settings),
    ...replicaFindings(target, info, settings),
    ...figureFindings(target, info, settings),
    ...memoryFindings(target, info, settings),
    ...persistenceFindings(target, info, settings),
  ];
}

/** `master` or `replica`; undefined where it does not say. */
export function redisRole(info: RedisInfo): "master" | "replica" | undefined {
  const role = info.get("role");
  return role === "master" ? "master" : role === "slave" || role === "replica" ? "replica" : undefined;
}

function roleFindings(target: string, info: RedisInfo, { expected_role }: RedisFigureSettings): Finding[] {
  const role = redisRole(info);
  if (expected_role === undefined || role === undefined) return [];
  return [rateState({
    check: "redis::role",
    target,
    ok: role === expected_role,
    severity: "Warning",
    description: `Redis ${target} is a ${role}${role === expected_role ? "" : `, not a ${expected_role}`}`,
    current: role,
    expected: `must be a ${expected_role}`,
  })];
}

function linkFindings(
  target: string,
  info: RedisInfo,
  { master_link_status }: RedisFigureSettings,
): Finding[] {
  if (master_link_status === "off") return [];
  // A master has no master: whatever was wrong with the link is over.
  if (redisRole(info) === "master") {
    return [link(target, master_link_status, true, "is a master", "no link needed")];
  }
  const status = info.get("master_link_status");
  if (status === undefined) return [];
  const downSec = infoNumber(info, "master_link_down_since_seconds");
  const master = cleanLine(`${info.get("master_host") ?? "?"}:${info.get("master_port") ?? "?"}`, 100);
  const since = downSec === undefined || downSec < 0 ? "" : ` for ${downSec} s`;
  const said = status === "up" ? `hears its master ${master}` : `has lost its master ${master}${since}`;
  return [link(target, master_link_status, status === "up", said, cleanLine(status, 40))];
}

function link(
  target: string,
  severity: "Info" | "Warning" | "Critical",
  ok: boolean,
  said: string,
  current: string,
): Finding {
  const description = `Redis ${target} ${said}`;
  const check = "redis::master_link_status";
  return rateState({ check, target, ok, severity, description, current, expected: "must be up" });
}

function replicaFindings(
  target: string,
  info: RedisInfo,
  { connected_slaves }: RedisFigureSettings,
): Finding[] {
  const { warn_lt, critical_lt } = connected_slaves;
  const count = infoNumber(info, "connected_slaves");
  if ((warn_lt === 0 && critical_lt === 0) || count === undefined || redisRole(info) !== "master") return [];
  const isCritical = count < critical_lt;
  const reached = isCritical ? critical_lt : count < warn_lt ? warn_lt : undefined;
  return [{
    ...rateState({
      check: "redis::connected_slaves",
      target,
      ok: reached === undefined,
      severity: isCritical ? "Critical" : "Warning",
      description: `replicas of Redis ${target} ${count}${reached === undefined ? "" : ` < ${reached}`}`,
      current: String(count),
      expected: [warn_lt > 0 && `warning < ${warn_lt}`, critical_lt > 0 && `critical < ${critical_lt}`]
        .filter(Boolean).join(", "),
    }),
    value: count,
  }];
}

function figureFindings(target: string, info: RedisInfo, settings: RedisFigureSettings): Finding[] {
  return Object.entries(REDIS_FIGURES).flatMap(([name, { field, figure, unit }]) => {
    const thresholds = settings[name as keyof typeof REDIS_FIGURES];
    const value = infoNumber(info, field);
    if (!isOn(thresholds) || value === undefined) return [];
    const show = unit === "bytes" ? bytesText : String;
    return [rateFigure(
      { check: `redis::${name}`, target, subject: `${figure} of Redis ${target}`, value, show },
      thresholds,
    )];
  });
}

function memoryFindings(
  target: string,
  info: RedisInfo,
  { used_memory_pct }: RedisFigureSettings,
): Finding[] {
  const used = infoNumber(info, "used_memory");
  const max = infoNumber(info, "maxmemory");
  // Without a bound there is nothing to be full.
  if (!isOn(used_memory_pct) || used === undefined || max === undefined || max <= 0) return [];
  return [rateFigure({
    check: "redis::used_memory_pct",
    target,
    subject: `memory in use of Redis ${target}`,
    value: 100 * used / max,
    show: percentText,
    showThreshold: (value) => `${value} %`,
    detail: `${bytesText(used)} of ${bytesText(max)}, policy ${
      cleanLine(info.get("maxmemory_policy") ?? "?", 40)
    }`,
  }, used_memory_pct)];
}

const SAVING: readonly [field: string, what: string][] = [
  ["rdb_last_bgsave_status", "the last snapshot failed"],
  ["aof_last_bgrewrite_status", "the last rewrite of the append-only file failed"],
  ["aof_last_write_status", "the last write to the append-only file failed"],
];

function persistenceFindings(
  target: string,
  info: RedisInfo,
  { persistence }: RedisFigureSettings,
): Finding[] {
  if (persistence === "off" || !SAVING.some(([field]) => info.has(field))) return [];
  const problems = SAVING.filter(([field]) => (info.get(field) ?? "ok") !== "ok").map(([, what]) => what);
  return [rateState({
    check: "redis::persistence",
    target,
    ok: problems.length === 0,
    severity: persistence,
    description: problems.length === 0
      ? `Redis ${target} keeps its data`
      : `Redis ${target} may lose data: ${problems.join("; ")}`,
    current: problems.length === 0 ? "ok" : "failed",
    expected: "snapshots and writes must succeed",
  })];
}

/** Whether there is a threshold at all. */
export function isOn({ warn_ge, critical_ge }: { warn_ge: number; critical_ge: number }): boolean {
  return warn_ge > 0 || critical_ge > 0;
}
