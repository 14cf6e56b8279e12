import assert from "node:assert/strict";
import { type DiagnosisRecord, DiagnosisRecords } from "../../lib/diagnose/records.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { RecordingLogger } from "../link/recording_logger.ts";

function run(clock: FakeClock, plugin = "disk"): Omit<DiagnosisRecord, "id"> {
  return {
    mode: "inspect",
    plugin,
    target: "/data",
    user: "ana",
    started: new Date(clock.wallMs()).toISOString(),
    duration_ms: 12,
    status: "complete",
    verdict: "All is well.",
    steps: [{ tool: "disk_overview", args: { path: "/data" }, duration_ms: 3, bytes: 40 }],
    report: "# Inspection\n",
  };
}

function open(folder: TempFolder, options: Partial<ConstructorParameters<typeof DiagnosisRecords>[0]> = {}) {
  const clock = new FakeClock();
  let next = 0;
  const random = () => (next++).toString(16).padStart(4, "0");
  return { clock, records: new DiagnosisRecords({ stateDir: folder.path, clock, random, ...options }) };
}

const names = (folder: TempFolder) =>
  [...Deno.readDirSync(folder.at("diagnoses"))].map(({ name }) => name).sort();

Deno.test("a run is kept as a file that only its owner reads, and is found again", async () => {
  await using folder = new TempFolder();
  const { clock, records } = open(folder);
  const id = await records.write(run(clock));
  assert.match(id ?? "", /^\d{8}T\d{9}Z-inspect-disk-0000$/);
  assert.deepEqual(names(folder), [`${id}.json`]);
  const { mode } = Deno.statSync(folder.at(`diagnoses/${id}.json`));
  assert.equal((mode ?? 0) & 0o777, 0o600);
  assert.equal((Deno.statSync(folder.at("diagnoses")).mode ?? 0) & 0o777, 0o700);
  assert.deepEqual(await records.show(id ?? ""), { id, ...run(clock) });
  assert.deepEqual(await records.show("0000"), { id, ...run(clock) });
});

Deno.test("the newest is listed first, and what is damaged or strange is left out", async () => {
  await using folder = new TempFolder();
  const { clock, records } = open(folder);
  const first = await records.write(run(clock, "cpu"));
  await clock.tick(1000);
  const second = await records.write(run(clock, "mem"));
  const stamp = (second ?? "").split("-")[0];
  folder.write(`diagnoses/${stamp}-inspect-cpu-dead.json`, '{"id": "x", "mode"');
  folder.write(`diagnoses/${stamp}-inspect-cpu-beef.json`, '{"plugin": 7}');
  folder.write("diagnoses/notes.json", "{}");
  Deno.mkdirSync(folder.at(`diagnoses/${stamp}-inspect-cpu-ffff.json`));
  assert.deepEqual((await records.list()).map(({ id }) => id), [second, first]);
  await assert.rejects(records.show("dead"), /cannot show the diagnosis .*dead: its file is damaged/);
  await assert.rejects(records.show("none"), /there is no such record/);
  await assert.rejects(records.show(""), /there is no such record/);
  await assert.rejects(records.show(stamp ?? ""), /several begin or end so/);
});

Deno.test("an id is not a path", async () => {
  await using folder = new TempFolder();
  const { clock, records } = open(folder);
  folder.write("secret.json", JSON.stringify({ id: "secret", ...run(clock) }));
  await records.write(run(clock, "../../etc/passwd"));
  assert.equal(names(folder)[0]?.includes("/"), false);
  await assert.rejects(records.show("../secret"), /there is no such record/);
});

Deno.test("without any record the list is empty", async () => {
  await using folder = new TempFolder();
  assert.deepEqual(await open(folder).records.list(), []);
});

Deno.test("records are removed when they are too old or too many, and a dead writer's drafts", async () => {
  await using folder = new TempFolder();
  const { clock, records } = open(folder, { maxRecords: 3, maxAgeMs: 3_600_000 });
  const ids: (string | undefined)[] = [];
  for (let at = 0; at < 5; at++) {
    ids.push(await records.write(run(clock)));
    clock.wallOffsetMs += 1000;
  }
  assert.deepEqual((await records.list()).map(({ id }) => id), [ids[4], ids[3], ids[2]]);
  folder.write(`diagnoses/${ids[0]}.json.part`, "{");
  clock.wallOffsetMs += 2 * 86_400_000;
  const last = await records.write(run(clock));
  assert.deepEqual(names(folder), [`${last}.json`]);
});

Deno.test("a disk that fails is told of once, and again after it had worked", async () => {
  await using folder = new TempFolder();
  const logs = new RecordingLogger();
  const { clock, records } = open(folder, { logger: logs.logger });
  folder.write("diagnoses", "a file in the way");
  assert.equal(await records.write(run(clock)), undefined);
  assert.equal(await records.write(run(clock)), undefined);
  const warnings = () => logs.events("warning").length;
  assert.equal(warnings(), 1);
  Deno.removeSync(folder.at("diagnoses"));
  assert.ok(await records.write(run(clock)));
  Deno.removeSync(folder.at("diagnoses"), { recursive: true });
  folder.write("diagnoses", "in the way again");
  await records.write(run(clock));
  assert.equal(warnings(), 2);
  assert.equal(logs.events().length, 2);
});

Deno.test({
  name: "what the superuser writes belongs to the owner of the state folder",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  async fn() {
    await using folder = new TempFolder();
    Deno.chownSync(folder.path, 4242, 4242);
    const { clock, records } = open(folder);
    const id = await records.write(run(clock));
    assert.equal(Deno.statSync(folder.at("diagnoses")).uid, 4242);
    assert.equal(Deno.statSync(folder.at(`diagnoses/${id}.json`)).uid, 4242);
  },
});
