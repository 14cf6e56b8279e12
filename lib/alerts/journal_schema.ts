/** The layout of a journal's file, and how an older one becomes the present one. */
import type { DatabaseSync } from "node:sqlite";

/** Marks a file as a journal: "PAWL" in ASCII. */
export const APPLICATION_ID = 0x5041574c;

/** Brings a file from one version to the next; runs within a transaction. */
export type Migration = (database: DatabaseSync) => void;

/** The step at place n makes version n + 1 out of version n; version 0 is an empty file. Add, never change. */
export const MIGRATIONS: readonly Migration[] = [
  (database) =>
    database.exec(`
      -- Up to a hundred events that follow each other: what is known of each, and their texts between commas.
      CREATE TABLE segment (id INTEGER PRIMARY KEY, meta BLOB NOT NULL, body BLOB NOT NULL) STRICT;
      -- Which events of a segment are gone: one bit each. Without a row, what meta says.
      CREATE TABLE departed (id INTEGER PRIMARY KEY, marks BLOB NOT NULL) STRICT;
      -- One row: what left the queue, and the seed of the hashes in meta.
      CREATE TABLE ledger (
        settled INTEGER NOT NULL,
        superseded INTEGER NOT NULL,
        overflow INTEGER NOT NULL,
        expired INTEGER NOT NULL,
        rejected INTEGER NOT NULL,
        seed_low INTEGER NOT NULL,
        seed_high INTEGER NOT NULL
      ) STRICT;
    `),
];

/** Why a file cannot be used as it is: it must be set aside for a new one. */
export class UnusableFileError extends Error {
  override name = "UnusableFileError";
  /** What the set-aside file is called after. */
  readonly kind: "corrupt" | "newer";

  constructor(kind: "corrupt" | "newer", message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * Makes sure that an open file is a journal of the present version.
 *
 * @throws UnusableFileError if it is someone else's, or newer; whatever the database throws, besides.
 */
export function prepareSchema(database: DatabaseSync, migrations: readonly Migration[]): void {
  const version = pragma(database, "user_version");
  const applicationId = pragma(database, "application_id");
  const isNew = version === 0 && applicationId === 0 && pragma(database, "schema_version") === 0;
  if (!isNew && applicationId !== APPLICATION_ID) {
    throw new UnusableFileError("corrupt", "it belongs to another application");
  }
  if (version > migrations.length) {
    throw new UnusableFileError(
      "newer",
      `it has version ${version} and this release knows up to ${migrations.length}`,
    );
  }
  if (isNew) database.exec("PRAGMA auto_vacuum = INCREMENTAL"); // only before the first table
  database.exec("PRAGMA journal_mode = WAL");
  if (version === migrations.length) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const migrate of migrations.slice(version)) migrate(database);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Reads a pragma that is one number. */
export function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
