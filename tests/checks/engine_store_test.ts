import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { CheckMemories } from "../../lib/checks/check_memory.ts";
import { type EngineRows, openEngineFile } from "../../lib/checks/engine_file.ts";
import { EngineStore, type EngineStoreOptions } from "../../lib/checks/engine_store.ts";
import { recorder } from "../alerts/journal_rig.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { SmallDisk } from "../fakes/small_disk.ts";
import { EngineLife } from "./engine_life.ts";
import { ScriptedCheck } from "./scripted_check.ts";

type Logged = { event: string; fields: Record<string, unknown> }[];

class Rig implements AsyncDisposable {
  readonly folder = new TempFolder();
  readonly clock = new FakeClock();
  readonly logged: Logged = [];
  readonly path = this.folder.at("engine.db");

  open(options: Partial<EngineStoreOptions> = {}): EngineStore {
    return new EngineStore({ path: this.path, clock: this.clock, logger: recorder(this.logged), ...options });
  }

  get events(): string[] {
    return this.logged.map(({ event }) => event);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.folder[Symbol.asyncDispose]();
  }
}

/** A disk that refuses to be opened or written to as long as a test wants it so. */
function faulty(faults: { opening: boolean; writing: boolean }): typeof openEngineFile {
  return (...args) => {
    if (faults.opening) throw new Error("disk I/O error");
    const rows = openEngineFile(...args);
    return {
      all: (kind) => rows.all(kind),
      get: (kind, key) => rows.get(kind, key),
      bytesOf: (prefix) => rows.bytesOf(prefix),
      write(changes) {
        if (faults.writing) throw new Error("database or disk is full");
        rows.write(changes);
      },
      [Symbol.dispose]: () => rows[Symbol.dispose](),
    } satisfies EngineRows;
  };
}

Deno.test("what is saved is there after a restart, byte for byte, in a file that others cannot read", async () => {
  await using rig = new Rig();
  const odd = "a\0b\ud800\n€𝄞";
  {
    using store = rig.open();
    store.save([{ kind: "k", key: "1", text: odd }, { kind: "k", key: "2", text: "gone" }]);
    store.save([{ kind: "k", key: "2", text: undefined }, { kind: "other", key: "1", text: "else" }]);
    assert.equal(Deno.statSync(rig.path).mode! & 0o777, 0o600);
  }
  using store = rig.open();
  assert.deepEqual(store.all("k"), [["1", odd]]);
  assert.equal(store.get("k", "2"), undefined);
  assert.equal(store.degraded, undefined);
  assert.deepEqual(rig.logged, []);
});

for (
  const [what, kind, damage] of [
    [
      "a file that is no database",
      "corrupt",
      (path: string) => Deno.writeTextFileSync(path, "x".repeat(5000)),
    ],
    ["a file that was cut short", "corrupt", (path: string) => Deno.truncateSync(path, 5000)],
    ["another program's database", "corrupt", (path: string) => sql(path, "PRAGMA application_id = 7")],
    ["a newer release's file", "newer", (path: string) => sql(path, "PRAGMA user_version = 99")],
  ] as const
) {
  Deno.test(`${what} is set aside, and the start goes on`, async () => {
    await using rig = new Rig();
    {
      using store = rig.open();
      store.save(Array.from({ length: 100 }, (_, n) => ({ kind: "k", key: `${n}`, text: "x".repeat(500) })));
    }
    damage(rig.path);
    using store = rig.open();
    assert.equal(store.degraded, undefined);
    assert.deepEqual(store.all("k"), []);
    store.save([{ kind: "k", key: "1", text: "new" }]);
    assert.deepEqual(rig.events, ["checks.state_set_aside"]);
    const names = [...Deno.readDirSync(rig.folder.path)].map(({ name }) => name);
    assert.ok(
      names.some((name) => new RegExp(`^engine\\.db\\.${kind}-\\d{8}T\\d{6}Z$`).test(name)),
      `${names}`,
    );
  });
}

function sql(path: string, text: string): void {
  using database = new DatabaseSync(path);
  database.exec(text);
}

Deno.test("a disk that fails costs one warning; everything is read back from memory and written once it works", async () => {
  await using rig = new Rig();
  const faults = { opening: false, writing: false };
  {
    using store = rig.open({ open: faulty(faults) });
    store.save([{ kind: "k", key: "0", text: "before" }]);
    faults.writing = true;
    for (let n = 1; n <= 5; n++) store.save([{ kind: "k", key: `${n}`, text: "kept" }]);
    store.save([{ kind: "k", key: "0", text: undefined }]);
    assert.match(store.degraded ?? "", /disk is full; .* in memory until it can be/);
    assert.deepEqual(store.all("k").map(([key]) => key), ["1", "2", "3", "4", "5"]);
    await rig.clock.tick(10_000);
    assert.deepEqual(rig.events, ["checks.state_in_memory"]);
    faults.writing = false;
    await rig.clock.tick(60_000);
    assert.equal(store.degraded, undefined);
    assert.deepEqual(rig.events, ["checks.state_in_memory", "checks.state_recovered"]);
  }
  using store = rig.open();
  assert.deepEqual(store.all("k").map(([key]) => key), ["1", "2", "3", "4", "5"]);
});

Deno.test("alerts of an earlier life whose file could not be read at the start are ended when it can be", async () => {
  await using rig = new Rig();
  const { clock, path } = rig;
  {
    const checks = [new ScriptedCheck(["Critical"]), new ScriptedCheck(["Critical"], "other")];
    await using _life = new EngineLife({ checks, clock, path });
    await clock.tick(0);
  }
  const faults = { opening: true, writing: false };
  const storeOptions = { open: faulty(faults), logger: recorder(rig.logged) };
  const checks = [new ScriptedCheck(["Ok"]), new ScriptedCheck(["Critical"], "other")];
  await using life = new EngineLife({ checks, clock, path, storeOptions });
  await clock.tick(1500);
  assert.deepEqual(life.told, ["other::level thing Critical"], "it does not know better");
  faults.opening = false;
  await clock.tick(10_000);
  assert.deepEqual(life.told, ["other::level thing Critical", "fake::level thing Ok"]);
  assert.deepEqual(rig.events, ["checks.state_in_memory", "checks.state_recovered"]);
});

Deno.test("without a path everything is in memory, and nothing is wrong with that", async () => {
  await using rig = new Rig();
  using store = rig.open({ path: undefined });
  store.save([{ kind: "k", key: "1", text: "x" }, { kind: "k", key: "2", text: "x" }]);
  store.save([{ kind: "k", key: "2", text: undefined }]);
  assert.deepEqual(store.all("k"), [["1", "x"]]);
  assert.equal(store.degraded, undefined);
});

const refusal = await SmallDisk.refusal();
Deno.test({
  name: `a real disk that fills up and is emptied again${refusal ? ` (skipped: ${refusal})` : ""}`,
  ignore: refusal !== undefined,
  async fn() {
    await using disk = await SmallDisk.mount(512 * 1024);
    const clock = new FakeClock();
    const path = disk.at("engine.db");
    {
      using store = new EngineStore({ path, clock, logger: recorder([]) });
      store.save([{ kind: "k", key: "a", text: "before" }]);
      disk.fill();
      const text = "x".repeat(20_000);
      for (let n = 0; n < 20; n++) store.save([{ kind: "k", key: `${n}`, text }]);
      assert.notEqual(store.degraded, undefined);
      disk.empty();
      await clock.tick(60_000);
      assert.equal(store.degraded, undefined);
    }
    using store = new EngineStore({ path, clock, logger: recorder([]) });
    assert.deepEqual([store.degraded, store.all("k").length], [undefined, 21]);
  },
});

Deno.test("each plugin remembers for itself, what it wrote last, and at once", async () => {
  await using rig = new Rig();
  {
    using store = rig.open();
    const memories = new CheckMemories(store);
    const [a, b] = [memories.of("a"), memories.of("b")];
    a.write("offset", "1");
    b.write("offset", "2");
    a.write("offset", "3");
    assert.deepEqual([a.read("offset"), b.read("offset"), a.read("else")], ["3", "2", undefined]);
    assert.equal(store.get("memory:a", "offset"), undefined, "not before its gather is done with");
    const written = memories.written("a");
    a.write("offset", "4");
    store.save(written);
    memories.saved(written);
    assert.equal(a.read("offset"), "4");
    assert.deepEqual(memories.written("a").map(({ text }) => text), ["4"]);
  }
  using store = rig.open();
  assert.equal(new CheckMemories(store).of("a").read("offset"), "3");
});

Deno.test("what is too long, or too much, is forgotten with one warning", async () => {
  await using rig = new Rig();
  using store = rig.open();
  const memories = new CheckMemories(store, {
    maxTextBytes: 10,
    maxTotalBytes: 25,
    logger: recorder(rig.logged),
  });
  const memory = memories.of("a");
  memory.write("1", "short");
  memory.write("1", "é".repeat(6));
  assert.equal(memory.read("1"), undefined);
  for (const key of ["1", "2", "3"]) memory.write(key, "x".repeat(10));
  assert.deepEqual(["1", "2", "3"].map((key) => memory.read(key)?.length), [10, 10, undefined]);
  memory.write("1", "");
  memory.write("3", "x".repeat(10));
  assert.equal(memory.read("3")?.length, 10, "there is room again");
  assert.deepEqual(rig.events, ["checks.memory_full"]);
});

Deno.test("what a check remembers goes to disk with its alerts, and not amid another gather of its kind", async () => {
  await using rig = new Rig();
  const { clock, path } = rig;
  const slow = Promise.withResolvers<[]>();
  const acts = [() => slow.promise];
  const remembering = new ScriptedCheck(
    [() => {
      life.memories.of("fake").write("offset", "10");
      return Promise.resolve([]);
    }],
    "fake",
    "quick",
  );
  await using life: EngineLife = new EngineLife({
    checks: [new ScriptedCheck(acts, "fake", "slow"), remembering],
    clock,
    path,
  });
  await clock.tick(500);
  assert.equal(life.store.get("memory:fake", "offset"), undefined);
  slow.resolve([]);
  await clock.tick(0);
  assert.equal(life.store.get("memory:fake", "offset"), "10");
});
