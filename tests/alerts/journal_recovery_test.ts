import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Journal } from "../../lib/alerts/journal.ts";
import { MIGRATIONS } from "../../lib/alerts/journal_schema.ts";
import { assertFigures, JournalRig, pushAll, take, textOptions, texts, turn } from "./journal_rig.ts";

/** Changes the file while no journal has it open. */
function tamper(rig: JournalRig, change: (database: DatabaseSync) => void): void {
  rig.close();
  const database = new DatabaseSync(rig.path);
  change(database);
  database.close();
}

/** The journal begins anew, and what was there is beside it under a name that says why. */
function assertSetAside(rig: JournalRig, kind: string, why: RegExp): void {
  const { journal } = rig;
  assert.equal(journal.length, 0);
  assertFigures(journal, { accepted: 0 });
  const [kept = "", ...others] = rig.strangers();
  assert.match(kept, new RegExp(`^queue\\.db\\.${kind}-20231114T\\d{6}Z$`));
  assert.deepEqual(others.filter((name) => name !== `${kept}-wal`), []);
  assert.deepEqual(rig.logged.map(({ event }) => event), ["queue.set_aside"]);
  assert.match(String(rig.logged[0]?.fields["why"]), why);
  assert.equal(rig.logged[0]?.fields["keptAs"], rig.folder.at(kept));
  journal.push("new 1");
  assert.deepEqual(take(rig.reopen()).items, ["new 1"]);
}

Deno.test("what waited before a restart waits after it, in order, and so does what was leased", async () => {
  await using rig = new JournalRig();
  pushAll(rig.journal, texts(0, 1234));
  rig.journal.settle(take(rig.journal, 150));
  take(rig.journal, 50);
  rig.journal.discard(take(rig.journal, 10));
  const { figures } = rig.journal;
  const journal = rig.reopen();
  assert.deepEqual(journal.figures, figures);
  assert.equal(journal.waiting, 1074);
  assert.deepEqual(take(journal).items, [...texts(150, 200), ...texts(210, 1234)]);
});

Deno.test("events of many single turns are one segment after some time, and nothing of that shows", async () => {
  await using rig = new JournalRig();
  for (const text of texts(0, 250)) {
    rig.journal.push(text);
    await turn();
  }
  let rows: unknown;
  tamper(rig, (database) => rows = database.prepare("SELECT count(*) AS n FROM segment").get()?.["n"]);
  assert.equal(rows, 2 + 50);
  assert.deepEqual(take(rig.journal).items, texts(0, 250));
});

Deno.test("the file is for its owner alone, and so is a folder that had to be made for it", async () => {
  await using rig = new JournalRig();
  const path = rig.folder.at("deep/er/queue.db");
  using journal = new Journal<string>({ path, ...textOptions });
  journal.push("a 1");
  assert.ok(journal.flush());
  const modes = ["deep/er", "deep/er/queue.db", "deep/er/queue.db-wal"]
    .map((name) => Deno.statSync(rig.folder.at(name)).mode ?? 0);
  assert.deepEqual(modes.map((mode) => (mode & 0o777).toString(8)), ["700", "600", "600"]);
});

Deno.test("a file that is no database is set aside, and work goes on", async () => {
  await using rig = new JournalRig();
  Deno.writeTextFileSync(rig.path, "these are not the events you are looking for\n".repeat(200));
  assertSetAside(rig, "corrupt", /^it is damaged: file is not a database$/);
});

Deno.test("an empty file is a new journal", async () => {
  await using rig = new JournalRig();
  Deno.writeTextFileSync(rig.path, "");
  rig.journal.push("a 1");
  assert.deepEqual(take(rig.reopen()).items, ["a 1"]);
  assert.deepEqual([rig.strangers(), rig.logged], [[], []]);
});

Deno.test("another application's database is set aside as it is", async () => {
  await using rig = new JournalRig();
  tamper(
    rig,
    (database) => database.exec("CREATE TABLE diary (entry TEXT); INSERT INTO diary VALUES ('dear')"),
  );
  assertSetAside(rig, "corrupt", /^it belongs to another application$/);
  const kept = new DatabaseSync(rig.folder.at(rig.strangers()[0] ?? ""));
  assert.equal(kept.prepare("SELECT entry FROM diary").get()?.["entry"], "dear");
  kept.close();
});

for (const keptShare of [0.1, 0.5, 0.9]) {
  Deno.test(`a file cut down to ${keptShare * 100} % is set aside, and work goes on`, async () => {
    await using rig = new JournalRig();
    pushAll(rig.journal, texts(0, 3000));
    rig.close();
    Deno.truncateSync(rig.path, Math.floor(Deno.statSync(rig.path).size * keptShare));
    assertSetAside(rig, "corrupt", /^it is damaged/);
  });
}

for (const from of [100, 2000, 2 * 4096]) {
  Deno.test(`a file overwritten from byte ${from} on is set aside, and work goes on`, async () => {
    await using rig = new JournalRig();
    pushAll(rig.journal, texts(0, 3000));
    rig.close();
    using file = Deno.openSync(rig.path, { write: true });
    file.seekSync(from, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(6 * 4096).fill(0xa5));
    assertSetAside(rig, "corrupt", /^it is damaged/);
  });
}

const spoils: Record<string, string> = {
  "figures of an event cut off": "UPDATE segment SET meta = substr(meta, 1, 19)",
  "no figures at all": "UPDATE segment SET meta = x''",
  "more events than a segment has": "UPDATE segment SET meta = zeroblob(20 * 101)",
  "overlapping rows": "INSERT INTO segment SELECT id + 1, meta, body FROM segment WHERE id = 2 * 128",
  "two ledgers": "INSERT INTO ledger SELECT * FROM ledger",
  "a table missing": "DROP TABLE departed",
};
for (const [what, sql] of Object.entries(spoils)) {
  Deno.test(`a file with ${what} is set aside, and work goes on`, async () => {
    await using rig = new JournalRig();
    pushAll(rig.journal, texts(0, 250));
    tamper(rig, (database) => database.exec(sql));
    assertSetAside(rig, "corrupt", /^it is damaged|^it has several ledgers/);
  });
}

Deno.test("a file is set aside under a name of its own, however many there are of that second", async () => {
  await using rig = new JournalRig();
  for (let round = 0; round < 3; round++) {
    rig.close();
    Deno.writeTextFileSync(rig.path, `no database, the ${round}th`.repeat(100));
    assert.equal(rig.journal.length, 0);
  }
  const kept = rig.strangers();
  assert.deepEqual(kept.map((name) => /Z(-\d)?$/.exec(name)?.[1]), [undefined, "-2", "-3"]);
  const texts = kept.map((name) => Deno.readTextFileSync(rig.folder.at(name)).slice(0, 20));
  assert.deepEqual(texts, [0, 1, 2].map((round) => `no database, the ${round}th`));
});

Deno.test("a body that is not what it was costs its own events alone, and they are counted", async () => {
  await using rig = new JournalRig();
  pushAll(rig.journal, texts(0, 500));
  rig.journal.flush();
  tamper(rig, (database) => database.exec("UPDATE segment SET body = substr(body, 2) WHERE id = 2 * 128"));
  assert.deepEqual(take(rig.journal, 250).items, texts(0, 200));
  assertFigures(rig.journal, { accepted: 500, waiting: 450, rejected: 50 });
  assert.deepEqual(take(rig.journal).items, texts(300, 500));
  assertFigures(rig.journal, { accepted: 500, waiting: 400, rejected: 100 });
  assert.ok(rig.logged.every(({ event }) => event === "queue.unreadable"));
});

Deno.test("an older file is migrated, step by step, and keeps its events", async () => {
  await using rig = new JournalRig();
  pushAll(rig.journal, texts(0, 250));
  const versions: unknown[] = [];
  const note = (database: DatabaseSync) => versions.push(database.prepare("PRAGMA user_version").get());
  rig.reopen({
    migrations: [
      ...MIGRATIONS,
      (
        database,
      ) => (note(database), database.exec("ALTER TABLE ledger ADD COLUMN colour TEXT DEFAULT 'green'")),
      (database) => (note(database), database.exec("UPDATE ledger SET colour = 'blue'")),
    ],
  });
  assert.equal(versions.length, 2);
  assert.deepEqual(take(rig.journal).items, texts(0, 250));
  rig.reopen();
  assert.equal(versions.length, 2, "a present file is not migrated again");
  let ledger: unknown;
  tamper(rig, (database) => ledger = database.prepare("SELECT colour FROM ledger").get()?.["colour"]);
  assert.equal(ledger, "blue");
  assert.deepEqual([rig.strangers(), rig.logged], [[], []]);
});

Deno.test("a migration that fails changes nothing", async () => {
  await using rig = new JournalRig();
  pushAll(rig.journal, texts(0, 10));
  rig.close();
  const fail = () => {
    throw new Error("cannot migrate: no");
  };
  const drop = (database: DatabaseSync) => database.exec("DROP TABLE segment");
  const migrations = [...MIGRATIONS, drop, fail];
  assert.throws(
    () => new Journal<string>({ path: rig.path, ...textOptions, migrations }),
    /cannot migrate: no/,
  );
  assert.deepEqual(take(rig.journal).items, texts(0, 10));
});

Deno.test("a newer file is set aside as newer, whole", async () => {
  await using rig = new JournalRig();
  pushAll(rig.journal, texts(0, 10));
  const newer = [...MIGRATIONS, () => {}];
  rig.reopen({ migrations: newer });
  rig.reopen({ migrations: MIGRATIONS });
  assertSetAside(rig, "newer", /^it has version 2 and this release knows up to 1$/);
  const path = rig.folder.at(rig.strangers()[0] ?? "");
  using kept = new Journal<string>({ path, ...textOptions, migrations: newer, clock: rig.clock });
  assert.deepEqual(take(kept).items, texts(0, 10));
});

Deno.test("a file that another has open is neither used nor set aside", async () => {
  await using rig = new JournalRig();
  rig.journal.push("a 1");
  rig.journal.flush();
  assert.throws(() => new Journal<string>({ path: rig.path, ...textOptions }), /database is locked/);
  assert.deepEqual(rig.strangers(), []);
  assert.deepEqual(take(rig.journal).items, ["a 1"]);
});
