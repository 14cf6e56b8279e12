import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type Migration, MIGRATIONS, prepareSchema, UnusableFileError } from "./journal_schema.ts";
import type { FoundRow, JournalStore, Ledger, StoreChanges } from "./journal_store.ts";

/** How long to wait for another process to let go of the file. */
const BUSY_TIMEOUT_MS = 1000;

/** So many pages of changes (16 MiB) go to the log before they go to the file: a checkpoint stops everything else. */
const CHECKPOINT_PAGES = 4096;

/** The log of changes is cut back to this after a checkpoint. */
const MAX_WAL_BYTES = 4 * 1024 * 1024;

/** Rows are written once and read once: a larger cache would only be memory lost. */
const CACHE_KIB = 512;

/** Fewer unused pages than this are kept for later; more are given back, so many at a time. */
const SPARE_PAGES = 256;
const TIDY_PAGES = 512;

/** Options of {@linkcode JournalFile}. */
export interface JournalFileOptions {
  path: string;
  /** Uniform numbers in [0, 1), for the seed of a new file. @default Math.random */
  random?: () => number;
  /** @default those of this release */
  migrations?: readonly Migration[];
}

/**
 * A journal's file: SQLite in WAL mode, synchronous NORMAL. What {@linkcode write} has written outlives the process at
 * once, and a loss of power from the next checkpoint on. The file is this process's alone while it is open.
 */
export class JournalFile implements JournalStore {
  readonly seed: readonly [number, number];
  readonly #path: string;
  readonly #migrations: readonly Migration[];
  #open: OpenFile;

  /**
   * Opens the file, or makes it.
   *
   * @throws UnusableFileError if it is damaged, foreign or newer; Error if it cannot be had at the moment.
   */
  constructor({ path, random = Math.random, migrations = MIGRATIONS }: JournalFileOptions) {
    const word = () => Math.floor(random() * 2 ** 32);
    this.#path = path;
    this.#migrations = migrations;
    this.#open = openFile(path, [word(), word()], migrations);
    const { seed_low = 0, seed_high = 0 } = this.#open.readLedger.get() as Record<string, number>;
    this.seed = [seed_low, seed_high];
  }

  get ledger(): Ledger {
    const { settled = 0, superseded = 0, overflow = 0, expired = 0, rejected = 0 } = this.#open.readLedger
      .get() as Record<string, number>;
    return { settled, superseded, overflow, expired, rejected };
  }

  *rows(): Iterable<FoundRow> {
    const all = this.#open.database.prepare(
      "SELECT segment.id AS id, meta, marks FROM segment LEFT JOIN departed USING (id) ORDER BY id",
    );
    for (const { id, meta, marks } of all.iterate()) {
      if (typeof id !== "number" || !(meta instanceof Uint8Array)) {
        throw new UnusableFileError("corrupt", "a row of it has the wrong types");
      }
      yield { id, meta, marks: marks instanceof Uint8Array ? marks : undefined };
    }
  }

  body(id: number): Uint8Array {
    const body = this.#open.readBody.get(id)?.["body"];
    if (!(body instanceof Uint8Array)) {
      throw new Error(`cannot read row ${id} of ${this.#path}: it is not there`);
    }
    return body;
  }

  write({ removed, marked, inserted, ledger }: StoreChanges): void {
    const { begin, commit, remove, unmark, mark, insert, writeLedger, database } = this.#open;
    begin.run();
    try {
      for (const id of removed) {
        remove.run(id);
        unmark.run(id);
      }
      for (const { id, marks } of marked) mark.run(id, marks ?? new Uint8Array());
      for (const { id, meta, body } of inserted) insert.run(id, meta, body);
      if (ledger !== undefined) writeLedger.run(...ledgerValues(ledger));
      commit.run();
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK"); // a full disk has rolled back already
      throw error;
    }
  }

  tidy(): boolean {
    const { database, countPages } = this.#open;
    const { free = 0, pages = 0 } = countPages.get() as Record<string, number>;
    // Where most is in use, what is not will be soon.
    if (free <= SPARE_PAGES || free < pages / 2) return false;
    // Each step gives one page back, and `exec` takes only the first.
    database.prepare(`PRAGMA incremental_vacuum(${TIDY_PAGES})`).all();
    if (free - TIDY_PAGES <= SPARE_PAGES) this.relieve(); // until then, it is only the log that says so
    return true;
  }

  relieve(): void {
    try {
      this.#open.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // As full as before; the next write tells.
    }
  }

  restart(ledger: Ledger): void {
    this[Symbol.dispose]();
    removeFile(this.#path);
    this.#open = openFile(this.#path, this.seed, this.#migrations);
    this.write({ removed: [], marked: [], inserted: [], ledger });
  }

  [Symbol.dispose](): void {
    if (this.#open.database.isOpen) this.#open.database.close();
  }
}

/** An open database and what is asked of it. */
interface OpenFile {
  readonly database: DatabaseSync;
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly insert: StatementSync;
  readonly remove: StatementSync;
  readonly mark: StatementSync;
  readonly unmark: StatementSync;
  readonly readBody: StatementSync;
  readonly countPages: StatementSync;
  readonly readLedger: StatementSync;
  readonly writeLedger: StatementSync;
}

function openFile(
  path: string,
  newSeed: readonly [number, number],
  migrations: readonly Migration[],
): OpenFile {
  Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  Deno.openSync(path, { write: true, create: true, mode: 0o600 }).close(); // its log gets the same mode
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    // Alone with the file, the index of its log is kept in memory instead of in a third file.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    prepareSchema(database, migrations);
    database.exec(`
      PRAGMA synchronous = NORMAL;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA journal_size_limit = ${MAX_WAL_BYTES};
    `);
    const [verdict] = database.prepare("PRAGMA quick_check(1)").all();
    if (verdict?.["quick_check"] !== "ok") {
      throw new UnusableFileError("corrupt", `it is damaged: ${verdict?.["quick_check"]}`);
    }
    const ledgers = Number(database.prepare("SELECT count(*) AS n FROM ledger").get()?.["n"]);
    if (ledgers > 1) throw new UnusableFileError("corrupt", "it has several ledgers");
    if (ledgers === 0) {
      database.prepare("INSERT INTO ledger VALUES (0, 0, 0, 0, 0, ?, ?)").run(...newSeed);
    }
    assertWritable(database);
    return {
      database,
      begin: database.prepare("BEGIN IMMEDIATE"),
      commit: database.prepare("COMMIT"),
      insert: database.prepare("INSERT INTO segment VALUES (?, ?, ?)"),
      remove: database.prepare("DELETE FROM segment WHERE id = ?"),
      mark: database.prepare("INSERT OR REPLACE INTO departed VALUES (?, ?)"),
      unmark: database.prepare("DELETE FROM departed WHERE id = ?"),
      readBody: database.prepare("SELECT body FROM segment WHERE id = ?"),
      countPages: database.prepare(
        "SELECT freelist_count AS free, page_count AS pages FROM pragma_freelist_count, pragma_page_count",
      ),
      readLedger: database.prepare("SELECT * FROM ledger"),
      writeLedger: database.prepare(
        "UPDATE ledger SET settled = ?, superseded = ?, overflow = ?, expired = ?, rejected = ?",
      ),
    };
  } catch (error) {
    database.close();
    throw asUnusable(error);
  }
}

/** A file that can only be read is of no use; one on a disk that is full at the moment has its content to give. */
function assertWritable(database: DatabaseSync): void {
  const SQLITE_FULL = 13;
  try {
    database.exec("BEGIN IMMEDIATE; UPDATE ledger SET settled = settled; COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    const { errcode, message } = error as { errcode?: number; message: string };
    // Scripts fail without a code: then the words must do.
    const isFull = errcode === undefined ? /database or disk is full/.test(message) : errcode === SQLITE_FULL;
    if (!isFull) throw error;
  }
}

/** Names damage by its name: a file that is cut short, is no database, or lacks what it should have. */
export function asUnusable(error: unknown): unknown {
  const { errcode, message } = error as { errcode?: number; message: string };
  const [SQLITE_ERROR, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_IOERR_SHORT_READ] = [1, 11, 26, 522];
  const damage = [SQLITE_ERROR, SQLITE_CORRUPT, SQLITE_NOTADB];
  // Some statements fail without a code: then the words must do.
  const isDamage = errcode === undefined
    ? error instanceof Error && /database disk image is malformed|file is not a database/.test(message)
    : damage.includes(errcode & 0xff) || errcode === SQLITE_IOERR_SHORT_READ;
  if (!isDamage || error instanceof UnusableFileError) return error;
  return new UnusableFileError("corrupt", `it is damaged: ${message}`, { cause: error });
}

function ledgerValues({ settled, superseded, overflow, expired, rejected }: Ledger): number[] {
  return [settled, superseded, overflow, expired, rejected];
}

/** The files that a database consists of: itself, its log, the log's index. */
export const FILE_SUFFIXES = ["", "-wal", "-shm"] as const;

function removeFile(path: string): void {
  for (const suffix of FILE_SUFFIXES) {
    try {
      Deno.removeSync(path + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
