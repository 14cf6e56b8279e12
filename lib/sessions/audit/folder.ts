/** The audit's files: `audit.jsonl`, those that it was before, and the head, which knows how long the whole is. */
import { join } from "node:path";
import { GENESIS } from "./line.ts";

/** The file that is written to. */
export const CURRENT = "audit.jsonl";
const HEAD = "head";
const ROTATED = /^audit-(\d{15})\.jsonl$/;

/** Where the log ended when it was last written to. */
export interface AuditHead {
  /** The number of the last entry; 0 before the first. */
  readonly count: number;
  /** Its hash. */
  readonly hash: string;
  /** The number of the oldest entry that is kept. */
  readonly first: number;
}

/** Before anything was written. */
export const EMPTY_HEAD: AuditHead = { count: 0, hash: GENESIS, first: 1 };

/** The names of the files that there are, the oldest first. */
export async function auditFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && (name === CURRENT || ROTATED.test(name))) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort((a, b) => a === CURRENT ? 1 : b === CURRENT ? -1 : a < b ? -1 : 1);
}

/** What the current file is called once another has taken its place: by the number of its last entry. */
export function rotatedName(lastSeq: number): string {
  return `audit-${String(lastSeq).padStart(15, "0")}.jsonl`;
}

/** The number of the last entry of a file that {@linkcode rotatedName} named. */
export function lastSeqOf(name: string): number | undefined {
  const digits = ROTATED.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** @returns undefined where there is none, or what stands there is none. */
export async function readHead(folder: string): Promise<AuditHead | undefined> {
  try {
    const text = await Deno.readTextFile(join(folder, HEAD));
    const [, count, hash, first] = /^(\d{15}) ([0-9a-f]{64}) (\d{15})\n$/.exec(text) ?? [];
    if (hash === undefined) return undefined;
    return { count: Number(count), hash, first: Number(first) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** In place, and always of one length: a process that dies over it leaves the old head or the new one. */
export async function writeHead(folder: string, { count, hash, first }: AuditHead): Promise<void> {
  const digits = (number: number) => String(number).padStart(15, "0");
  const text = new TextEncoder().encode(`${digits(count)} ${hash} ${digits(first)}\n`);
  using file = await Deno.open(join(folder, HEAD), { write: true, create: true, mode: 0o600 });
  await writeWhole(file, text);
  if ((await file.stat()).size !== text.length) await file.truncate(text.length);
}

/** @throws whatever the disk says; part of it may have been written then. */
export async function writeWhole(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
}
