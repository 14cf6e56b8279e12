import assert from "node:assert/strict";
import { DISK_CHECK } from "../../lib/checks/disk.ts";
import { optionsSchema } from "../../lib/checks/definition.ts";
import type { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { probeWrite } from "../../lib/host/write_probe.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { fileSystem, recordedHost } from "../host/recorded_host.ts";
import { gather, MapMemory } from "./check_rig.ts";

const FOLDER = "/data";

function host(superOptions: string, mountOptions = "rw"): FixtureFacts {
  return recordedHost({
    files: {
      "/proc/self/mountinfo": "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n" +
        `2 1 8:2 / ${FOLDER} ${mountOptions},relatime - ext4 /dev/sda2 ${superOptions}\n`,
    },
    fileSystems: { "/": fileSystem(0), [FOLDER]: fileSystem(0) },
  });
}

/** The check that looks at whether one can write. */
function writable(facts: FixtureFacts, settings: Record<string, unknown>) {
  const checks = DISK_CHECK.make(optionsSchema(DISK_CHECK).parse({ writable: "Critical", ...settings }), {
    host: facts,
    clock: new FakeClock(),
    memory: new MapMemory(),
  });
  return checks.at(-1) ?? assert.fail();
}

Deno.test("disk: a file system that became read-only is told of, without writing to it", async () => {
  const findings = await gather(writable(host("ro,errors=remount-ro"), {}));
  assert.deepEqual(findings.map(({ labels, status, description }) => [labels.target, status, description]), [
    ["/", "Ok", "/ can be written to"],
    [FOLDER, "Critical", `${FOLDER} cannot be written to: mounted read-only`],
  ]);
  const named = await gather(writable(host("ro"), { mount_points: [`${FOLDER}/below`] }));
  assert.deepEqual(named.map(({ status }) => status), ["Critical"]);
});

Deno.test("disk: that this process alone sees a file system read-only says nothing about the host", async () => {
  const findings = await gather(writable(host("rw", "ro"), {}));
  assert(findings.every(({ status }) => status === "Ok"));
});

Deno.test("disk: where the mounts are hidden, whether one can write is unavailable unless it is tried", async () => {
  await assert.rejects(gather(writable(recordedHost(), { mount_points: ["/"] })), FactUnavailableError);
  const folder = await Deno.makeTempDir();
  const tried = await gather(writable(recordedHost(), { mount_points: [folder], write_probe: true }));
  assert.deepEqual(tried.map(({ status }) => status), ["Ok"]);
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  await Deno.remove(folder);
  const gone = await gather(writable(recordedHost(), { mount_points: [folder], write_probe: true }));
  assert.equal(gone[0]?.status, "Critical");
  assert.match(gone[0]?.description ?? "", /cannot be written to: No such file/);
});

Deno.test("a write probe follows no link, and removes what an earlier one left", async () => {
  const folder = await Deno.makeTempDir();
  const victim = `${folder}/victim`;
  await Deno.writeTextFile(victim, "precious");
  await Deno.symlink(victim, `${folder}/.pawl-write-probe`);
  assert.equal(await probeWrite(folder), undefined);
  assert.equal(await Deno.readTextFile(victim), "precious");
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["victim"]);
  await Deno.remove(folder, { recursive: true });
});
