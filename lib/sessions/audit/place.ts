/** Where the audit goes on: found anew at the start, and whenever something went wrong. */
import { join } from "node:path";
import { auditFiles, CURRENT, EMPTY_HEAD, readHead, writeHead } from "./folder.ts";
import { type AuditEvent, GENESIS } from "./line.ts";
import { type AuditTail, readTail } from "./tail.ts";

/** What the next entry follows. */
export interface Place {
  /** The number of the last entry, and its hash. */
  readonly seq: number;
  readonly hash: string;
  /** The number of the oldest entry that is kept. */
  readonly first: number;
  /** The size of the current file. */
  readonly sizeBytes: number;
  readonly needsBreak: boolean;
  /** Whether the current file has entries already. */
  readonly continues: boolean;
  /** What has to be told before anything else. */
  readonly notes: readonly AuditEvent[];
}

/** Makes the folder where there is none. Changes no entry: what is wrong becomes one of the notes. */
export async function findPlace(folder: string): Promise<Place> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const files = await auditFiles(folder);
  let head = await readHead(folder);
  if (head === undefined && files.length === 0) {
    // Before the first entry: from then on, a missing head means that somebody took it away.
    head = EMPTY_HEAD;
    await writeHead(folder, head);
  }
  const current = files.includes(CURRENT) ? await readTail(join(folder, CURRENT)) : undefined;
  const before = current?.last === undefined ? await newestOf(folder, files) : undefined;
  const last = current?.last ?? before?.last;
  const [foundSeq, hash] = last === undefined ? [0, GENESIS] : [last.entry.seq, last.hash];
  const notes: AuditEvent[] = [];
  let seq = foundSeq;
  if (head === undefined) notes.push({ event: "head.missing", found: foundSeq });
  else if (head.count > foundSeq) {
    notes.push({ event: "entries.missing", from: foundSeq + 1, to: head.count });
    seq = head.count; // their numbers are not given again
  } else if (head.count === foundSeq && head.hash !== hash) {
    notes.push({ event: "head.differs", head: head.hash });
  }
  const torn = current?.torn;
  if (current?.last === undefined) {
    notes.unshift({ event: "file", version: 1, previous: hash, ...(torn && { torn }) });
  } else if (torn !== undefined) notes.unshift({ event: "repaired", torn });
  return {
    seq,
    hash,
    first: head?.first ?? 1,
    sizeBytes: current?.sizeBytes ?? 0,
    needsBreak: current?.needsBreak ?? false,
    continues: current?.last !== undefined,
    notes,
  };
}

async function newestOf(folder: string, files: readonly string[]): Promise<AuditTail | undefined> {
  const newest = files.findLast((name) => name !== CURRENT);
  return newest === undefined ? undefined : await readTail(join(folder, newest));
}
