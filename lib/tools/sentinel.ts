/** Tools that ask a Redis Sentinel what it watches. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { type RedisClient, RedisReplyError } from "../host/probes/redis.ts";
import { parseRedisInfo } from "../host/probes/redis_info.ts";
import { respList, respPairs, respText } from "../host/probes/resp.ts";
import { askingToolMaker } from "./redis_asking.ts";
import { type RedisToolsOptions, SENTINEL_PORT } from "./redis_target.ts";
import { columns, table } from "./table.ts";
import type { ToolDefinition, ToolOutput } from "./tool.ts";

const PLACE = { defaultPort: SENTINEL_PORT };
const MAX_MASTERS = 100;

const master = about(
  z.string().check(z.regex(/^[A-Za-z0-9_.-]{1,128}$/, "must be a master's name")),
  "The master's name, as sentinel_overview lists it.",
);

/** The family `sentinel`. */
export function sentinelTools(options: RedisToolsOptions): readonly ToolDefinition[] {
  const tool = askingToolMaker({ family: "sentinel", kind: "Sentinel", place: PLACE, options });
  return [
    tool({
      name: "sentinel_overview",
      description:
        "What a Sentinel watches: every master with its address, state, replicas, other Sentinels, quorum",
      args: {},
      ask: overview,
    }),
    tool({
      name: "sentinel_master_health",
      description:
        "One master as a Sentinel sees it: flags, quorum check, time since its last words, failover",
      args: { master },
      ask: masterHealth,
    }),
    tool({
      name: "sentinel_replicas",
      description: "The replicas of a master as a Sentinel sees them: link to the master, lag, flags",
      args: { master },
      ask: ({ master }, client, signal) =>
        listing(client, ["SENTINEL", "REPLICAS", master], "replicas", [
          "name",
          "flags",
          "master-link-status",
          "master-link-down-time",
          "slave-repl-offset",
          "slave-priority",
          "last-ok-ping-reply",
        ], signal),
    }),
    tool({
      name: "sentinel_sentinels",
      description: "The other Sentinels that watch a master: address, flags, when each was last heard of",
      args: { master },
      ask: ({ master }, client, signal) =>
        listing(client, ["SENTINEL", "SENTINELS", master], "other Sentinels", [
          "ip",
          "port",
          "flags",
          "last-hello-message",
          "last-ok-ping-reply",
          "voted-leader-epoch",
        ], signal),
    }),
    tool({
      name: "sentinel_info",
      description: "A Sentinel's INFO: version, masters, tilt mode, scripts under way",
      args: {
        section: about(
          z._default(z.enum(["sentinel", "server", "clients", "stats", "cpu"]), "sentinel"),
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
  ];
}

async function overview(_args: object, client: RedisClient, signal: AbortSignal): Promise<ToolOutput> {
  const all = respList(await client.call(["SENTINEL", "MASTERS"], signal)).map(respPairs);
  const masters: Record<string, string>[] = [];
  for (const pairs of all.slice(0, MAX_MASTERS)) {
    masters.push({ ...cleaned(pairs), quorum_check: await quorumCheck(client, pairs["name"] ?? "", signal) });
  }
  masters.sort((a, b) => Number(isDown(b)) - Number(isDown(a)));
  const rows = masters.map((each) => [
    each["name"] ?? "?",
    `${each["ip"] ?? "?"}:${each["port"] ?? "?"}`,
    each["flags"] ?? "?",
    each["num-slaves"] ?? "?",
    each["num-other-sentinels"] ?? "?",
    each["quorum"] ?? "?",
    each["quorum_check"] ?? "?",
  ]);
  const titles = columns("master", "address", "flags", ">replicas", ">sentinels", ">quorum", "quorum check");
  const down = masters.filter(isDown).length;
  return {
    text: `${all.length} masters, ${down} down${rows.length === 0 ? "" : `\n${table(titles, rows)}`}`,
    data: { total: all.length, down, masters },
  };
}

async function masterHealth(
  { master }: { master: string },
  client: RedisClient,
  signal: AbortSignal,
): Promise<ToolOutput> {
  const pairs = cleaned(respPairs(await client.call(["SENTINEL", "MASTER", master], signal)));
  const check = await quorumCheck(client, master, signal);
  const address = respList(await client.call(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", master], signal))
    .map((part) => cleanLine(respText(part) ?? "?", 80)).join(":");
  const shown = [
    "flags",
    "num-slaves",
    "num-other-sentinels",
    "quorum",
    "last-ping-reply",
    "last-ok-ping-reply",
    "s-down-time",
    "o-down-time",
    "down-after-milliseconds",
    "failover-timeout",
    "failover-state",
    "config-epoch",
  ].flatMap((name) => pairs[name] === undefined ? [] : [`${name.padEnd(26)}${pairs[name]}`]);
  const verdict = isDown(pairs) ? "down" : "up";
  return {
    text: [
      `master ${master} at ${address || "no address"}: ${verdict}`,
      `quorum check              ${check}`,
      ...shown,
    ]
      .join("\n"),
    data: { master, address, verdict, quorum_check: check, fields: pairs },
  };
}

async function listing(
  client: RedisClient,
  command: readonly string[],
  what: string,
  fields: readonly string[],
  signal: AbortSignal,
): Promise<ToolOutput> {
  const entries = respList(await client.call(command, signal)).map((entry) => cleaned(respPairs(entry)))
    .toSorted((a, b) => Number(isDown(b)) - Number(isDown(a)));
  const rows = entries.map((entry) => fields.map((name) => entry[name] ?? ""));
  return {
    text: rows.length === 0 ? `no ${what}` : `${rows.length} ${what}\n${table(columns(...fields), rows)}`,
    data: { entries },
  };
}

/** What the Sentinels together could decide; a refusal is the answer. */
async function quorumCheck(client: RedisClient, master: string, signal: AbortSignal): Promise<string> {
  try {
    return cleanLine(await client.text(["SENTINEL", "CKQUORUM", master], signal), 200);
  } catch (error) {
    if (!(error instanceof RedisReplyError)) throw error;
    return cleanLine(error.message.replace(/^.*refused SENTINEL: /, ""), 200);
  }
}

function isDown({ flags = "" }: Readonly<Record<string, string>>): boolean {
  return /(?:^|,)(?:s_down|o_down|disconnected)/.test(flags);
}

/** A Sentinel keeps the password for its masters to itself; what else is foreign text is made fit to be shown. */
function cleaned(pairs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(pairs).filter(([name]) => !/pass|auth/i.test(name))
      .map(([name, value]) => [cleanLine(name, 60), cleanLine(value, 200)]),
  );
}
