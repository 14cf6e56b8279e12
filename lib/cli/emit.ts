/** `pawl emit`: hands events to the agent that runs on this host. */
import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { type Clock, sleep, systemClock } from "../clock.ts";
import { ConfigError } from "../config/config_error.ts";
import type { CliContext } from "./command.ts";
import { type EventBatch, readBatches } from "./event_lines.ts";
import { errorOf, type LocalAnswer, LocalClient } from "./local_client.ts";
import { ignoreProxyVariables } from "./proxy_variables.ts";
import { findEndpoint } from "./local_endpoint.ts";

const STATUSES = ["Critical", "Warning", "Info", "Ok"] as const;

/** See `CommandFactory`. */
export function command(context: CliContext) {
  return new Command("emit")
    .description("Hand events to the agent on this host: one from flags, or any number from stdin")
    .argument("[source]", '"-": events from stdin, one JSON object a line, or one JSON document')
    .addOption(new Option("--status <status>", "how bad it is").choices(STATUSES))
    .option("--label <name=value>", "what names the problem; several times for several", collect, {})
    .option("--attr <name=value>", "what is worth knowing besides; several times for several", collect, {})
    .option("--description <text>", "for people")
    .option("--markdown", "the description is Markdown")
    .option("--key <key>", "identifies the problem (default: made of the labels)")
    .option("--time <time>", "seconds since 1970, or such as 2026-01-31T10:00:00Z (default: now)", parseTime)
    .option("--timeout <seconds>", "how long to wait for an agent that has no room", parseTimeout, 30)
    .option("--socket <path>", "the agent's unix socket (default: where `pawl run` would listen)")
    .option("--url <url>", "the agent's address, where it listens on TCP")
    .option("--token-file <file>", "a file that holds the agent's local token")
    .option("--config <file>", "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)")
    .option("--state-dir <folder>", "the agent's state folder")
    .action(async (source, flags) => {
      const batches = batchesOf(source, flags);
      const endpoint = await findEndpoint(flags, { env: Deno.env, cwd: Deno.cwd(), uid: Deno.uid() });
      ignoreProxyVariables();
      using client = new LocalClient(endpoint);
      const tally = { accepted: 0, notDurable: 0 };
      let done = false;
      try {
        await sendBatches(batches, { client, timeoutMs: flags.timeout * 1000, tally });
        done = true;
      } finally {
        if (done || tally.accepted > 0) report(context, tally);
      }
    });
}

function report(context: CliContext, { accepted, notDurable }: SendBatchesOptions["tally"]): void {
  context.out(`accepted ${accepted} ${accepted === 1 ? "event" : "events"}\n`);
  if (notDurable === 0) return;
  const which = notDurable === accepted ? "" : `${notDurable} of them `;
  context.err(
    `pawl: ${which}in memory only, where a crash of the agent would lose them; see "pawl status"\n`,
  );
}

interface EventFlags {
  status?: string;
  label: Record<string, string>;
  attr: Record<string, string>;
  description?: string;
  markdown?: true;
  key?: string;
  time?: number;
}

function batchesOf(source: string | undefined, flags: EventFlags): AsyncIterable<EventBatch> {
  const { status, label, attr, description, markdown, key, time } = flags;
  const hasLabels = Object.keys(label).length > 0;
  const hasAttrs = Object.keys(attr).length > 0;
  const given = [status, description, markdown, key, time].some((flag) => flag !== undefined);
  const isDescribed = given || hasLabels || hasAttrs;
  if (source !== undefined && source !== "-") {
    throw new ConfigError('the only source is "-", for stdin; give a file with < FILE');
  }
  if (isDescribed && source === "-") {
    throw new ConfigError("flags describe one event, and - reads events from stdin; leave one out");
  }
  if (!isDescribed) {
    if (source === undefined && Deno.stdin.isTerminal()) {
      throw new ConfigError(
        "there is no event to hand on; describe one with --status, --label and --description, or pipe some in",
      );
    }
    return readBatches(stdin());
  }
  if (status === undefined) throw new ConfigError("--status is missing; say how bad it is");
  if (description === undefined) throw new ConfigError("--description is missing; say what it is");
  if (!hasLabels && key === undefined) {
    throw new ConfigError("--label is missing; name the problem, such as --label check=backup");
  }
  const text = JSON.stringify({
    event_status: status,
    event_time: time,
    alert_key: key,
    labels: label,
    ...(hasAttrs && { attrs: attr }),
    description,
    ...(markdown && { description_format: "markdown" }),
  });
  return one({ text, count: 1, positions: [1], unit: "event" });
}

async function* one(batch: EventBatch): AsyncGenerator<EventBatch> {
  yield batch;
}

/** Whatever is there, up to 1 MiB at a time. */
async function* stdin(): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(1024 * 1024);
  for (;;) {
    const count = await Deno.stdin.read(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}

/** Options of {@linkcode sendBatches}. */
export interface SendBatchesOptions {
  client: Pick<LocalClient, "request">;
  /** How long one batch may be offered to an agent that has no room for it. */
  timeoutMs: number;
  /** Counts up as batches are accepted. */
  tally: { accepted: number; notDurable: number };
  /** @default systemClock */
  clock?: Clock;
}

/**
 * Sends one batch after the other; one that finds no room is offered again when the agent says so.
 *
 * @throws Error at the first batch that is not accepted; what came before it is.
 */
export async function sendBatches(
  batches: AsyncIterable<EventBatch>,
  { client, timeoutMs, tally, clock = systemClock }: SendBatchesOptions,
): Promise<void> {
  const never = new AbortController().signal; // Ctrl-C ends the process
  for await (const batch of batches) {
    const endMs = clock.monotonicMs() + timeoutMs;
    for (;;) {
      const body = { contentType: "application/x-ndjson", text: batch.text };
      const answer = await client.request("/v1/events", body);
      if (answer.status === 202 || answer.status === 200) {
        tally.accepted += batch.count;
        if (answer.status === 200) tally.notDurable += batch.count;
        break;
      }
      if (answer.status !== 429 && answer.status !== 503) throw refused(batch, answer);
      const waitMs = Math.max(1, answer.retryAfterSec ?? 1) * 1000;
      if (clock.monotonicMs() + waitMs > endMs) {
        throw new Error(
          `cannot hand on ${placeOf(batch)}: ${errorOf(answer)}, for ${timeoutMs / 1000} s now; ` +
            'see "pawl status", and send them again later',
        );
      }
      await sleep(clock, waitMs, never);
    }
  }
}

function refused(batch: EventBatch, answer: LocalAnswer): Error {
  const bad = answer.status === 422 ? firstBad(answer.text) : undefined;
  const position = bad && batch.positions[bad.index];
  if (bad === undefined || position === undefined) {
    return new Error(`cannot hand on ${placeOf(batch)}: ${errorOf(answer)}`);
  }
  const { unit, positions } = batch;
  const what = `${bad.field && `${bad.field} `}${bad.message}`;
  if (batch.count === 1) return new Error(`cannot hand on ${placeOf(batch)}: ${what}; mend it`);
  return new Error(
    `cannot hand on ${unit} ${position}: ${what}; mend it and send again from ${unit} ${positions[0]} on`,
  );
}

function firstBad(text: string): { index: number; field: string; message: string } | undefined {
  try {
    const [first] = (JSON.parse(text) as { errors?: unknown[] }).errors ?? [];
    const { index, field, message } = first as Record<string, unknown>;
    if (typeof index !== "number" || typeof field !== "string" || typeof message !== "string") {
      return undefined;
    }
    return { index, field, message };
  } catch {
    return undefined;
  }
}

function placeOf({ positions, unit, count }: EventBatch): string {
  if (count === 1) return unit === "line" ? `line ${positions[0]}` : "the event";
  return `${unit}s ${positions[0]} to ${positions.at(-1)}`;
}

function collect(text: string, before: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("write name=value");
  return { ...before, [name]: value };
}

function parseTime(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  const timeMs = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN;
  if (timeMs >= 0) return Math.floor(timeMs / 1000);
  throw new InvalidArgumentError("write seconds since 1970, or a time such as 2026-01-31T10:00:00Z");
}

function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError("write seconds, from 0 to 86400");
}
