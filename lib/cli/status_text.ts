/** The agent's status for people. */
import * as z from "zod/mini";
import "../zod.ts"; // for its language
import { printable } from "../log.ts";

const counts = z.record(z.string(), z.number());

// The agent may be of another version than this command: only what is shown is looked at, and new fields are none of it.
const statusSchema = z.object({
  version: z.string(),
  agent_id: z.string(),
  uptime_sec: z.number(),
  connection: z.object({
    state: z.string(),
    hub: z.string(),
    since: z.number(),
    capabilities: z.readonly(z.array(z.string())),
    last_error: z.optional(z.string()),
    next_try: z.optional(z.number()),
  }),
  destinations: z.readonly(z.array(z.object({
    name: z.string(),
    accepted: z.number(),
    settled: z.number(),
    waiting: z.number(),
    waiting_bytes: z.number(),
    dropped: counts,
    degraded: z.optional(z.string()),
    last_error: z.optional(z.string()),
  }))),
  sessions: z.object({ active: z.number(), limit: z.number(), started: counts, refused: counts }),
  checks: z.readonly(z.array(z.object({
    plugin: z.string(),
    target: z.string(),
    result: z.string(),
    last_duration_sec: z.optional(z.number()),
  }))),
  // Older agents do not tell.
  alerts: z._default(
    z.readonly(z.array(z.object({
      check: z.string(),
      target: z.string(),
      status: z.string(),
      since: z.number(),
      description: z.string(),
      silenced: z.boolean(),
    }))),
    [],
  ),
  silences: z._default(z.number(), 0),
  alerts_degraded: z.optional(z.string()),
});

/** What is shown of a status. */
export type ShownStatus = z.output<typeof statusSchema>;

/** @throws Error if `text` is no agent's status. */
export function parseStatus(text: string, address: string): ShownStatus {
  try {
    return statusSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(
      `cannot read the status: what ${address} tells is not an agent's; say where it is with --url`,
      {
        cause,
      },
    );
  }
}

/** Several lines. `nowSec` is the wall clock, in seconds since 1970. */
export function statusText(status: ShownStatus, nowSec: number): string {
  const lines = [
    `pawl ${status.version}, agent ${status.agent_id}, up ${span(status.uptime_sec)}`,
    ...connectionLines(status.connection, nowSec),
    "",
    ...table([
      ["DESTINATION", "ACCEPTED", "=", "SETTLED", "+", "WAITING", "+", "DROPPED", ""],
      ...status.destinations.map(destinationRow),
    ], { right: [1, 3, 5, 7] }),
    "",
    sessionsLine(status.sessions),
  ];
  if (status.checks.length > 0) {
    const rows = status.checks.map(({ plugin, target, result, last_duration_sec: took }) => [
      plugin,
      target,
      result,
      took === undefined ? "" : `${took.toFixed(3)} s`,
    ]);
    lines.push("", ...table([["CHECK", "TARGET", "RESULT", "TOOK"], ...rows], { right: [3] }));
  }
  lines.push(...alertLines(status, nowSec));
  return `${lines.map((line) => printable(line).trimEnd()).join("\n")}\n`;
}

function alertLines({ alerts, silences, alerts_degraded: degraded }: ShownStatus, nowSec: number): string[] {
  const rows = alerts.map(({ status, check, target, since, silenced, description }) => [
    silenced ? `${status}, silenced` : status,
    check,
    target,
    span(nowSec - since),
    description,
  ]);
  return [
    ...(rows.length === 0
      ? []
      : ["", ...table([["ALERT", "CHECK", "TARGET", "FOR", ""], ...rows], { right: [] })]),
    ...(silences === 0 ? [] : ["", `silences: ${silences}; "pawl silence list" shows them`]),
    ...(degraded === undefined ? [] : ["", `STATE OF ALERTS IN MEMORY ONLY: ${degraded}`]),
  ];
}

function connectionLines(connection: ShownStatus["connection"], nowSec: number): string[] {
  const { state, hub, since, capabilities, last_error, next_try } = connection;
  const words = state === "connected" ? `connected to ${hub}` : `NOT connected to ${hub}: ${state}`;
  const next = next_try === undefined ? "" : `, next try in ${span(next_try - nowSec)}`;
  const using = capabilities.length === 0 ? "" : ` (${capabilities.join(", ")})`;
  return [
    `${words}${using} for ${span(nowSec - since)}${next}`,
    ...(last_error === undefined ? [] : [`the connection before ended: ${last_error}`]),
  ];
}

function destinationRow(destination: ShownStatus["destinations"][number]): string[] {
  const { name, accepted, settled, waiting, waiting_bytes, dropped, degraded, last_error } = destination;
  const droppedInAll = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  const notes = [
    ...Object.entries(dropped).filter(([, count]) => count > 0).map(([reason, count]) =>
      `${count} ${reason}`
    ),
    ...(waiting_bytes > 0 ? [`${size(waiting_bytes)} waiting`] : []),
    ...(degraded === undefined ? [] : [`IN MEMORY ONLY: ${degraded}`]),
    ...(last_error === undefined ? [] : [`last error: ${last_error}`]),
  ];
  const equal = accepted === settled + waiting + droppedInAll ? "=" : "≠";
  return [name, String(accepted), equal, String(settled), "+", String(waiting), "+", String(droppedInAll)]
    .concat(notes.join(", "));
}

function sessionsLine({ active, limit, started, refused }: ShownStatus["sessions"]): string {
  const listed = (name: string, figures: Record<string, number>) => {
    const parts = Object.entries(figures).map(([what, count]) => `${count} ${what}`);
    return parts.length === 0 ? "" : `; ${name}: ${parts.join(", ")}`;
  };
  return `sessions: ${active} of ${limit} at work${listed("started", started)}${listed("refused", refused)}`;
}

/** Columns as wide as what stands in them; those whose index is in `right` are aligned there. */
function table(rows: readonly string[][], { right }: { right: readonly number[] }): string[] {
  const cells = rows.map((row) => row.map(printable));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0))
  );
  return cells.map((row) =>
    widths.map((width, column) => {
      const cell = row[column] ?? "";
      return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ")
  );
}

function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor(whole % 86_400 / 3600)} h`;
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
