/** Opening a journal's file whatever is found in its place: what cannot be used is kept under another name. */
import type { Logger } from "@logtape/logtape";
import { asUnusable, FILE_SUFFIXES, JournalFile, type JournalFileOptions } from "./journal_file.ts";
import type { JournalIndex } from "./journal_index.ts";
import { readRow } from "./journal_rows.ts";
import { UnusableFileError } from "./journal_schema.ts";
import { orderAndPlace, Segment, SEGMENT_EVENTS } from "./journal_segment.ts";
import type { JournalStore } from "./journal_store.ts";

/** Options of {@linkcode recover}. */
export interface RecoverOptions<Recovered> extends JournalFileOptions {
  /** Takes over what is in the file; throws UnusableFileError if that makes no sense. */
  adopt: (store: JournalStore) => Recovered;
  /** Milliseconds since 1970, for the name under which a file is kept. */
  nowMs: number;
  logger: Logger;
}

/**
 * Opens a journal's file and lets its content be adopted. A file that is damaged, foreign or newer is renamed, with
 * `.corrupt-<time>` or `.newer-<time>` behind its name, reported, and a new one is begun.
 *
 * @throws Error if the file cannot be had at the moment: it is in use, the disk is full, read-only or fails.
 */
export function recover<Recovered>(options: RecoverOptions<Recovered>): Recovered {
  const { adopt, nowMs, logger, ...fileOptions } = options;
  const { path } = fileOptions;
  try {
    return openAndAdopt(fileOptions, adopt);
  } catch (error) {
    if (!(error instanceof UnusableFileError)) throw error;
    const keptAs = setAside(path, error.kind, nowMs);
    logger.error("queue.set_aside", { path, keptAs, why: error.message });
    return openAndAdopt(fileOptions, adopt);
  }
}

function openAndAdopt<Recovered>(
  options: JournalFileOptions,
  adopt: (store: JournalStore) => Recovered,
): Recovered {
  const file = new JournalFile(options);
  try {
    return adopt(file);
  } catch (error) {
    file[Symbol.dispose]();
    throw asUnusable(error);
  }
}

/** Renames a database with all its files; a time that is taken already gets a number. */
function setAside(path: string, kind: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  let keptAs = `${path}.${kind}-${time}`;
  for (let number = 2; exists(keptAs); number++) keptAs = `${path}.${kind}-${time}-${number}`;
  for (const suffix of FILE_SUFFIXES) {
    if (exists(path + suffix)) Deno.renameSync(path + suffix, keptAs + suffix);
  }
  return keptAs;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Fills an empty index from a store, row by row; no event's text is read.
 *
 * @throws UnusableFileError if the rows do not fit each other.
 */
export function readSegments(store: JournalStore, index: JournalIndex): void {
  let segment: Segment | undefined;
  for (const row of store.rows()) {
    const { order, place } = orderAndPlace(row.id);
    if (segment?.order !== order) {
      if (segment !== undefined) index.adopt(segment);
      segment = new Segment(order);
    }
    const count = readRow(row, segment, place, index.keys);
    if (count === undefined || place < segment.count || place + count > SEGMENT_EVENTS) {
      throw new UnusableFileError("corrupt", `it is damaged: row ${row.id} makes no sense`);
    }
    segment.count = segment.written = place + count;
    segment.rows = [...segment.rows, { start: place, count, live: segment.liveIn({ start: place, count }) }];
  }
  if (segment !== undefined) index.adopt(segment);
}
