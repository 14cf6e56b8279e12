import assert from "node:assert/strict";
import type { Finding } from "../../lib/checks/check.ts";
import { DISK_CHECK } from "../../lib/checks/disk.ts";
import { ProcfsFacts } from "../../lib/host/procfs.ts";
import { RuntimeFacts } from "../../lib/host/runtime.ts";
import type { RawFileSystem } from "../../lib/host/file_systems.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { makeCheck } from "./check_rig.ts";

const RAW: RawFileSystem = { bsize: 4096, blocks: 100, bfree: 50, bavail: 50, files: 10, ffree: 9 };

const MOUNTS = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:44 / /net rw - nfs files:/x rw\n" +
  "3 1 8:3 / /data rw - ext4 /dev/sda3 rw\n";

/** A host whose `/net` answers only when it is told to. */
async function hungHost() {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/self`);
  await Deno.writeTextFile(`${folder}/self/mountinfo`, MOUNTS);
  const clock = new FakeClock();
  const calls: string[] = [];
  let answer = Promise.withResolvers<RawFileSystem>();
  let hangs = true;
  const runtime = new RuntimeFacts({
    clock,
    calls: {
      statfs: (path) => {
        calls.push(path);
        return path === "/net" && hangs ? answer.promise : Promise.resolve(RAW);
      },
    },
  });
  return {
    clock,
    host: new ProcfsFacts({ procfs: folder, fallback: runtime, clock }),
    netCalls: () => calls.filter((path) => path === "/net").length,
    release(): void {
      hangs = false;
      answer.resolve(RAW);
    },
    hangAgain(): void {
      hangs = true;
      answer = Promise.withResolvers();
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

function bad(findings: readonly Finding[]) {
  return findings.filter(({ status }) => status !== "Ok").map(({ labels }) => [labels.check, labels.target]);
}

/** Lets a gather run, and the clock with it until it is done. */
async function gathered(gathering: Promise<Finding[]>, clock: FakeClock, stepMs: number) {
  let findings: Finding[] | undefined;
  let waitedMs = 0;
  const done = gathering.then((found) => findings = found);
  for (let turn = 0; turn < 400 && findings === undefined; turn++) {
    await clock.tick(stepMs);
    waitedMs += stepMs;
  }
  return { findings: await done, waitedMs };
}

for (
  const [name, settings] of [
    ["found by itself", { network: true }],
    ["named", { mount_points: ["/net"] }],
  ] as const
) {
  Deno.test(`disk: a hung mount, ${name}, raises one alert, is asked once, and is over when it answers`, async () => {
    await using rig = await hungHost();
    const { clock, host } = rig;
    const check = makeCheck(DISK_CHECK, settings, { host, clock });
    const signal = new AbortController().signal;
    const first = await gathered(check.gather(signal), clock, 100);
    assert.deepEqual(bad(first.findings), [["disk::hung", "/net"]]);
    for (let turn = 0; turn < 5; turn++) {
      const next = await gathered(check.gather(signal), clock, 50);
      assert.deepEqual(bad(next.findings), [["disk::hung", "/net"]]);
      assert(next.waitedMs <= 300, `found only after ${next.waitedMs} ms`);
      if (name === "found by itself") {
        const spaces = next.findings.filter(({ labels }) => labels.check === "disk::space_usage");
        assert.deepEqual(spaces.map(({ labels }) => labels.target), ["/", "/data"]);
      }
      await clock.tick(10_000);
    }
    assert.equal(rig.netCalls(), 1, "a hung mount is asked once, and not again until the call has come back");
    rig.release();
    const over = await gathered(check.gather(signal), clock, 50);
    assert.deepEqual(bad(over.findings), []);
    assert(over.findings.some(({ labels, status }) => labels.check === "disk::hung" && status === "Ok"));
    rig.hangAgain();
    const again = await gathered(check.gather(signal), clock, 100);
    assert.deepEqual(bad(again.findings), [["disk::hung", "/net"]]);
    rig.release();
    await clock.tick(10_000);
    assert.equal(clock.pendingTimers, 0);
  });
}

Deno.test("disk: a gather that ends before the mount's own deadline leaves the next one to tell", async () => {
  await using rig = await hungHost();
  const { clock, host } = rig;
  const check = makeCheck(DISK_CHECK, { mount_points: ["/net"] }, { host, clock });
  const abort = new AbortController();
  const cut = assert.rejects(check.gather(abort.signal), /time is up/);
  await clock.tick(1000);
  abort.abort(new Error("time is up"));
  await cut;
  const next = await gathered(check.gather(new AbortController().signal), clock, 50);
  assert.deepEqual(bad(next.findings), [["disk::hung", "/net"]]);
  assert(next.waitedMs <= 300);
  assert.equal(rig.netCalls(), 1);
  rig.release();
  await clock.tick(10_000);
  assert.equal(clock.pendingTimers, 0);
});
