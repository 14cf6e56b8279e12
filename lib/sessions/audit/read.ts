/** The audit's entries, for those who want to read them. */
import { join } from "node:path";
import { auditFiles } from "./folder.ts";
import type { AuditEntry } from "./line.ts";
import { piecesOf } from "./reader.ts";

/** Options of {@linkcode readAudit}. */
export interface ReadAuditOptions {
  /** Entries about this session alone. @default all */
  session?: string | undefined;
  /** No more than that many, the last ones. @default all */
  last?: number | undefined;
}

/** An entry, and the line that it was read from. */
export interface ShownEntry {
  readonly entry: AuditEntry;
  readonly text: string;
}

/** The entries, the oldest first. Whether they are whole is for `verifyAudit` to say. */
export async function readAudit(
  folder: string,
  { session, last = Infinity }: ReadAuditOptions = {},
): Promise<{ entries: ShownEntry[]; unreadable: number }> {
  let entries: ShownEntry[] = [];
  let unreadable = 0;
  const decoder = new TextDecoder();
  for (const name of await auditFiles(folder)) {
    for (const { bytes, line } of piecesOf(await Deno.readFile(join(folder, name)))) {
      if (line === undefined) unreadable++;
      else if (session === undefined || line.entry["session"] === session) {
        entries.push({ entry: line.entry, text: decoder.decode(bytes) });
      }
    }
    if (entries.length > last) entries = entries.slice(-last);
  }
  return { entries, unreadable };
}
