/** Silences for people. */
import * as z from "zod/mini";
import "../zod.ts"; // for its language
import { printable } from "../log.ts";

const silenceSchema = z.object({
  id: z.string(),
  matchers: z.record(z.string(), z.string()),
  reason: z.string(),
  created: z.number(),
  until: z.number(),
  matching: z.number(),
});

/** What is shown of a silence. */
export type ShownSilence = z.output<typeof silenceSchema>;

/** @throws Error if `text` is no agent's answer. */
export function parseSilence(text: string, address: string): ShownSilence {
  return parsed(text, silenceSchema, address);
}

/** @throws Error if `text` is no agent's answer. */
export function parseSilences(text: string, address: string): ShownSilence[] {
  return parsed(text, z.object({ silences: z.array(silenceSchema) }), address).silences;
}

function parsed<T>(text: string, schema: z.ZodMiniType<T>, address: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const why = `what ${address} answers is not an agent's; say where it is with --url`;
    throw new Error(`cannot read the answer: ${why}`, { cause });
  }
}

/** What follows an order. */
export function silencedText({ id, until, matching }: ShownSilence): string {
  const covers = matching === 0
    ? "no alert that is open fits now; those to come will"
    : matching === 1
    ? "one open alert fits now"
    : `${matching} open alerts fit now`;
  return `${printable(id)}: silent until ${timeText(until)}; ${covers}\n`;
}

/** A table. `nowSec` is the wall clock, in seconds since 1970. */
export function silencesText(silences: readonly ShownSilence[], nowSec: number): string {
  if (silences.length === 0) return "no silences\n";
  const rows = [
    ["ID", "LEFT", "UNTIL", "OPEN", "FITS", "REASON"],
    ...silences.map(({ id, matchers, reason, until, matching }) => [
      id,
      leftText(until - nowSec),
      timeText(until),
      String(matching),
      Object.entries(matchers).map(([name, value]) => `${name}=${value}`).join(" "),
      reason,
    ]),
  ].map((row) => row.map(printable));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return `${cells.join("  ").trimEnd()}\n`;
  }).join("");
}

function leftText(seconds: number): string {
  const minutes = Math.max(0, Math.ceil(seconds / 60));
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 60 / 24)} d`;
}

function timeText(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? "?" : time.toISOString().replace(".000Z", "Z");
}
