import assert from "node:assert/strict";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { findOomKills, type KernelRecord, parseKernelRecord } from "../../lib/host/kernel_log.ts";
import { kernelLogReader } from "../../lib/host/kernel_log_reader.ts";

const records = (...lines: string[]) =>
  lines.map((text, index): KernelRecord => ({ level: "err", sequence: index, atSec: index, text }));

Deno.test("a record is read with its level, its time and its escaped bytes", () => {
  assert.deepEqual(parseKernelRecord("6,339,5140900,-;NET: caf\\xc3\\xa9 \\x5c\\x1b\n SUBSYSTEM=net\n"), {
    level: "info",
    sequence: 339,
    atSec: 5.1409,
    text: "NET: café \\\x1b",
  });
  assert.equal(parseKernelRecord("3,1,0,c,caller=T1;disk; broken")?.text, "disk; broken");
  assert.equal(parseKernelRecord("30,1,0,-;daemon")?.level, "info"); // who wrote it stands in the higher bits
  for (const text of ["", "x", "6,1,2", "6,1,-;x", ",,,;"]) {
    assert.equal(parseKernelRecord(text), undefined, text);
  }
});

Deno.test("kills for want of memory are found in the forms of several kernels", () => {
  const kills = findOomKills(records(
    "web invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0",
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/app,task_memcg=/app/x,task=web,pid=42,uid=33",
    "Memory cgroup out of memory: Killed process 42 (web (x) y) total-vm:100kB, anon-rss:200kB, file-rss:0kB, shmem-rss:0kB, UID:33 pgtables:1kB oom_score_adj:0",
    "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/y,task=db,pid=43,uid=0",
    "Out of memory: Killed process 43 (db) total-vm:100kB, anon-rss:300kB, file-rss:0kB",
    "Out of memory: Kill process 44 (old) score 900 or sacrifice child",
    "Killed process 44 (old) total-vm:1kB, anon-rss:2kB, file-rss:0kB",
    "Killed process 45, UID 1000, (older) total-vm:1kB, anon-rss:2kB, file-rss:0kB",
    "nothing of the kind",
  ));
  assert.deepEqual(kills, [
    { atSec: 2, pid: 42, name: "web (x) y", scope: "cgroup", anonBytes: 204_800, cgroup: "/app" },
    { atSec: 4, pid: 43, name: "db", scope: "host", anonBytes: 307_200 },
    { atSec: 6, pid: 44, name: "old", scope: "host", anonBytes: 2048 },
    { atSec: 7, pid: 45, name: "older", scope: "host", anonBytes: 2048 },
  ]);
});

Deno.test("a log that cannot be read says why, and what to do instead", async () => {
  await assert.rejects(kernelLogReader("/nonexistent/kmsg")(new AbortController().signal), (error: Error) => {
    assert.ok(error instanceof FactUnavailableError);
    assert.match(error.message, /there is none .*dmesg_recent/);
    return true;
  });
});

const readable = await Deno.open("/dev/kmsg").then((file) => (file.close(), true), () => false);

Deno.test({
  name: "this kernel's log is read to its end without waiting for more",
  ignore: !readable,
  async fn() {
    const found = await kernelLogReader()(new AbortController().signal);
    assert.ok(found.length > 0);
    assert.ok(
      found.every((record, index) => index === 0 || record.sequence > (found[index - 1]?.sequence ?? 0)),
    );
    await assert.rejects(kernelLogReader()(AbortSignal.abort(new Error("gone"))), /gone/);
  },
});
