import assert from "node:assert/strict";
import fc from "fast-check";
import { type AuditEntry, writeLine } from "../../../lib/sessions/audit/line.ts";
import { verifyAudit } from "../../../lib/sessions/audit/verify.ts";
import { AuditRig } from "./audit_rig.ts";

const swap = (lines: string[], a: number, b: number) => {
  [lines[a], lines[b]] = [lines[b] ?? "", lines[a] ?? ""];
  return lines;
};

Deno.test("an entry that was altered is named by its line", async () => {
  await using rig = await AuditRig.filled(5);
  await rig.edit((lines) => lines.map((line) => line.replace('"n":3', '"n":7')));
  assert.deepEqual(await rig.problems(), ["audit.jsonl:4: entry 4 was altered"]);
});

Deno.test("an entry whose hash was made to fit breaks the one behind it", async () => {
  await using rig = await AuditRig.filled(5);
  await rig.edit((lines) => {
    const before = JSON.parse(lines[2] ?? "");
    const { hash: _, ...entry } = JSON.parse(lines[3] ?? "");
    lines[3] = writeLine(before.hash, { ...entry as AuditEntry, n: 7 }).text;
    return lines;
  });
  assert.deepEqual(await rig.problems(), ["audit.jsonl:5: entry 5 was altered"]);
});

Deno.test("entries that were removed are counted", async () => {
  await using rig = await AuditRig.filled(6);
  await rig.edit((lines) => lines.filter((_, index) => index !== 2 && index !== 3));
  assert.deepEqual(await rig.problems(), ["audit.jsonl:3: entries 3 to 4 are missing before it"]);
});

Deno.test("entries that changed places are found", async () => {
  await using rig = await AuditRig.filled(6);
  await rig.edit((lines) => swap(lines, 2, 3));
  const [first] = await rig.problems();
  assert.equal(first, "audit.jsonl:3: entries 3 to 3 are missing before it");
});

Deno.test("a line that was cut in the middle is found, at the end as well", async () => {
  await using rig = await AuditRig.filled(5);
  const path = rig.at("audit.jsonl");
  const whole = await Deno.readTextFile(path);
  await rig.edit((lines) => lines.map((line, index) => index === 2 ? line.slice(0, 30) : line));
  assert.match((await rig.problems())[0] ?? "", /^audit\.jsonl:3: this is no entry/);
  await Deno.writeTextFile(path, whole.slice(0, -20));
  assert.deepEqual(await rig.problems(), [
    "head: the end is missing: the head counts 6 entries, the log ends with entry 5",
  ]);
});

Deno.test("an end that was cut off is missed by the head", async () => {
  await using rig = await AuditRig.filled(5);
  await rig.edit((lines) => lines.slice(0, -2));
  assert.deepEqual(await rig.problems(), [
    "head: the end is missing: the head counts 6 entries, the log ends with entry 4",
  ]);
  await rig.edit(() => []);
  assert.ok((await rig.problems()).length > 0);
  await Deno.remove(rig.at("audit.jsonl"));
  assert.deepEqual(await rig.problems(), [
    "head: the end is missing: the head counts 6 entries, the log ends with entry 0",
  ]);
});

Deno.test("a file that the agent has just begun is no loss, one that was emptied is", async () => {
  await using rig = await AuditRig.filled(3);
  const [, ended] = (await Deno.readTextFile(rig.at("head"))).match(/^(\d{15}) /) ?? [];
  await Deno.rename(rig.at("audit.jsonl"), rig.at(`audit-${ended}.jsonl`));
  await Deno.writeTextFile(rig.at("audit.jsonl"), "");
  const { problems, notes } = await verifyAudit(rig.folder);
  assert.deepEqual(problems, []);
  assert.match(notes[0]?.what ?? "", /it is empty: the agent has just begun it/);
  await Deno.writeTextFile(rig.at(`audit-${ended}.jsonl`), "");
  assert.match((await rig.problems()).join("\n"), /it is empty\n.*the end is missing/s);
});

Deno.test("a head that was removed or altered is missed", async () => {
  await using rig = await AuditRig.filled(3);
  const head = await Deno.readTextFile(rig.at("head"));
  await Deno.writeTextFile(rig.at("head"), head.replace("4", "3"));
  assert.deepEqual(await rig.problems(), ["audit.jsonl:3: entry 3 is not the one that the head names"]);
  await Deno.remove(rig.at("head"));
  assert.match((await rig.problems())[0] ?? "", /^head: it is missing or damaged/);
});

Deno.test("a file that was removed is missed: the oldest, one in the middle, and the first line of one", async () => {
  await using rig = await AuditRig.make({ maxBytes: 4096, maxFiles: 5 });
  await rig.fill(1, 120);
  const [oldest = "", second = "", third = ""] = (await rig.files()).filter((name) =>
    name.startsWith("audit-")
  );
  const text = await Deno.readTextFile(rig.at(second));
  await Deno.remove(rig.at(second));
  assert.match(
    (await rig.problems())[0] ?? "",
    new RegExp(`^${third}:1: entries \\d+ to \\d+ are missing before it`),
  );
  await Deno.writeTextFile(rig.at(second), text);
  await rig.assertWhole();
  await rig.edit((lines) => lines.slice(1), second);
  assert.match(
    (await rig.problems())[0] ?? "",
    new RegExp(`^${second}:1: the file does not begin as files do`),
  );
  await Deno.writeTextFile(rig.at(second), text);
  await Deno.remove(rig.at(oldest));
  assert.match((await rig.problems())[0] ?? "", /the files with entries \d+ to \d+ are missing/);
});

Deno.test("what was cut off stays found although the agent has gone on writing", async () => {
  await using rig = await AuditRig.filled(5);
  await rig.edit((lines) => lines.slice(0, -2));
  rig.restart();
  await rig.fill(6, 8);
  assert.deepEqual(await rig.told(), ["file", 1, 2, 3, "entries.missing", 6, 7, 8]);
  const problems = await rig.problems();
  assert.match(
    problems[0] ?? "",
    /^audit\.jsonl:5: entries 5 to 6 were missing when the agent wrote here at 2023/,
  );
});

Deno.test("what others did to the file while the agent runs is noticed before the next entry", async () => {
  await using rig = await AuditRig.filled(5);
  await rig.edit((lines) => lines.slice(0, -1));
  await rig.fill(6, 6);
  assert.deepEqual(await rig.told(), ["file", 1, 2, 3, 4, "entries.missing", 6]);
  await Deno.remove(rig.at("audit.jsonl"));
  await rig.fill(7, 7);
  assert.deepEqual(await rig.told(), ["file", "entries.missing", 7]);
  assert.ok((await rig.problems()).length > 0);
});

Deno.test("a head that is gone when the agent starts stays told", async () => {
  await using rig = await AuditRig.filled(3);
  await rig.edit((lines) => lines.slice(0, -1));
  await Deno.remove(rig.at("head"));
  rig.restart();
  await rig.fill(4, 4);
  assert.deepEqual(await rig.told(), ["file", 1, 2, "head.missing", 4]);
  assert.match((await rig.problems())[0] ?? "", /^audit\.jsonl:4: the head was missing when/);
});

Deno.test("an end that was noted elsewhere finds a log that was written anew", async () => {
  await using rig = await AuditRig.filled(5);
  const noted = rig.log.head;
  assert.ok(noted);
  await rig.fill(6, 9);
  assert.deepEqual((await verifyAudit(rig.folder, noted)).problems, []);
  await Deno.remove(rig.folder, { recursive: true });
  rig.restart();
  await rig.fill(11, 30);
  await rig.assertWhole();
  const { problems } = await verifyAudit(rig.folder, noted);
  assert.match(problems[0]?.what ?? "", /entry 6 is not the one that the noted end names/);
});

Deno.test("no change of any byte goes unseen", async () => {
  await using rig = await AuditRig.filled(6);
  const path = rig.at("audit.jsonl");
  const original = await Deno.readFile(path);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(original.length - 1),
      fc.integer({ min: 1, max: 255 }),
      async (at, change) => {
        const bytes = original.slice();
        bytes[at] = (bytes[at] ?? 0) ^ change;
        await Deno.writeFile(path, bytes);
        assert.notDeepEqual(await rig.problems(), []);
      },
    ),
    { numRuns: 300 },
  );
});
