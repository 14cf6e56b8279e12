/** Tools that ask a Redis about itself. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { bytesText, percentText } from "../host/figure_text.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { isSecretName, maskSecrets } from "../host/mask_secrets.ts";
import { REDIS_PORT, type RedisClient } from "../host/probes/redis.ts";
import { infoNumber, parseClusterNodes, parseRedisInfo } from "../host/probes/redis_info.ts";
import { respPairs } from "../host/probes/resp.ts";
import { wholeNumber } from "./arguments.ts";
import { clientList, latency, slowlog } from "./redis_activity.ts";
import { askingToolMaker } from "./redis_asking.ts";
import { redisBigkeysScan } from "./redis_bigkeys.ts";
import { redisQueryPeer } from "./redis_peer.ts";
import type { RedisToolsOptions } from "./redis_target.ts";
import { sentinelTools } from "./sentinel.ts";
import { columns, table } from "./table.ts";
import type { ToolDefinition, ToolOutput } from "./tool.ts";

const PLACE = { defaultPort: REDIS_PORT };

/** The families `redis` and `sentinel`, for the instances that the configuration names and those on this host. */
export function redisTools(options: RedisToolsOptions = {}): readonly ToolDefinition[] {
  return [
    ...askingTools(options),
    redisBigkeysScan(options),
    redisQueryPeer(options),
    ...sentinelTools(options),
  ];
}

function askingTools(options: RedisToolsOptions): ToolDefinition[] {
  const tool = askingToolMaker({ family: "redis", kind: "Redis", place: PLACE, options });
  return [
    tool({
      name: "redis_info",
      description:
        "A Redis's INFO: version, clients, memory, persistence, statistics, replication, as fields",
      args: {
        section: about(
          z._default(
            z.enum([
              "default",
              "server",
              "clients",
              "memory",
              "persistence",
              "stats",
              "replication",
              "cpu",
              "commandstats",
              "errorstats",
              "cluster",
              "keyspace",
            ]),
            "default",
          ),
          "Which part to show.",
        ),
      },
      async ask({ section }, client, signal) {
        const fields = parseRedisInfo(await client.text(["INFO", section], signal));
        const text = [...fields].map(([name, value]) => `${name.padEnd(34)} ${cleanLine(value, 200)}`).join(
          "\n",
        );
        return {
          text: text || "nothing is told in this section",
          data: { section, fields: Object.fromEntries(fields) },
        };
      },
    }),
    tool({
      name: "redis_cluster_info",
      description: "A Redis cluster: its own verdict, its slots, and every node with role, flags and link",
      args: {},
      ask: clusterInfo,
    }),
    tool({
      name: "redis_slowlog",
      description:
        "The commands that took longest of late: when, how long, who; keys are shown, values are not",
      args: { count: about(wholeNumber(20, 1, 128), "How many entries to look at.") },
      ask: slowlog,
    }),
    tool({
      name: "redis_client_list",
      description:
        "Who is connected to a Redis: address, idle time, memory, last command; largest memory first",
      args: { count: about(wholeNumber(50, 1, 500), "How many clients to show.") },
      ask: clientList,
    }),
    tool({
      name: "redis_config_get",
      description: "Settings of a Redis by pattern, such as maxmemory*; passwords are masked",
      args: {
        pattern: about(
          z._default(
            z.string().check(
              z.regex(/^[A-Za-z0-9*?_.-]{1,64}$/, "must be letters, digits, `*`, `?`, `-`, `_` and `.`"),
            ),
            "maxmemory*",
          ),
          "Names of settings, with `*` and `?`.",
        ),
      },
      ask: configGet,
    }),
    tool({
      name: "redis_latency",
      description:
        "Latency of a Redis: round trips of PING measured now, and the spikes that it has recorded",
      args: { samples: about(wholeNumber(10, 1, 100), "How many round trips to measure.") },
      ask: latency,
    }),
    tool({
      name: "redis_memory_analysis",
      description:
        "Where a Redis's memory goes: data, overhead, clients, replication, fragmentation, its limit",
      args: {},
      ask: memoryAnalysis,
    }),
  ];
}

async function clusterInfo(_args: object, client: RedisClient, signal: AbortSignal): Promise<ToolOutput> {
  const info = parseRedisInfo(await client.text(["CLUSTER", "INFO"], signal));
  const nodes = parseClusterNodes(await client.text(["CLUSTER", "NODES"], signal));
  const isBad = (flags: readonly string[], linked: boolean) =>
    flags.some((flag) => flag.startsWith("fail")) || (!linked && !flags.includes("myself"));
  const sorted = nodes.toSorted((a, b) =>
    Number(isBad(b.flags, b.linked)) - Number(isBad(a.flags, a.linked))
  );
  const fields = [
    "cluster_state",
    "cluster_slots_assigned",
    "cluster_slots_ok",
    "cluster_slots_pfail",
    "cluster_slots_fail",
  ]
    .map((name) => `${name.replace("cluster_", "")} ${cleanLine(info.get(name) ?? "?", 40)}`);
  const rows = sorted.map(({ id, address, flags, masterId, linked, slots }) => [
    id.slice(0, 8),
    address || "?",
    flags.join(","),
    String(slots),
    linked ? "connected" : "disconnected",
    masterId?.slice(0, 8) ?? "",
  ]);
  return {
    text: `${fields.join(", ")}\n${
      table(columns("node", "address", "flags", ">slots", "link", "master"), rows)
    }`,
    data: { info: Object.fromEntries(info), nodes: sorted },
  };
}

async function configGet(
  { pattern }: { pattern: string },
  client: RedisClient,
  signal: AbortSignal,
): Promise<ToolOutput> {
  const pairs = respPairs(await client.call(["CONFIG", "GET", pattern], signal));
  const settings = Object.fromEntries(
    Object.entries(pairs).sort(([a], [b]) => a < b ? -1 : 1)
      .map(([name, value]) => [name, maskSetting(name, value)]),
  );
  const entries = Object.entries(settings);
  const text = entries.length === 0
    ? "no setting has such a name"
    : entries.map(([name, value]) => `${name.padEnd(34)} ${cleanLine(value, 200)}`).join("\n");
  return { text, data: { settings } };
}

/** Names of settings that hold a password, in whatever spelling. */
function maskSetting(name: string, value: string): string {
  const isSecret = /pass|auth|secret|token/i.test(name) || isSecretName(name);
  return value !== "" && isSecret ? "***" : maskSecrets(value);
}

async function memoryAnalysis(_args: object, client: RedisClient, signal: AbortSignal): Promise<ToolOutput> {
  const info = parseRedisInfo(await client.text(["INFO", "memory"], signal));
  const stats = respPairs(await client.call(["MEMORY", "STATS"], signal));
  const used = infoNumber(info, "used_memory");
  const max = infoNumber(info, "maxmemory") ?? 0;
  const parts = [
    ["used", used],
    ["peak", infoNumber(info, "used_memory_peak")],
    ["resident", infoNumber(info, "used_memory_rss")],
    ["data", infoNumber(info, "used_memory_dataset")],
    ["overhead", infoNumber(info, "used_memory_overhead")],
    ["at start", infoNumber(info, "used_memory_startup")],
    ["lua", infoNumber(info, "used_memory_vm_total") ?? infoNumber(info, "used_memory_lua")],
    ["clients", infoNumber(info, "mem_clients_normal")],
    ["replicas", infoNumber(info, "mem_clients_slaves")],
    ["replication backlog", infoNumber(info, "mem_replication_backlog")],
    ["append-only buffer", infoNumber(info, "mem_aof_buffer")],
  ] as const;
  const known = parts.flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const]);
  const ratio = infoNumber(info, "mem_fragmentation_ratio") ?? null;
  const policy = cleanLine(info.get("maxmemory_policy") ?? "?", 40);
  const limit = max > 0 && used !== undefined
    ? `limit ${bytesText(max)}, ${percentText(100 * used / max)} used, policy ${policy}`
    : `no limit, policy ${policy}`;
  const keys = Number(stats["keys.count"] ?? "0") || 0;
  const perKey = Number(stats["keys.bytes-per-key"] ?? "0") || 0;
  const text = [
    limit,
    ...known.map(([name, value]) => `${name.padEnd(22)}${bytesText(value).padStart(12)}`),
    `fragmentation         ${ratio ?? "?"}`,
    `keys                  ${keys}, ${bytesText(perKey)} each`,
  ].join("\n");
  const data = {
    max_bytes: max,
    policy,
    parts_bytes: Object.fromEntries(known.map(([name, value]) => [name.replaceAll(/[ -]/g, "_"), value])),
    fragmentation_ratio: ratio,
    keys,
    bytes_per_key: perKey,
  };
  return { text, data };
}

/** The families without configured instances: those on this host. */
export const REDIS_TOOLS: readonly ToolDefinition[] = redisTools();
