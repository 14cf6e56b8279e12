/** What an HTTP answer has to be like. */
import { type LinePattern, linePattern } from "../host/pattern/line_pattern.ts";

/** Whether a status is one of those that were asked for. */
export type StatusTest = (status: number) => boolean;

/**
 * Reads `200`, `2xx`, `20*` or `200-299`.
 * @returns undefined for anything else.
 */
export function readStatusPattern(text: string): StatusTest | undefined {
  const [, from, to] = /^([1-5]\d\d)-([1-5]\d\d)$/.exec(text) ?? [];
  if (from !== undefined && to !== undefined) {
    return from <= to ? (status) => status >= Number(from) && status <= Number(to) : undefined;
  }
  const [, digits, rest = ""] = /^([1-5]\d{0,2})([xX]{0,2}|\*)$/.exec(text) ?? [];
  if (digits === undefined || (rest !== "*" && digits.length + rest.length !== 3)) return undefined;
  return (status) => String(status).startsWith(digits);
}

/** How much of a body is matched: a pattern's time is linear in it. */
export const MAX_MATCHED_CHARS = 1024 * 1024;

/** Reads a text, or `/an expression/`. @returns what is wrong, as text. */
export function readBodyPattern(text: string): LinePattern | string {
  try {
    return linePattern(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A body as text, in the encoding that its type names; UTF-8 where that is none. */
export function bodyText(body: Uint8Array, contentType: string | undefined): string {
  const [, label = "utf-8"] = /;\s*charset="?([A-Za-z0-9_:.-]{1,40})/i.exec(contentType ?? "") ?? [];
  return decoderFor(label).decode(body).slice(0, MAX_MATCHED_CHARS);
}

function decoderFor(label: string): TextDecoder {
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder();
  }
}
