import assert from "node:assert/strict";
import { AuditLog } from "../../../lib/sessions/audit/log.ts";
import { readAudit } from "../../../lib/sessions/audit/read.ts";
import { verifyAudit } from "../../../lib/sessions/audit/verify.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";
import { SmallDisk } from "../../fakes/small_disk.ts";
import { AuditRig } from "./audit_rig.ts";

const refusal = await SmallDisk.refusal();
const withDisk = { ignore: refusal !== undefined };

const appended = (log: AuditLog, n: number) => log.append({ event: "test", n }).then(() => true, () => false);

Deno.test("a line that a dying process left behind is told, not removed, and the chain goes on", async () => {
  await using rig = await AuditRig.filled(2);
  const torn = '{"seq":4,"time":"2023';
  await Deno.writeTextFile(rig.at("audit.jsonl"), torn, { append: true });
  await rig.assertWhole();
  rig.restart();
  await rig.fill(3, 4);
  assert.deepEqual(await rig.told(), ["file", 1, 2, "repaired", 3, 4]);
  const text = await Deno.readTextFile(rig.at("audit.jsonl"));
  assert.equal(text.split("\n")[3], torn);
  await rig.assertWhole();
  const { notes } = await verifyAudit(rig.folder);
  assert.deepEqual(notes.map(({ line }) => line), [4]);
});

Deno.test("what was left behind cannot be exchanged later", async () => {
  await using rig = await AuditRig.filled(2);
  await Deno.writeTextFile(rig.at("audit.jsonl"), '{"seq":4,"ti', { append: true });
  rig.restart();
  await rig.fill(3, 3);
  await rig.edit((lines) => lines.map((line) => line === '{"seq":4,"ti' ? '{"seq":4,"to' : line));
  assert.match((await rig.problems())[0] ?? "", /^audit\.jsonl:4: this is no entry/);
});

Deno.test("a whole entry that lacks but its line break is an entry", async () => {
  await using rig = await AuditRig.filled(2);
  const text = await Deno.readTextFile(rig.at("audit.jsonl"));
  await Deno.writeTextFile(rig.at("audit.jsonl"), text.trimEnd());
  rig.restart();
  await rig.fill(3, 3);
  assert.deepEqual(await rig.told(), ["file", 1, 2, 3]);
  await rig.assertWhole();
});

Deno.test("a process that died over the first line of a file, or between two files, costs nothing", async () => {
  for (const left of [undefined, "", '{"seq":']) {
    await using rig = await AuditRig.filled(3);
    await Deno.rename(rig.at("audit.jsonl"), rig.at("audit-000000000000004.jsonl"));
    if (left !== undefined) await Deno.writeTextFile(rig.at("audit.jsonl"), left);
    rig.restart();
    await rig.fill(4, 4);
    assert.deepEqual(await rig.told(), ["file", 1, 2, 3, "file", 4]);
    await rig.assertWhole();
  }
});

Deno.test("a kill -9 at any moment leaves a log that is whole, and nothing that was confirmed is missing", async () => {
  const child = new URL("./append_child.ts", import.meta.url).pathname;
  const folder = await Deno.makeTempDir({ prefix: "pawl-audit-kill-" });
  try {
    for (let round = 0; round < 6; round++) {
      const process = new Deno.Command(Deno.execPath(), {
        args: ["run", "-q", "--no-check", "--allow-read", "--allow-write", child, folder],
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      let text = "";
      let isAlive = true;
      const decoder = new TextDecoder();
      for await (const chunk of process.stdout) {
        text += decoder.decode(chunk, { stream: true });
        // A different moment each time.
        if (isAlive && text.split("\n").length > 5 + 37 * round) {
          process.kill("SIGKILL");
          isAlive = false;
        }
      }
      await process.status;
      const confirmed = text.split("\n").slice(0, -1).map(Number);
      const { problems } = await verifyAudit(folder);
      assert.deepEqual(problems, []);
      const kept = new Set((await readAudit(folder)).entries.map(({ entry }) => entry["n"]));
      assert.deepEqual(confirmed.filter((n) => !kept.has(n)), []);
      assert.ok(confirmed.length >= 5 + 37 * round);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "a full disk fails the entry, and the log is whole once there is room again",
  ...withDisk,
  async fn() {
    await using disk = await SmallDisk.mount(65_536);
    const log = new AuditLog({ folder: disk.at("audit"), clock: new FakeClock() });
    assert.ok(await appended(log, 1));
    disk.fill();
    const failed = [];
    for (let n = 100; n < 200; n++) if (!await appended(log, n)) failed.push(n);
    assert.ok(failed.length > 50, "the page that was begun takes some, no more");
    await assert.rejects(log.append({ event: "test" }), {
      name: "Error",
      message: "the audit log cannot be written",
    });
    disk.empty();
    assert.ok(await appended(log, 2));
    const kept = (await readAudit(disk.at("audit"))).entries.map(({ entry }) => entry["n"]);
    assert.equal(kept.at(-1), 2);
    assert.deepEqual((await verifyAudit(disk.at("audit"))).problems, []);
  },
});

Deno.test({
  name: "a read-only disk fails the entry, until it can be written again",
  ...withDisk,
  async fn() {
    await using disk = await SmallDisk.mount(262_144);
    const log = new AuditLog({ folder: disk.at("audit"), clock: new FakeClock() });
    assert.ok(await appended(log, 1));
    await disk.setReadOnly(true);
    assert.equal(await appended(log, 2), false);
    await disk.setReadOnly(false);
    assert.ok(await appended(log, 3));
    const kept = (await readAudit(disk.at("audit"))).entries.map(({ entry }) => entry["n"]);
    assert.deepEqual(kept, [undefined, 1, 3]);
    assert.deepEqual((await verifyAudit(disk.at("audit"))).problems, []);
  },
});

Deno.test("a disk that does not answer fails the entry at its deadline, and those behind it at once", async () => {
  await using rig = await AuditRig.filled(1);
  // A pipe that nobody writes to: reading the head waits for ever.
  await Deno.remove(rig.at("head"));
  await new Deno.Command("mkfifo", { args: [rig.at("head")] }).output();
  rig.restart();
  const first = rig.log.append({ event: "test", n: 2 });
  const second = rig.log.append({ event: "test", n: 3 });
  const failures = Promise.allSettled([first, second]);
  await rig.clock.tick(4999);
  await rig.clock.tick(1);
  assert.deepEqual((await failures).map(({ status }) => status), ["rejected", "rejected"]);
  await assert.rejects(rig.log.append({ event: "test", n: 4 }), /cannot be written/);
  assert.equal(rig.clock.pendingTimers, 0);
  // Then it answers after all.
  await Deno.writeTextFile(rig.at("head"), "nothing of use\n");
  await Deno.readTextFile(rig.at("head"));
  await rig.log.settled();
  await Deno.remove(rig.at("head"));
  await rig.fill(5, 5);
  const told = await rig.told();
  assert.deepEqual([told.includes(3), told.at(-1)], [false, 5]);
});
