/** One line of the audit: an entry, and the hash that ties it to the one before. Pure. */
import { createHash } from "node:crypto";

/** What stands before the first entry of all. */
export const GENESIS = "0".repeat(64);

/** What is told of one thing that happened. Plain JSON; `seq`, `time` and `hash` are the line's own. */
export interface AuditEvent {
  /** What happened: `session.started`, `tool.asked`, … */
  readonly event: string;
  readonly [field: string]: unknown;
}

/** An entry as it is read back. */
export interface AuditEntry extends AuditEvent {
  /** Counts the entries of all files, from 1. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly time: string;
}

/** An end that the log had once: how many entries, and the hash of the last one. Noted elsewhere, it vouches for them. */
export interface AuditAnchor {
  readonly count: number;
  readonly hash: string;
}

/** A line, taken apart. */
export interface AuditLine {
  readonly entry: AuditEntry;
  /** What the hash is of: the line without it. */
  readonly body: string;
  readonly hash: string;
}

/** The hash of an entry that follows one with the hash `previous`. */
export function hashOf(previous: string, body: string): string {
  return createHash("sha256").update(`${previous}\n${body}`).digest("hex");
}

/** An entry as it is written, without the line break, and its hash. */
export function writeLine(previous: string, entry: AuditEntry): { text: string; hash: string } {
  const { seq, time, event, ...fields } = entry;
  const body = JSON.stringify({ seq, time, event, ...fields });
  const hash = hashOf(previous, body);
  return { text: `${body.slice(0, -1)},"hash":"${hash}"}`, hash };
}

const HASH_AT_END = /,"hash":"([0-9a-f]{64})"\}$/;

/** @returns undefined for what is no entry. Whether its hash is right has to be asked with {@linkcode hashOf}. */
export function readLine(text: string): AuditLine | undefined {
  const end = HASH_AT_END.exec(text);
  if (end?.[1] === undefined) return undefined;
  const body = `${text.slice(0, end.index)}}`;
  try {
    const entry: unknown = JSON.parse(body);
    return isEntry(entry) ? { entry, body, hash: end[1] } : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== "object" || value === null) return false;
  const { seq, time, event } = value as Record<string, unknown>;
  return Number.isSafeInteger(seq) && (seq as number) > 0 && typeof time === "string" &&
    typeof event === "string";
}
