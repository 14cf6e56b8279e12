/** Which keys of a Redis are largest, as far as a bounded look tells. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { bytesText } from "../host/figure_text.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { REDIS_PORT, type RedisClient, RedisReplyError } from "../host/probes/redis.ts";
import { respList, respText } from "../host/probes/resp.ts";
import { wholeNumber } from "./arguments.ts";
import {
  defaultTarget,
  openInstance,
  type RedisToolsOptions,
  resolveInstance,
  targetArgument,
} from "./redis_target.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

const PLACE = { defaultPort: REDIS_PORT };
/** A pattern that nothing fits would have the whole keyspace walked. */
const MAX_SCANS = 500;
/** Of the tool's ten seconds. */
const BUDGET_MS = 7000;
/** How many elements of a collection are measured: all of them could be millions. */
const MEMORY_SAMPLES = "5";

interface SizedKey {
  key: string;
  type: string;
  bytes: number;
}

/** The tool. */
export function redisBigkeysScan(options: RedisToolsOptions) {
  const fallback = defaultTarget(options, PLACE);
  return defineTool({
    name: "redis_bigkeys_scan",
    family: "redis",
    description:
      "The largest keys of a Redis among a bounded sample, with type and memory; never blocks the server",
    args: {
      sample_keys: about(wholeNumber(500, 1, 1000), "How many keys to measure."),
      topn: about(wholeNumber(20, 1, 100), "How many to show."),
      match: about(
        z._default(z.string().check(z.minLength(1), z.maxLength(256)), "*"),
        "Which keys, as a glob of Redis's.",
      ),
      target: targetArgument(fallback),
    },
    needs: [{ net: fallback }],
    reach: "service",
    async run({ sample_keys, topn, match, target }, context) {
      const instance = resolveInstance(target ?? fallback, options, PLACE);
      using client = await openInstance(instance, context, PLACE);
      const { clock, signal } = context;
      const endMs = clock.monotonicMs() + BUDGET_MS;
      const isLate = () => clock.monotonicMs() >= endMs;
      const total = Number(await client.text(["DBSIZE"], signal)) || 0;
      const { keys, isWhole } = await scan(client, { match, limit: sample_keys, isLate }, signal);
      const sized: SizedKey[] = [];
      for (const key of keys) {
        if (isLate()) break;
        const measured = await measure(client, key, signal);
        if (measured !== undefined) sized.push(measured);
      }
      sized.sort((a, b) => b.bytes - a.bytes);
      const top = sized.slice(0, topn);
      const sampled = sized.reduce((sum, { bytes }) => sum + bytes, 0);
      const extent = isWhole && sized.length === keys.length ? "all that fit" : "a sample";
      const text = [
        `Redis ${instance.target}: ${sized.length} of ${total} keys measured (${extent}), ${
          bytesText(sampled)
        } together`,
        table(
          columns(">memory", "type", "key"),
          top.map(({ key, type, bytes }) => [bytesText(bytes), type, key]),
        ),
      ].join("\n");
      const data = {
        target: instance.target,
        total_keys: total,
        measured_keys: sized.length,
        measured_bytes: sampled,
        is_whole: extent === "all that fit",
        keys: top,
      };
      return { text, data };
    },
  });
}

async function scan(
  client: RedisClient,
  { match, limit, isLate }: { match: string; limit: number; isLate: () => boolean },
  signal: AbortSignal,
): Promise<{ keys: Uint8Array[]; isWhole: boolean }> {
  // A key may come twice while the server resizes its table.
  const keys = new Map<string, Uint8Array>();
  let cursor = "0";
  for (let scans = 0; scans < MAX_SCANS && !isLate(); scans++) {
    const [next, batch] = respList(
      await client.call(["SCAN", cursor, "MATCH", match, "COUNT", "200"], signal),
    );
    for (const key of respList(batch)) {
      if (!(key instanceof Uint8Array)) continue;
      if (keys.size >= limit) return { keys: [...keys.values()], isWhole: false };
      keys.set(key.toHex(), key);
    }
    cursor = respText(next) ?? "0";
    if (cursor === "0") return { keys: [...keys.values()], isWhole: true };
  }
  return { keys: [...keys.values()], isWhole: false };
}

/** Undefined for a key that is gone by now. */
async function measure(
  client: RedisClient,
  key: Uint8Array,
  signal: AbortSignal,
): Promise<SizedKey | undefined> {
  const type = await client.text(["TYPE", key], signal);
  if (type === "none") return undefined;
  const bytes = await memoryOf(client, key, type, signal);
  return bytes === undefined ? undefined : { key: cleanLine(respText(key) ?? "", 120), type, bytes };
}

async function memoryOf(
  client: RedisClient,
  key: Uint8Array,
  type: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const bytes = await client.call(["MEMORY", "USAGE", key, "SAMPLES", MEMORY_SAMPLES], signal);
    return typeof bytes === "number" ? bytes : undefined;
  } catch (error) {
    // Too old for the command, or not allowed it: of a string the length says nearly as much.
    if (!(error instanceof RedisReplyError)) throw error;
    if (type !== "string") return undefined;
    const length = await client.call(["STRLEN", key], signal);
    return typeof length === "number" ? length : undefined;
  }
}
