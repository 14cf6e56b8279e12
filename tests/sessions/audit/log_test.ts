import assert from "node:assert/strict";
import { AuditLog } from "../../../lib/sessions/audit/log.ts";
import { verifyAudit } from "../../../lib/sessions/audit/verify.ts";
import { FakeClock, settle } from "../../fakes/fake_clock.ts";
import { AuditRig } from "./audit_rig.ts";

Deno.test("entries are kept in order over restarts, in files that only their owner can read", async () => {
  await using rig = await AuditRig.filled(2);
  rig.restart();
  await rig.fill(3, 4);
  assert.deepEqual(await rig.told(), ["file", 1, 2, 3, 4]);
  assert.deepEqual((await rig.entries()).map(({ seq }) => seq), [1, 2, 3, 4, 5]);
  assert.match((await rig.entries())[1]?.time ?? "", /^2023-11-14T22:13:21\.000Z$/);
  await rig.assertWhole();
  const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;
  assert.equal(await modeOf(rig.folder), 0o700);
  assert.equal(await modeOf(rig.at("audit.jsonl")), 0o600);
  assert.equal(await modeOf(rig.at("head")), 0o600);
});

Deno.test("what is asked for at once is written whole and in order", async () => {
  await using rig = await AuditRig.make();
  await Promise.all(Array.from({ length: 200 }, (_, n) => rig.log.append({ event: "test", n })));
  assert.deepEqual(await rig.told(), ["file", ...Array.from({ length: 200 }, (_, n) => n)]);
  await rig.assertWhole();
});

Deno.test("an entry is in its file by the time that append resolves", async () => {
  await using rig = await AuditRig.make();
  for (let n = 1; n <= 20; n++) {
    const earlier = rig.log.append({ event: "test", n: -n });
    await rig.log.append({ event: "test", n });
    assert.equal((await rig.entries()).at(-1)?.["n"], n);
    await earlier;
  }
});

Deno.test("append resolves only once the disk has the entry for good", async () => {
  await using rig = await AuditRig.filled(1);
  const synced = Promise.withResolvers<void>();
  const original = Deno.FsFile.prototype.syncData;
  Deno.FsFile.prototype.syncData = async function () {
    await synced.promise;
    await original.call(this);
  };
  try {
    let resolved = false;
    const appended = rig.log.append({ event: "test", n: 2 }).then(() => resolved = true);
    while ((await rig.told()).at(-1) !== 2) await settle();
    await settle();
    assert.equal(resolved, false);
    synced.resolve();
    await appended;
  } finally {
    Deno.FsFile.prototype.syncData = original;
  }
});

Deno.test("foreign text stays on one line, whatever stands in it", async () => {
  await using rig = await AuditRig.make();
  const nasty = 'a\nb\r\u2028","hash":"' + "0".repeat(64) + '"}\n{"seq":1}\ud800';
  await rig.log.append({ event: "test", n: 1, user: nasty });
  await rig.log.append({ event: "test", n: 2 });
  assert.deepEqual(await rig.told(), ["file", 1, 2]);
  assert.equal((await rig.entries())[1]?.["user"], nasty);
  await rig.assertWhole();
});

Deno.test("a full file is put aside, the chain goes on in the next, and the oldest goes", async () => {
  await using rig = await AuditRig.make({ maxBytes: 4096, maxFiles: 3 });
  await rig.fill(1, 120);
  const names = await rig.files();
  assert.equal(names.filter((name) => name.endsWith(".jsonl")).length, 3, names.join());
  const entries = await rig.entries();
  assert.ok((entries[0]?.seq ?? 0) > 1, "the first file is gone");
  assert.equal(entries[0]?.event, "file");
  assert.equal(entries.at(-1)?.["n"], 120);
  for (const name of names) assert.ok((await Deno.stat(rig.at(name))).size < 4096 + 512, name);
  await rig.assertWhole();
  rig.restart();
  await rig.fill(121, 122);
  await rig.assertWhole();
});

Deno.test("fewer files than before are kept once that is asked for", async () => {
  await using rig = await AuditRig.make({ maxBytes: 4096, maxFiles: 6 });
  await rig.fill(1, 150);
  rig.log.configure({ maxBytes: 4096, maxFiles: 2 });
  await rig.fill(151, 200);
  const rotated = (await rig.files()).filter((name) => name.endsWith(".jsonl"));
  assert.equal(rotated.length, 2);
  await rig.assertWhole();
});

Deno.test("bounds that nothing could be kept in are refused", () => {
  const clock = new FakeClock();
  assert.throws(() => new AuditLog({ folder: "/nowhere", clock, maxBytes: 100 }), RangeError);
  assert.throws(() => new AuditLog({ folder: "/nowhere", clock, maxFiles: 1 }), RangeError);
});

Deno.test("the log can be verified while it is being written", async () => {
  await using rig = await AuditRig.make({ maxBytes: 4096, maxFiles: 3 });
  await rig.fill(1, 30);
  let writing = true;
  const work = rig.fill(31, 400).finally(() => writing = false);
  const found = [];
  let looks = 0;
  for (; writing; looks++) found.push(...(await verifyAudit(rig.folder)).problems);
  await work;
  assert.deepEqual(found, []);
  assert.ok(looks > 3);
});

Deno.test("an audit that is not there yet is whole, and empty", async () => {
  const verdict = await verifyAudit("/nonexistent/audit");
  assert.deepEqual([verdict.problems, verdict.entries], [[], 0]);
});
