/** The engine's file: SQLite, texts by kind and key. */
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";

/** Marks a file as an engine's: "PAWE" in ASCII. */
const APPLICATION_ID = 0x50415745;

/** How long to wait for another process to let go of the file. */
const BUSY_TIMEOUT_MS = 1000;

/** The log of changes is cut back to this after a checkpoint. */
const MAX_WAL_BYTES = 1024 * 1024;

const CACHE_KIB = 256;

/** The step at place n makes version n + 1 out of version n; version 0 is an empty file. Add, never change. */
const MIGRATIONS: readonly string[] = [
  "CREATE TABLE entry (kind TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT",
];

/** A text that takes the place of what was there under its kind and key; undefined: nothing is there any more. */
export interface EngineChange {
  readonly kind: string;
  readonly key: string;
  readonly text: string | undefined;
}

/** Why a file cannot be used as it is: it has to be set aside. */
class UnusableEngineFileError extends Error {
  override readonly name = "UnusableEngineFileError";

  constructor(readonly kind: "corrupt" | "newer", message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** What is asked of the file. Every method throws what the disk does. */
export interface EngineRows extends Disposable {
  /** All keys of a kind with their texts. */
  all(kind: string): [key: string, text: string][];
  get(kind: string, key: string): string | undefined;
  /** The bytes of all texts whose kind begins so, as they are stored. */
  bytesOf(kindPrefix: string): number;
  /** All of them or none. */
  write(changes: Iterable<EngineChange>): void;
}

/**
 * Opens the file, or makes it; what {@linkcode EngineRows.write} wrote outlives the process at once, and a loss of power
 * from the next checkpoint on. A file that is damaged, foreign or newer is renamed, with `.corrupt-<time>` or
 * `.newer-<time>` behind its name; `onSetAside` hears of it, and a new one is begun.
 *
 * @throws Error if the file cannot be had at the moment: it is in use, the disk is full, read-only or fails.
 */
export function openEngineFile(
  path: string,
  nowMs: number,
  onSetAside: (aside: { keptAs: string; why: string }) => void,
): EngineRows {
  try {
    return new EngineFile(path);
  } catch (error) {
    if (!(error instanceof UnusableEngineFileError)) throw error;
    const keptAs = setAside(path, error.kind, nowMs);
    onSetAside({ keptAs, why: error.message });
    return new EngineFile(path);
  }
}

class EngineFile implements EngineRows {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #get: StatementSync;

  constructor(path: string) {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    Deno.openSync(path, { write: true, create: true, mode: 0o600 }).close(); // its log gets the same mode
    this.#database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      prepare(this.#database);
      this.#put = this.#database.prepare("INSERT OR REPLACE INTO entry VALUES (?, ?, ?)");
      this.#remove = this.#database.prepare("DELETE FROM entry WHERE kind = ? AND key = ?");
      this.#get = this.#database.prepare("SELECT json FROM entry WHERE kind = ? AND key = ?");
    } catch (error) {
      this.#database.close();
      throw asUnusable(error);
    }
  }

  all(kind: string): [string, string][] {
    const rows = this.#database.prepare("SELECT key, json FROM entry WHERE kind = ?").all(kind);
    return rows.flatMap(({ key, json }) => {
      const text = textOf(json);
      return text === undefined ? [] : [[String(key), text] as [string, string]];
    });
  }

  get(kind: string, key: string): string | undefined {
    return textOf(this.#get.get(kind, key)?.["json"]);
  }

  bytesOf(kindPrefix: string): number {
    const statement = this.#database.prepare(
      "SELECT coalesce(sum(length(CAST(json AS BLOB))), 0) AS bytes FROM entry WHERE substr(kind, 1, ?) = ?",
    );
    return Number(statement.get(kindPrefix.length, kindPrefix)?.["bytes"]);
  }

  write(changes: Iterable<EngineChange>): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const { kind, key, text } of changes) {
        // As JSON: a column of text ends at the first NUL when it is read.
        if (text === undefined) this.#remove.run(kind, key);
        else this.#put.run(kind, key, JSON.stringify(text));
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK"); // a full disk has rolled back already
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

function prepare(database: DatabaseSync): void {
  // Alone with the file, the index of its log is kept in memory instead of in a third file.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  const version = pragma(database, "user_version");
  const applicationId = pragma(database, "application_id");
  const isNew = version === 0 && applicationId === 0 && pragma(database, "schema_version") === 0;
  if (!isNew && applicationId !== APPLICATION_ID) {
    throw new UnusableEngineFileError("corrupt", "it belongs to another application");
  }
  if (version > MIGRATIONS.length) {
    const known = MIGRATIONS.length;
    throw new UnusableEngineFileError(
      "newer",
      `it has version ${version} and this release knows up to ${known}`,
    );
  }
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA journal_size_limit = ${MAX_WAL_BYTES};
  `);
  // Also where nothing is to be done: a file that can only be read is of no use.
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    // On a disk that is full at the moment it has its content to give.
    const isReadable = version === MIGRATIONS.length && isFull(error);
    if (!isReadable) throw error;
  }
  const [verdict] = database.prepare("PRAGMA quick_check(1)").all();
  if (verdict?.["quick_check"] !== "ok") {
    throw new UnusableEngineFileError("corrupt", `it is damaged: ${verdict?.["quick_check"]}`);
  }
}

/** Some statements fail without a code: then the words must do. */
function isFull(error: unknown): boolean {
  const { errcode, message } = error as { errcode?: number; message: string };
  return errcode === undefined ? /disk is full/.test(message) : (errcode & 0xff) === 13;
}

/** Undefined where something else than this file's own writing stands there. */
function textOf(json: unknown): string | undefined {
  try {
    const text: unknown = JSON.parse(String(json));
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

/** Names damage by its name: a file that is cut short, is no database, or lacks what it should have. */
function asUnusable(error: unknown): unknown {
  const { errcode, message } = error as { errcode?: number; message: string };
  const [SQLITE_ERROR, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_IOERR_SHORT_READ] = [1, 11, 26, 522];
  // Some statements fail without a code: then the words must do.
  const isDamage = errcode === undefined
    ? error instanceof Error && /database disk image is malformed|file is not a database/.test(message)
    : [SQLITE_ERROR, SQLITE_CORRUPT, SQLITE_NOTADB].includes(errcode & 0xff) ||
      errcode === SQLITE_IOERR_SHORT_READ;
  if (!isDamage || error instanceof UnusableEngineFileError) return error;
  return new UnusableEngineFileError("corrupt", `it is damaged: ${message}`, { cause: error });
}

/** Renames a database with all its files; a time that is taken already gets a number. */
function setAside(path: string, kind: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  let keptAs = `${path}.${kind}-${time}`;
  for (let number = 2; exists(keptAs); number++) keptAs = `${path}.${kind}-${time}-${number}`;
  for (const suffix of ["", "-wal", "-shm"]) {
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
