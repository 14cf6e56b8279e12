import assert from "node:assert/strict";
import { DISK_CHECK } from "../../lib/checks/disk.ts";
import { optionsSchema } from "../../lib/checks/definition.ts";
import type { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError, type FileSystemFacts } from "../../lib/host/host_facts.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { fileSystem, GIB, recordedHost } from "../host/recorded_host.ts";
import { recordedText } from "../host/fixture_tree.ts";
import { gather, makeCheck, MapMemory, refusals } from "./check_rig.ts";

/** A host with these mounts, each with a file system of its own. */
function hostWith(mountinfo: string, fileSystems: Record<string, FileSystemFacts>): FixtureFacts {
  return recordedHost({ files: { "/proc/self/mountinfo": mountinfo }, fileSystems });
}

async function targets(host: FixtureFacts, settings: Record<string, unknown> = {}): Promise<string[]> {
  const findings = await gather(makeCheck(DISK_CHECK, settings, { host }));
  return findings.filter(({ labels }) => labels.check === "disk::hung").map(({ labels }) => labels.target);
}

Deno.test("disk: what is kept for the superuser counts neither as used nor as free, as in df", async () => {
  const host = recordedHost({ fileSystems: { "/data": fileSystem(38 * GIB) } });
  const check = makeCheck(DISK_CHECK, { mount_points: ["/data"] }, { host });
  const [space, inodes, hung] = await gather(check);
  assert.deepEqual(space, {
    labels: { check: "disk::space_usage", target: "/data" },
    status: "Ok",
    description: "disk space usage of /data 40.0 %",
    attrs: { current_value: "40.0 %", threshold_desc: "warning ≥ 90 %, critical ≥ 99 %" },
    value: 40,
    detail: "38.0 GiB of 95.0 GiB used",
  });
  assert.equal(inodes?.description, "inode usage of /data 10.0 %");
  assert.deepEqual([hung?.labels.check, hung?.status], ["disk::hung", "Ok"]);
  host.facts = { fileSystems: { "/data": { ...fileSystem(95 * GIB), inodesFree: 5 } } };
  const full = await gather(check);
  assert.deepEqual(full.map(({ status }) => status), ["Critical", "Critical", "Ok"]);
});

Deno.test("disk: a file system without blocks or inodes is neither full nor empty", async () => {
  const empty = { totalBytes: 0, freeBytes: 0, availableBytes: 0, inodes: 0, inodesFree: 0 };
  const host = recordedHost({ fileSystems: { "/": empty } });
  const findings = await gather(makeCheck(DISK_CHECK, { mount_points: ["/"] }, { host }));
  assert.deepEqual(findings.map(({ labels }) => labels.check), ["disk::hung"]);
});

Deno.test("disk: without mount points every local file system is watched once, and none of the kernel's", async () => {
  const some = fileSystem(GIB);
  const all = { "/": some, "/dev/shm": some, "/mnt/a b": some, "/home": some };
  const recorded = hostWith(recordedText("debian_6", "/proc/self/mountinfo"), all);
  // The same tmpfs is mounted twice on one mount point: what is seen is one.
  assert.deepEqual(await targets(recorded), ["/", "/dev/shm"]);
  const withHome = hostWith(recordedText("kernel_4_18", "/proc/self/mountinfo"), all);
  assert.deepEqual(await targets(withHome), ["/"]);
  assert.deepEqual(await targets(withHome, { network: true }), ["/", "/mnt/a b"]);
});

Deno.test("disk: in a container the places of single files are no file systems, its volumes are", async () => {
  const mountinfo = "1 0 0:30 / / rw - overlay overlay rw\n" +
    "2 1 8:1 /var/lib/containers/x/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n" +
    "3 1 8:1 /srv/volumes/db /data rw - ext4 /dev/sda1 rw\n" +
    "4 1 0:31 / /opt/img ro - squashfs /dev/loop0 ro\n" +
    "5 1 0:32 / /layers/merged rw - overlay overlay rw\n";
  const host = hostWith(mountinfo, { "/": fileSystem(0), "/data": fileSystem(0) });
  assert.deepEqual(await targets(host), ["/", "/data"]);
});

Deno.test("disk: patterns leave mounts out", async () => {
  const mountinfo = ["/", "/run", "/run/user/0", "/srv", "/mnt/s3"].map((path, index) =>
    `${index} 0 8:${index} / ${path} rw - ${path === "/mnt/s3" ? "fuse.s3fs2" : "ext4"} /dev/sd${index} rw`
  ).join("\n");
  const host = hostWith(mountinfo, { "/": fileSystem(0), "/srv": fileSystem(0), "/run": fileSystem(0) });
  const settings = { ignore_mount_points: ["/run", "/run/**"], ignore_fs_types: ["fuse.*"] };
  assert.deepEqual(await targets(host, settings), ["/", "/srv"]);
});

Deno.test("disk: where the mounts cannot be listed, / is watched", async () => {
  const host = recordedHost();
  assert.deepEqual(await targets(host), ["/"]);
});

Deno.test("disk: file systems that must not be seen are left out, and nothing at all is unavailable", async () => {
  const mountinfo = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /secret rw - ext4 /dev/sda2 rw\n";
  const host = hostWith(mountinfo, { "/": fileSystem(0) });
  assert.deepEqual(await targets(host), ["/"]);
  host.facts = { files: host.facts.files ?? {} };
  await assert.rejects(gather(makeCheck(DISK_CHECK, {}, { host })), FactUnavailableError);
  await assert.rejects(
    gather(makeCheck(DISK_CHECK, { mount_points: ["/secret"] }, { host })),
    FactUnavailableError,
  );
});

Deno.test("disk: one that answers with an error is told of, the others are looked at", async () => {
  const mountinfo = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /data rw - ext4 /dev/sda2 rw\n";
  const host = hostWith(mountinfo, { "/": fileSystem(0) });
  const answer = host.fileSystem.bind(host);
  host.fileSystem = (path) =>
    path === "/"
      ? answer(path)
      : Promise.reject(new Error("cannot ask the file system of /data: EIO: i/o error"));
  const findings = await gather(makeCheck(DISK_CHECK, {}, { host }));
  const bad = findings.filter(({ status }) => status !== "Ok");
  assert.deepEqual(bad.map(({ labels, description }) => [labels.check, labels.target, description]), [
    ["disk::hung", "/data", "cannot ask the file system of /data: EIO: i/o error"],
  ]);
  assert(findings.some(({ labels }) => labels.check === "disk::space_usage" && labels.target === "/"));
});

Deno.test("disk: options that do nothing together are refused", () => {
  const make = (settings: Record<string, unknown>) => () =>
    DISK_CHECK.make(optionsSchema(DISK_CHECK).parse(settings), {
      host: recordedHost(),
      clock: new FakeClock(),
      memory: new MapMemory(),
    });
  assert.throws(make({ write_probe: true }), /write_probe belongs to writable/);
  assert.throws(make({ mount_points: ["/"], ignore_fs_types: ["x"] }), /there is nothing to ignore/);
  assert.equal(make({ mount_points: ["/", "/a"], writable: "Warning" })().length, 3);
  assert.match(refusals(DISK_CHECK, { mount_points: ["data"] }).join(), /must be an absolute path/);
  assert.match(refusals(DISK_CHECK, { warn_ge: 120 }).join(), /warn_ge/);
});
