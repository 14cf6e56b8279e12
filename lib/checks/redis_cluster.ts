/** Whether the cluster that a Redis belongs to is in order. */
import { cleanLine } from "../host/foreign_text.ts";
import { type RedisClient, RedisReplyError } from "../host/probes/redis.ts";
import { infoNumber, parseClusterNodes, parseRedisInfo, type RedisInfo } from "../host/probes/redis_info.ts";
import type { Finding } from "./check.ts";
import { rateState } from "./rating.ts";
import type { RedisReading } from "./redis_counters.ts";

const SLOTS = 16_384;
const MAX_NAMED = 5;

/** None where the server is no cluster node. */
export async function clusterFindings(
  client: RedisClient,
  { target, info, settings: { cluster_state, cluster_topology } }: RedisReading,
  signal: AbortSignal,
): Promise<Finding[]> {
  if (info.get("cluster_enabled") !== "1") return [];
  const findings: Finding[] = [];
  if (cluster_state !== "off") {
    const problems = await refusedOr(async () =>
      stateProblems(parseRedisInfo(await ask(client, "INFO", signal)))
    );
    findings.push(verdict("cluster_state", "state", target, cluster_state, problems));
  }
  if (cluster_topology !== "off") {
    const problems = await refusedOr(async () => topologyProblems(await ask(client, "NODES", signal)));
    findings.push(verdict("cluster_topology", "topology", target, cluster_topology, problems));
  }
  return findings;
}

function ask(client: RedisClient, what: string, signal: AbortSignal): Promise<string> {
  return client.text(["CLUSTER", what], signal);
}

/** What a server does not tell is not in order: it was asked for. */
async function refusedOr(problems: () => Promise<string[]>): Promise<string[]> {
  try {
    return await problems();
  } catch (error) {
    if (error instanceof RedisReplyError) return [error.message];
    throw error;
  }
}

function stateProblems(cluster: RedisInfo): string[] {
  const state = cluster.get("cluster_state") ?? "unknown";
  if (state === "ok") return [];
  const failing = infoNumber(cluster, "cluster_slots_fail") ?? 0;
  const assigned = infoNumber(cluster, "cluster_slots_assigned") ?? 0;
  return [`the state is ${cleanLine(state, 40)}: ${assigned} of ${SLOTS} slots assigned, ${failing} failing`];
}

function topologyProblems(text: string): string[] {
  const nodes = parseClusterNodes(text);
  if (nodes.length === 0) return ["no node is listed"];
  const named = (list: typeof nodes) => {
    const names = list.slice(0, MAX_NAMED).map(({ address, id }) => cleanLine(address || id.slice(0, 8), 80));
    return `${names.join(", ")}${list.length > MAX_NAMED ? ` and ${list.length - MAX_NAMED} more` : ""}`;
  };
  const problems: string[] = [];
  const flagged = (flag: string) => nodes.filter(({ flags }) => flags.includes(flag));
  const failed = flagged("fail");
  if (failed.length > 0) problems.push(`failed: ${named(failed)}`);
  const suspected = flagged("fail?");
  if (suspected.length > 0) problems.push(`suspected to fail: ${named(suspected)}`);
  const unlinked = nodes.filter(({ linked, flags }) =>
    !linked && !flags.some((flag) => ["myself", "fail", "fail?", "handshake", "noaddr"].includes(flag))
  );
  if (unlinked.length > 0) problems.push(`not heard of: ${named(unlinked)}`);
  const served = nodes.filter(({ flags }) => flags.includes("master") && !flags.includes("fail"))
    .reduce((sum, { slots }) => sum + slots, 0);
  if (served < SLOTS) problems.push(`${SLOTS - served} slots have no owner that lives`);
  const known = new Set(nodes.map(({ id }) => id));
  const orphans = nodes.filter(({ masterId }) => masterId !== undefined && !known.has(masterId));
  if (orphans.length > 0) problems.push(`replicas of an unknown master: ${named(orphans)}`);
  return problems;
}

function verdict(
  dimension: string,
  what: string,
  target: string,
  severity: "Info" | "Warning" | "Critical",
  problems: readonly string[],
): Finding {
  const ok = problems.length === 0;
  return rateState({
    check: `redis::${dimension}`,
    target,
    ok,
    severity,
    description: ok
      ? `${what} of the cluster of Redis ${target} is in order`
      : `${what} of the cluster of Redis ${target} is not in order: ${problems.join("; ")}`,
    current: ok ? "ok" : "not ok",
    expected: "must be in order",
  });
}
