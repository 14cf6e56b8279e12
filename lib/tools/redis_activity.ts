/** What a Redis has been doing: its slow log, its clients, its latency. */
import { bytesText } from "../host/figure_text.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { maskSecrets } from "../host/mask_secrets.ts";
import type { RedisClient } from "../host/probes/redis.ts";
import { parseClientList } from "../host/probes/redis_info.ts";
import { respList, respPairs, respText, type RespValue } from "../host/probes/resp.ts";
import { columns, table } from "./table.ts";
import type { ToolOutput } from "./tool.ts";

/** Commands whose first argument may be a secret already. */
const SECRET_COMMANDS = /^(?:auth|hello|acl|config|migrate|eval|evalsha|script|function|fcall)$/i;

/** `redis_slowlog`. */
export async function slowlog(
  { count }: { count: number },
  client: RedisClient,
  signal: AbortSignal,
): Promise<ToolOutput> {
  const entries = respList(await client.call(["SLOWLOG", "GET", String(count)], signal)).map((entry) => {
    const [id, atSec, us, words, address, clientName] = respList(entry);
    return {
      id: numberOf(id),
      at: isoTime(numberOf(atSec)),
      duration_us: numberOf(us),
      command: commandText(respList(words)),
      client: cleanLine(respText(address) ?? "", 80),
      client_name: cleanLine(respText(clientName) ?? "", 80),
    };
  }).toSorted((a, b) => (b.duration_us ?? 0) - (a.duration_us ?? 0));
  const rows = entries.map(({ at, duration_us, command, client }) => [
    at ?? "?",
    duration_us === null ? "?" : `${(duration_us / 1000).toFixed(1)} ms`,
    client,
    command,
  ]);
  const text = rows.length === 0
    ? "the slow log is empty"
    : `${rows.length} slow commands, longest first\n${
      table(columns("at", ">took", "client", "command"), rows)
    }`;
  return { text, data: { entries } };
}

/** The command and its key; what is written under the key is nobody's business. */
function commandText(words: readonly RespValue[]): string {
  const [command = "", key] = words.map((word) => cleanLine(respText(word) ?? "", 80));
  const rest = words.length - 1;
  if (key === undefined || SECRET_COMMANDS.test(command)) {
    return `${command}${rest > 0 ? ` (${rest} arguments)` : ""}`;
  }
  return maskSecrets(`${command} ${key}${rest > 1 ? ` (${rest - 1} more arguments)` : ""}`);
}

/** `redis_client_list`. */
export async function clientList(
  { count }: { count: number },
  client: RedisClient,
  signal: AbortSignal,
): Promise<ToolOutput> {
  const figure = (text: string | undefined) =>
    text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
  const clients = parseClientList(await client.text(["CLIENT", "LIST"], signal)).map((fields) => ({
    id: figure(fields["id"]),
    address: cleanLine(fields["addr"] ?? "", 80),
    name: cleanLine(fields["name"] ?? "", 80),
    user: cleanLine(fields["user"] ?? "", 80),
    age_sec: figure(fields["age"]),
    idle_sec: figure(fields["idle"]),
    flags: cleanLine(fields["flags"] ?? "", 20),
    db: figure(fields["db"]),
    output_bytes: figure(fields["omem"]),
    memory_bytes: figure(fields["tot-mem"]),
    command: cleanLine(fields["cmd"] ?? "", 40),
  })).toSorted((a, b) => (b.memory_bytes ?? b.output_bytes ?? 0) - (a.memory_bytes ?? a.output_bytes ?? 0));
  const shown = clients.slice(0, count);
  const rows = shown.map((each) => [
    each.address,
    each.name,
    each.user,
    `${each.age_sec ?? "?"} s`,
    `${each.idle_sec ?? "?"} s`,
    bytesText(each.memory_bytes ?? each.output_bytes ?? 0),
    each.flags,
    each.command,
  ]);
  const titles = columns("address", "name", "user", ">age", ">idle", ">memory", "flags", "command");
  return {
    text: `${clients.length} clients, ${shown.length} shown\n${table(titles, rows)}`,
    data: { total: clients.length, clients: shown },
  };
}

/** `redis_latency`. */
export async function latency(
  { samples }: { samples: number },
  client: RedisClient,
  signal: AbortSignal,
): Promise<ToolOutput> {
  const tripsMs: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const startMs = performance.now();
    await client.call(["PING"], signal);
    tripsMs.push(performance.now() - startMs);
  }
  tripsMs.sort((a, b) => a - b);
  const at = (share: number) =>
    tripsMs[Math.min(tripsMs.length - 1, Math.floor(share * tripsMs.length))] ?? 0;
  const spikes = respList(await client.call(["LATENCY", "LATEST"], signal)).map((entry) => {
    const [event, atSec, latestMs, worstMs] = respList(entry);
    return {
      event: cleanLine(respText(event) ?? "", 60),
      at: isoTime(numberOf(atSec)),
      latest_ms: numberOf(latestMs),
      worst_ms: numberOf(worstMs),
    };
  }).toSorted((a, b) => (b.worst_ms ?? 0) - (a.worst_ms ?? 0));
  const monitor = respPairs(await client.call(["CONFIG", "GET", "latency-monitor-threshold"], signal));
  const thresholdMs = Number(monitor["latency-monitor-threshold"] ?? "0") || 0;
  const show = (ms: number) => `${ms.toFixed(2)} ms`;
  const header = `PING ${samples} times: median ${show(at(0.5))}, worst ${show(at(1))}`;
  const rows = spikes.map(({ event, at, latest_ms, worst_ms }) => [
    event,
    at ?? "?",
    `${latest_ms ?? "?"} ms`,
    `${worst_ms ?? "?"} ms`,
  ]);
  const recorded = rows.length > 0
    ? table(columns("event", "at", ">latest", ">worst"), rows)
    : thresholdMs === 0
    ? "no spikes recorded: its latency monitor is off"
    : `no spikes above ${thresholdMs} ms recorded`;
  const data = { samples, median_ms: at(0.5), worst_ms: at(1), monitor_threshold_ms: thresholdMs, spikes };
  return { text: `${header}\n${recorded}`, data };
}

function numberOf(value: RespValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}

function isoTime(sec: number | null): string | null {
  return sec === null || sec < 0 || sec > 8.64e12 ? null : new Date(sec * 1000).toISOString();
}
