/** Asking another server of the same cluster or replication. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { cleanBlock } from "../host/foreign_text.ts";
import { REDIS_PORT, type RedisClient, RedisReplyError } from "../host/probes/redis.ts";
import { parseClusterNodes, parseRedisInfo, parseReplicas } from "../host/probes/redis_info.ts";
import { hostPort } from "../host/probes/endpoint.ts";
import { isGuardedAddress } from "../host/probes/guarded_address.ts";
import { respList, respText, type RespValue } from "../host/probes/resp.ts";
import { addressText, parseServiceAddress } from "../host/probes/service_address.ts";
import {
  defaultTarget,
  openInstance,
  type RedisToolsOptions,
  resolveInstance,
  targetArgument,
} from "./redis_target.ts";
import { defineTool } from "./tool.ts";

const PLACE = { defaultPort: REDIS_PORT };
const MAX_CHARS = 16_000;

/** What may be asked: nothing that changes or gives away data. By name, the command's words. */
const QUESTIONS = {
  ping: ["PING"],
  role: ["ROLE"],
  dbsize: ["DBSIZE"],
  info: ["INFO"],
  info_replication: ["INFO", "replication"],
  info_memory: ["INFO", "memory"],
  info_stats: ["INFO", "stats"],
  info_clients: ["INFO", "clients"],
  info_persistence: ["INFO", "persistence"],
  cluster_info: ["CLUSTER", "INFO"],
  cluster_nodes: ["CLUSTER", "NODES"],
  latency_latest: ["LATENCY", "LATEST"],
  slowlog_len: ["SLOWLOG", "LEN"],
} as const;

const NAMES = Object.keys(QUESTIONS) as (keyof typeof QUESTIONS)[];

/** The tool. */
export function redisQueryPeer(options: RedisToolsOptions) {
  const fallback = defaultTarget(options, PLACE);
  return defineTool({
    name: "redis_query_peer",
    family: "redis",
    description:
      "Asks a Redis that the target itself names: its master, a replica of its, a node of its cluster",
    args: {
      peer: about(
        z.string().check(z.minLength(1), z.maxLength(300)),
        "The peer's host:port, as the target lists it.",
      ),
      command: about(z._default(z.enum(NAMES), "info_replication"), "What to ask."),
      target: targetArgument(fallback),
    },
    needs: [{ net: fallback }],
    reach: "network",
    async run({ peer, command, target }, context) {
      const instance = resolveInstance(target ?? fallback, options, PLACE);
      const address = parseServiceAddress(peer, REDIS_PORT);
      if (address?.transport !== "tcp") throw new TypeError("cannot ask the peer: write it as host:port");
      if (isGuardedAddress(address.host)) {
        throw new TypeError("cannot ask the peer: link-local and metadata addresses are never asked");
      }
      const name = addressText(address);
      {
        using client = await openInstance(instance, context, PLACE);
        const known = await peersOf(client, context.signal);
        if (!known.has(name)) {
          const listed = [...known].slice(0, 20).join(", ") || "none";
          throw new TypeError(`cannot ask ${name}: ${instance.target} does not name it; it names ${listed}`);
        }
      }
      // Servers that replicate one another share their credentials.
      using client = await openInstance({ ...instance, target: name }, context, PLACE);
      const reply = await client.call(QUESTIONS[command], context.signal);
      const text = cleanBlock(replyText(reply), MAX_CHARS);
      return { text: `Redis ${name}, ${command}\n${text}`, data: { peer: name, command, reply: text } };
    },
  });
}

/** Whoever the server names: its master, its replicas, the nodes of its cluster. */
async function peersOf(client: RedisClient, signal: AbortSignal): Promise<Set<string>> {
  const info = parseRedisInfo(await client.text(["INFO", "replication"], signal));
  const named = parseReplicas(info).map(({ address }) => address);
  const host = info.get("master_host");
  const port = Number(info.get("master_port"));
  if (host !== undefined && Number.isInteger(port)) named.push(hostPort(host, port));
  try {
    named.push(
      ...parseClusterNodes(await client.text(["CLUSTER", "NODES"], signal)).map(({ address }) => address),
    );
  } catch (error) {
    if (!(error instanceof RedisReplyError)) throw error; // refused where it is no cluster
  }
  const addresses = named.flatMap((text) => parseServiceAddress(text, REDIS_PORT) ?? []);
  return new Set(addresses.map(addressText));
}

/** Nested replies as indented lines. */
function replyText(value: RespValue, indent = ""): string {
  if (!Array.isArray(value)) return `${indent}${respText(value) ?? "(nothing)"}`;
  if (value.length === 0) return `${indent}(none)`;
  return respList(value).map((item) => replyText(item, Array.isArray(item) ? `${indent}  ` : indent)).join(
    "\n",
  );
}
