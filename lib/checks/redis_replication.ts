/** How far a Redis's replication is behind. */
import { bytesText } from "../host/figure_text.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { RedisClient, type RedisClientOptions } from "../host/probes/redis.ts";
import { parseRedisAddress } from "../host/probes/service_places.ts";
import { infoNumber, parseRedisInfo, parseReplicas, type RedisInfo } from "../host/probes/redis_info.ts";
import { hostPort } from "../host/probes/endpoint.ts";
import type { Finding } from "./check.ts";
import { rateFigure, type Thresholds } from "./rating.ts";
import type { RedisReading } from "./redis_counters.ts";
import { isOn, redisRole } from "./redis_info_findings.ts";

/** What {@linkcode replicationLag} looks at. */
export interface ReplicationReading extends RedisReading {
  /** How the master is spoken to: as the target is. */
  readonly connection: Omit<RedisClientOptions, "address">;
}

/**
 * Compares the two ends. A master knows how far each replica has acknowledged; a replica does not know how far its master
 * is, which is asked: its own offsets are equal as long as it hears nothing. Where the master cannot be asked, the time
 * since its last word is rated, against the thresholds in seconds.
 */
export async function replicationLag(
  client: RedisClient,
  reading: ReplicationReading,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { target, info, settings: { repl_lag } } = reading;
  const inSeconds = { warn_ge: repl_lag.warn_ge_seconds, critical_ge: repl_lag.critical_ge_seconds };
  const role = redisRole(info);
  if ((!isOn(repl_lag) && !isOn(inSeconds)) || role === undefined) return [];
  if (role === "master") return ofMaster(target, info, repl_lag, inSeconds);
  const behind = isOn(repl_lag) ? await behindMaster(client, reading, signal) : undefined;
  if (behind !== undefined) {
    const { bytes, master } = behind;
    return [inBytes(target, bytes, `compared with its master ${master}`, repl_lag)];
  }
  const silentSec = silenceSec(info);
  if (silentSec === undefined || !isOn(inSeconds)) return [];
  return [seconds(target, silentSec, "since its master's last word; the master was not asked", inSeconds)];
}

function ofMaster(target: string, info: RedisInfo, bytes: Thresholds, inSeconds: Thresholds): Finding[] {
  const offset = infoNumber(info, "master_repl_offset");
  const replicas = parseReplicas(info);
  const worst = (rank: (replica: typeof replicas[number]) => number) =>
    replicas.toSorted((a, b) => rank(b) - rank(a))[0];
  if (isOn(bytes) && offset !== undefined) {
    const last = worst((replica) => offset - (replica.offset ?? offset));
    const lag = Math.max(0, offset - (last?.offset ?? offset));
    return [
      inBytes(
        target,
        lag,
        last === undefined ? "no replica" : `replica ${cleanLine(last.address, 100)}`,
        bytes,
      ),
    ];
  }
  if (!isOn(inSeconds)) return [];
  const last = worst((replica) => replica.lagSec ?? 0);
  const detail = last === undefined
    ? "no replica"
    : `since the last word of replica ${cleanLine(last.address, 100)}`;
  return [seconds(target, Math.max(0, last?.lagSec ?? 0), detail, inSeconds)];
}

/** The master first, then the replica: what is written in between is not counted as lag. */
async function behindMaster(
  client: RedisClient,
  { info, connection }: ReplicationReading,
  signal: AbortSignal,
): Promise<{ bytes: number; master: string } | undefined> {
  const master = hostPort(info.get("master_host") ?? "", Number(info.get("master_port")));
  const address = parseRedisAddress(master);
  if (address === undefined) return undefined;
  let masterOffset: number | undefined;
  try {
    using peer = await RedisClient.open({ ...connection, address }, signal);
    masterOffset = infoNumber(
      parseRedisInfo(await peer.text(["INFO", "replication"], signal)),
      "master_repl_offset",
    );
  } catch {
    signal.throwIfAborted();
    return undefined; // not allowed, not reachable, other credentials: the replica's own clock has to do
  }
  const own = parseRedisInfo(await client.text(["INFO", "replication"], signal));
  const offset = infoNumber(own, "slave_repl_offset");
  if (masterOffset === undefined || offset === undefined) return undefined;
  return { bytes: Math.max(0, masterOffset - offset), master };
}

/** -1 stands for "never" where the link is down. */
function silenceSec(info: RedisInfo): number | undefined {
  const fields = info.get("master_link_status") === "up"
    ? ["master_last_io_seconds_ago"]
    : ["master_link_down_since_seconds", "master_last_io_seconds_ago"];
  return fields.map((field) => infoNumber(info, field)).find((value) => value !== undefined && value >= 0);
}

function inBytes(target: string, value: number, detail: string, thresholds: Thresholds): Finding {
  const subject = `replication lag of Redis ${target}`;
  return rateFigure(
    { check: "redis::repl_lag", target, subject, value, show: bytesText, detail },
    thresholds,
  );
}

function seconds(target: string, value: number, detail: string, thresholds: Thresholds): Finding {
  const subject = `replication silence of Redis ${target}`;
  const show = (sec: number) => `${sec} s`;
  return rateFigure({ check: "redis::repl_lag", target, subject, value, show, detail }, thresholds);
}
