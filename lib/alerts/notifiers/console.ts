/** Events for people to read as they happen: one line each. */
import { type Clock, systemClock } from "../../clock.ts";
import { printable } from "../../log.ts";
import type { AlertEvent, EventStatus } from "../event.ts";
import { isoTime } from "./event_time.ts";
import { LineWriter } from "./line_writer.ts";
import type { Sender } from "./sender.ts";

/** Options of {@linkcode consoleSender}. */
export interface ConsoleOptions {
  /**
   * Whether to use colours.
   * @default whether standard output is a terminal and NO_COLOR is unset or empty
   */
  colors?: boolean;
  /** Writes whole lines, and is not called again before it has settled. @default writes to standard output */
  write?: (lines: string) => Promise<void>;
  /** For events without a time. @default systemClock */
  clock?: Clock;
}

const BATCH_EVENTS = 100;

const COLORS: Readonly<Record<EventStatus, number>> = { Critical: 31, Warning: 33, Info: 36, Ok: 32 };

/** Prints each event: time (UTC), status, what it is about, description. What is foreign cannot drive the terminal. */
export function consoleSender(options: ConsoleOptions = {}): Sender {
  const { colors = wantsColors(), write = writeToStdout, clock = systemClock } = options;
  const writer = new LineWriter(write);
  return {
    maxBatch: BATCH_EVENTS,
    async send(events, signal) {
      const wallMs = clock.wallMs();
      const lines = events.map((event) => `${consoleLine(event, { colors, wallMs })}\n`);
      await writer.write(lines.join(""), signal);
    },
  };
}

/** One event as one line, without the line break. Pure. */
export function consoleLine(
  event: AlertEvent,
  { colors, wallMs }: { colors: boolean; wallMs: number },
): string {
  const paint = (code: number, text: string) => colors ? `\x1b[${code}m${text}\x1b[0m` : text;
  const time = isoTime(event, wallMs).replace(/\.\d+Z$/, "Z");
  const status = paint(COLORS[event.event_status], event.event_status.toUpperCase().padEnd(8));
  const description = event.description === "" ? "" : `  ${printable(event.description)}`;
  return `${paint(2, time)} ${status} ${printable(subject(event.labels))}${description}`;
}

function subject(labels: Readonly<Record<string, string>>): string {
  const { check, target } = labels;
  if (check) return target ? `${check} ${target}` : check;
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(" ");
}

function wantsColors(): boolean {
  return Deno.stdout.isTerminal() && !Deno.noColor;
}

const encoder = new TextEncoder();

async function writeToStdout(lines: string): Promise<void> {
  const bytes = encoder.encode(lines);
  for (let written = 0; written < bytes.length;) written += await Deno.stdout.write(bytes.subarray(written));
}
