import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { ReplayMemory } from "../../lib/sessions/replay_memory.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { SmallDisk } from "../fakes/small_disk.ts";
import { KEY, OTHER_KEY, SignatureRig, start, trusted } from "./signature_rig.ts";

Deno.test("what was used before a restart is refused after it", async () => {
  await using folder = new TempFolder();
  const path = folder.at("signatures.db");
  const before = new SignatureRig({ path });
  const early = before.sign(start());
  const ahead = before.sign(start(), { time: before.nowSec + 100 }); // the hub's clock is ahead of ours
  const unused = before.sign(start());
  assert.equal(before.gate.refusal(start(), early), undefined);
  assert.equal(before.gate.refusal(start(), ahead), undefined);
  before.gate[Symbol.dispose]();
  const after = new SignatureRig({ path });
  assert.equal(after.gate.refusal(start(), early), "signature used before");
  assert.equal(after.gate.refusal(start(), ahead), "signature used before");
  assert.equal(after.gate.refusal(start(), unused), undefined, "a restart refuses nothing that is new");
  after.gate[Symbol.dispose]();
});

Deno.test("the file can be read by its owner alone", async () => {
  await using folder = new TempFolder();
  const path = folder.at("signatures.db");
  const rig = new SignatureRig({ path });
  rig.refusal(start());
  for (const { name } of Deno.readDirSync(folder.path)) {
    assert.equal((Deno.statSync(folder.at(name)).mode ?? 0) & 0o777, 0o600, name);
  }
  rig.gate[Symbol.dispose]();
});

Deno.test("what a process that was killed has used is refused after it", async () => {
  await using folder = new TempFolder();
  const path = folder.at("signatures.db");
  const module = new URL("../../lib/sessions/replay_memory.ts", import.meta.url).href;
  const script = folder.write(
    "child.ts",
    `import { ReplayMemory } from ${JSON.stringify(module)};
     const memory = new ReplayMemory({ path: ${JSON.stringify(path)}, windowSec: 120, startSec: 1000 });
     console.log(memory.use("k", "n", 1000, 1000));
     Deno.kill(Deno.pid, "SIGKILL");`,
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { signal, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-A", "--config", config, script],
    stdin: "null",
    env: { DENO_NO_UPDATE_CHECK: "1" },
  }).output();
  assert.deepEqual([signal, new TextDecoder().decode(stdout)], ["SIGKILL", "fresh\n"]);
  using memory = new ReplayMemory({ path, windowSec: 120, startSec: 1001 });
  assert.equal(memory.use("k", "n", 1000, 1001), "used");
});

Deno.test("without a file, what may have been used before the start is refused until its time has run out", () => {
  const rig = new SignatureRig({ path: undefined });
  rig.clock.wallOffsetMs -= 300_000; // back to the start
  const startSec = rig.nowSec;
  assert.equal(rig.refusal(start()), "signature not known to be new");
  assert.equal(rig.refusal(start(), { time: startSec + 120 }), "signature not known to be new");
  rig.clock.wallOffsetMs += 121_000;
  assert.equal(rig.refusal(start(), { time: startSec + 120 }), "signature not known to be new");
  assert.equal(rig.refusal(start(), { time: startSec + 121 }), undefined);
});

Deno.test("a memory in memory that was closed knows nothing, and says so", () => {
  using memory = new ReplayMemory({ windowSec: 120, startSec: 1000 });
  assert.equal(memory.use("k", "n", 1121, 1130), "fresh");
  memory[Symbol.dispose]();
  assert.equal(memory.use("k", "n", 1121, 1130), "forgotten");
  assert.equal(memory.use("k", "m", 1250, 1130), "forgotten");
  assert.equal(memory.use("k", "m", 1251, 1140), "fresh");
});

Deno.test("a full memory takes no more of that key, until the oldest have run out", () => {
  const rig = new SignatureRig({ maxPerKey: 3, keys: [trusted(KEY), trusted(OTHER_KEY)] });
  const first = rig.sign(start());
  assert.equal(rig.gate.refusal(start(), first), undefined);
  assert.equal(rig.refusal(start()), undefined);
  assert.equal(rig.refusal(start()), undefined);
  assert.equal(rig.refusal(start()), "too many signatures at once");
  assert.equal(rig.gate.refusal(start(), first), "signature used before", "nothing was forgotten for it");
  assert.equal(rig.refusal(start(), { key: OTHER_KEY }), undefined, "another key has room of its own");
  rig.clock.wallOffsetMs += 121_000;
  assert.equal(rig.refusal(start()), undefined);
});

Deno.test("a clock that goes ahead and is set back opens nothing", () => {
  const rig = new SignatureRig();
  const used = rig.sign(start());
  const held = rig.sign(start());
  const later = rig.sign(start(), { time: rig.nowSec + 1 });
  assert.equal(rig.gate.refusal(start(), used), undefined);
  rig.clock.wallOffsetMs += 3_600_000;
  assert.equal(rig.gate.refusal(start(), used), "signature expired");
  assert.equal(rig.refusal(start()), undefined, "by now the first is forgotten");
  rig.clock.wallOffsetMs -= 3_600_000;
  assert.equal(rig.gate.refusal(start(), used), "signature not known to be new");
  assert.equal(rig.gate.refusal(start(), held), "signature not known to be new", "it cannot be told apart");
  assert.equal(rig.gate.refusal(start(), later), undefined);
});

Deno.test("whatever the clock does, no signature counts twice", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("clock" as const), bySec: fc.integer({ min: -400, max: 400 }) }),
    fc.record({
      kind: fc.constant("use" as const),
      nonce: fc.nat(5),
      agoSec: fc.integer({ min: -120, max: 120 }),
    }),
    fc.record({ kind: fc.constant("again" as const), which: fc.nat(50) }),
    fc.constant({ kind: "close" as const }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, kept) => {
      const folder = kept ? Deno.makeTempDirSync({ prefix: "pawl-test-" }) : undefined;
      const path = folder && `${folder}/signatures.db`;
      let nowSec = 10_000;
      const memory = new ReplayMemory({ path, windowSec: 120, startSec: nowSec, maxPerKey: 4 });
      const counted = new Set<string>();
      const shown: [string, number][] = [];
      const show = (nonce: string, timeSec: number) => {
        // What is out of its time never comes this far.
        if (Math.abs(timeSec - nowSec) > 120) return;
        shown.push([nonce, timeSec]);
        if (memory.use("k", nonce, timeSec, nowSec) !== "fresh") return;
        const name = `${nonce} ${timeSec}`;
        assert.ok(!counted.has(name), `${name} counted twice`);
        counted.add(name);
      };
      try {
        for (const one of steps) {
          if (one.kind === "clock") nowSec += one.bySec;
          else if (one.kind === "use") show(`n${one.nonce}`, nowSec - one.agoSec);
          else if (one.kind === "close") {
            // Without a file it is the caller's promise that the clock stands no earlier than what was used.
            if (kept) memory[Symbol.dispose]();
          } else {
            const [nonce, timeSec] = shown[one.which % Math.max(1, shown.length)] ?? ["n0", nowSec];
            show(nonce, timeSec);
          }
        }
      } finally {
        memory[Symbol.dispose]();
        if (folder) Deno.removeSync(folder, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("a damaged file is set aside with one warning, and what it may have known is refused", async () => {
  await using folder = new TempFolder();
  const path = folder.write("signatures.db", "this is no database, whatever it was ".repeat(200));
  const rig = new SignatureRig({ path });
  assert.equal(rig.refusal(start(), { time: rig.nowSec + 120 }), "signature not known to be new");
  assert.deepEqual(rig.log.events("warning"), ["session.signatures_forgotten"]);
  assert.equal([...Deno.readDirSync(folder.path)].filter(({ name }) => name.includes(".corrupt-")).length, 1);
  rig.clock.wallOffsetMs += 121_000;
  assert.equal(rig.refusal(start()), undefined);
  assert.deepEqual(rig.log.events("warning").length, 1);
  rig.gate[Symbol.dispose]();
});

Deno.test("a file that is damaged inside is set aside, too", async () => {
  await using folder = new TempFolder();
  const path = folder.at("signatures.db");
  {
    using memory = new ReplayMemory({ path, windowSec: 120, startSec: 1000 });
    for (let number = 0; number < 500; number++) memory.use("k", `nonce-${number}`, 1000, 1000);
  }
  {
    using file = Deno.openSync(path, { read: true, write: true });
    const { size } = file.statSync();
    for (let page = 2; page * 4096 < size; page++) {
      file.seekSync(page * 4096 + 8, Deno.SeekMode.Start);
      file.writeSync(new Uint8Array(64).fill(0xff));
    }
  }
  using memory = new ReplayMemory({ path, windowSec: 120, startSec: 1000 });
  assert.equal(memory.use("k", "nonce-1", 1000, 1001), "forgotten");
  assert.equal(memory.use("k", "new", 1122, 1122), "fresh");
});

Deno.test("another program's database is not written into", async () => {
  await using folder = new TempFolder();
  const path = folder.at("signatures.db");
  {
    using database = new DatabaseSync(path);
    database.exec("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  }
  const rig = new SignatureRig({ path });
  assert.equal(rig.refusal(start()), "signature not known to be new");
  const aside = [...Deno.readDirSync(folder.path)].find(({ name }) => name.includes(".corrupt-"))?.name ?? "";
  using database = new DatabaseSync(folder.at(aside));
  assert.deepEqual({ ...database.prepare("SELECT x FROM theirs").get() }, { x: 1 });
  rig.gate[Symbol.dispose]();
});

Deno.test("while nothing can be remembered nothing counts; when it can again, the same signature does", async () => {
  await using folder = new TempFolder();
  const rig = new SignatureRig({ path: folder.at("missing/signatures.db") });
  const auth = rig.sign(start());
  assert.equal(rig.gate.refusal(start(), auth), "signatures cannot be remembered");
  assert.deepEqual(rig.log.events("error"), ["session.signature_not_remembered"]);
  Deno.mkdirSync(folder.at("missing"));
  assert.equal(rig.gate.refusal(start(), auth), undefined);
  rig.gate[Symbol.dispose]();
});

const noDisk = await SmallDisk.refusal();
Deno.test({
  name: `on a full disk nothing counts, and what was used stays used${noDisk ? ` (skipped: ${noDisk})` : ""}`,
  ignore: noDisk !== undefined,
  async fn() {
    await using disk = await SmallDisk.mount(256 * 1024);
    const rig = new SignatureRig({ path: disk.at("signatures.db") });
    const used = rig.sign(start());
    assert.equal(rig.gate.refusal(start(), used), undefined);
    rig.gate[Symbol.dispose]();
    disk.fill();
    const auth = rig.sign(start());
    assert.equal(rig.gate.refusal(start(), auth), "signatures cannot be remembered");
    disk.empty();
    assert.equal(rig.gate.refusal(start(), used), "signature used before");
    assert.equal(rig.gate.refusal(start(), auth), undefined);
    rig.gate[Symbol.dispose]();
  },
});
