/** Which signatures have been used, so that none counts twice: also not after a restart. */
import { getLogger, type Logger } from "@logtape/logtape";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

/** Marks a file as such a memory: "PAWS" in ASCII. */
const APPLICATION_ID = 0x50415753;

/** How long to wait for another process to let go of the file. */
const BUSY_TIMEOUT_MS = 1000;

/** The row of {@linkcode ReplayMemory}'s floors that holds for every key. */
const EVERY_KEY = "*";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS used (
    key_id TEXT NOT NULL, nonce TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (key_id, nonce)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS floor (key_id TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Options of {@linkcode ReplayMemory}. */
export interface ReplayMemoryOptions {
  /** Where it is kept. @default none: in memory, see the class */
  path?: string | undefined;
  /** How far a signature's time may be from now, in seconds: for how long one has to be known. */
  windowSec: number;
  /** When the process started, in seconds since 1970. */
  startSec: number;
  /** How many signatures of one key are known at most. @default 4096 */
  maxPerKey?: number;
  /** @default getLogger(["pawl", "sessions"]) */
  logger?: Logger;
}

/** What became of a signature: it counts; or it did before; or that is not known any more; or no more can be known. */
export type Use = "fresh" | "used" | "forgotten" | "full";

/**
 * Knows every signature that was used until its time has run out, and where it has forgotten one, it takes none of that
 * key that is as old or older: a clock that is set back opens nothing. What `use` has called fresh outlives the process and
 * a loss of power. Without a file, or when the file was damaged, nothing is known of what was used before; then every
 * signature is `forgotten` whose time does not lie beyond all that may have been used.
 *
 * Opens the file when it is first needed.
 */
export class ReplayMemory implements Disposable {
  readonly #path: string | undefined;
  readonly #windowSec: number;
  readonly #maxPerKey: number;
  readonly #logger: Logger;
  #database: DatabaseSync | undefined;
  /** Until when signatures may have been used that a memory without a file does not know. */
  #lostSec: number;

  constructor(options: ReplayMemoryOptions) {
    const { path, windowSec, startSec, maxPerKey = 4096, logger = getLogger(["pawl", "sessions"]) } = options;
    this.#path = path;
    this.#windowSec = windowSec;
    this.#lostSec = startSec;
    this.#maxPerKey = maxPerKey;
    this.#logger = logger;
  }

  /**
   * Asks whether a signature counts, and if so remembers it. All in one: two calls never both hear `fresh`.
   *
   * @param timeSec when it was signed: a whole number, within the window around `nowSec`.
   * @throws Error if it cannot be remembered; it must not count then.
   */
  use(keyId: string, nonce: string, timeSec: number, nowSec: number): Use {
    const database = this.#database ??= this.#open(nowSec);
    try {
      database.exec("BEGIN IMMEDIATE");
      const use = this.#judge(database, keyId, nonce, timeSec, nowSec);
      database.exec("COMMIT");
      return use;
    } catch (error) {
      this[Symbol.dispose](); // which takes an unfinished transaction back; the next call opens it anew
      throw error;
    }
  }

  /** Closes the file. More than once is harmless; a later {@linkcode use} opens it again. */
  [Symbol.dispose](): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #judge(database: DatabaseSync, keyId: string, nonce: string, timeSec: number, nowSec: number): Use {
    const ask = (sql: string, ...values: SQLInputValue[]) => database.prepare(sql).get(...values);
    const oldestSec = Math.floor(nowSec - this.#windowSec);
    database.prepare(
      `INSERT INTO floor SELECT key_id, max(time) FROM used WHERE time < ? GROUP BY key_id
       ON CONFLICT DO UPDATE SET time = max(time, excluded.time)`,
    ).run(oldestSec);
    database.prepare("DELETE FROM used WHERE time < ?").run(oldestSec);
    if (ask("SELECT 1 FROM used WHERE key_id = ? AND nonce = ?", keyId, nonce)) return "used";
    if (ask("SELECT 1 FROM floor WHERE key_id IN (?, ?) AND time >= ?", keyId, EVERY_KEY, timeSec)) {
      return "forgotten";
    }
    const { known } = ask("SELECT count(*) AS known FROM used WHERE key_id = ?", keyId) ?? {};
    if (Number(known) >= this.#maxPerKey) return "full";
    database.prepare("INSERT INTO used VALUES (?, ?, ?)").run(keyId, nonce, timeSec);
    return "fresh";
  }

  #open(nowSec: number): DatabaseSync {
    if (this.#path === undefined) {
      const sinceSec = this.#lostSec;
      this.#lostSec = nowSec; // should it be opened again, all is lost once more
      return begin(":memory:", sinceSec + this.#windowSec);
    }
    try {
      return begin(this.#path);
    } catch (error) {
      if (!isDamaged(error)) throw error;
      const keptAs = setAside(this.#path, nowSec);
      this.#logger.warn("session.signatures_forgotten", { path: this.#path, keptAs, error });
      // Whatever was used before was signed for a moment that is no later than this.
      return begin(this.#path, nowSec + this.#windowSec);
    }
  }
}

/** Opens a memory or makes it. `floorSec`: what was signed for a moment no later than this is not known. */
function begin(path: string, floorSec?: number): DatabaseSync {
  if (path !== ":memory:") Deno.openSync(path, { write: true, create: true, mode: 0o600 }).close();
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    prepare(database);
    if (floorSec !== undefined) {
      database.prepare("INSERT INTO floor VALUES (?, ?)").run(EVERY_KEY, Math.ceil(floorSec));
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepare(database: DatabaseSync): void {
  const ask = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0];
  // Alone with the file, the index of its log is kept in memory instead of in a third file.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  const owner = ask("PRAGMA application_id");
  if (owner !== APPLICATION_ID && (owner !== 0 || ask("SELECT count(*) FROM sqlite_schema") !== 0)) {
    throw new DamagedFileError("it is another program's database");
  }
  // FULL: a commit is on the disk when it returns.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; COMMIT`);
  const verdict = ask("PRAGMA quick_check(1)");
  if (verdict !== "ok") throw new DamagedFileError(`it is damaged: ${verdict}`);
}

/** The file is of no use, and will not be. */
class DamagedFileError extends Error {
  override readonly name = "DamagedFileError";
}

function isDamaged(error: unknown): boolean {
  if (error instanceof DamagedFileError) return true;
  const { errcode, message } = error as { errcode?: number; message?: string };
  const [SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_IOERR_SHORT_READ] = [11, 26, 522];
  // Some statements fail without a code: then the words must do.
  return errcode === undefined
    ? /database disk image is malformed|file is not a database/.test(String(message))
    : [SQLITE_CORRUPT, SQLITE_NOTADB].includes(errcode & 0xff) || errcode === SQLITE_IOERR_SHORT_READ;
}

/** Renames a file that is of no use; its log goes with it. */
function setAside(path: string, nowSec: number): string {
  const keptAs = `${path}.corrupt-${Math.floor(nowSec)}`;
  for (const suffix of ["-wal", "-shm", ""]) {
    try {
      Deno.renameSync(path + suffix, keptAs + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return keptAs;
}
