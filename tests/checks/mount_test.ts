import assert from "node:assert/strict";
import { MOUNT_CHECK } from "../../lib/checks/mount.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { gather, makeCheck } from "./check_rig.ts";

const MOUNTS = `/dev/sda1 / ext4 rw,relatime 0 0
/dev/sdb1 /data xfs rw,nosuid,nodev,noatime 0 0
files:/export /net nfs4 rw,relatime,vers=4.2 0 0
/dev/sdb1 /srv/web xfs rw,nosuid,nodev,noatime 0 0
systemd-1 /auto autofs rw,relatime,fd=40 0 0
/dev/sdc1 /win fuseblk rw,nosuid,relatime 0 0
/dev/sdd1 /with\\040blank vfat ro,relatime 0 0
`;
const HOST = new FixtureFacts({ files: { "/proc/1/mounts": MOUNTS, "/proc/self/mounts": "" } });

async function found(settings: Record<string, unknown>, host = HOST) {
  const findings = await gather(makeCheck(MOUNT_CHECK, settings, { host }));
  return findings.filter(({ status }) => status !== "Ok").map(({ description }) => description);
}

async function withFstab(text: string, run: (fstab: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/fstab`, text);
    await run(`${folder}/fstab`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("mount: what is demanded by name is compared with what is mounted", async () => {
  const mounts = [
    { path: "/data/", fstype: "xfs", options: ["nosuid", "noatime"] },
    { path: "/net", fstype: "nfs4" },
    { path: "/", fstype: "btrfs", options: ["noexec"] },
    { path: "/backup" },
    { path: "/with blank", options: ["rw"] },
  ];
  assert.deepEqual(await found({ mounts }), [
    "/ is of type ext4 instead of btrfs; mounted without noexec",
    "/backup is not mounted",
    "/with blank is mounted without rw",
  ]);
  const [finding] = await gather(makeCheck(MOUNT_CHECK, { mounts: [{ path: "/data" }] }, { host: HOST }));
  assert.deepEqual(finding?.labels, { check: "mount::compliance", target: "/data" });
  assert.equal(finding?.attrs.current_value, "xfs rw,nosuid,nodev,noatime");
});

Deno.test("mount: an fstab is read as mount reads it: what it writes otherwise than the kernel is no deviation", async () => {
  const fstab = `# a comment
UUID=1234-5678 / ext4 defaults,errors=remount-ro 0 1
LABEL=data /data auto defaults,nosuid,nodev,noatime,user 0 2
files:/export /net nfs defaults,_netdev,hard 0 0
/data/web /srv/web none bind 0 0
/dev/sdc1 /win ntfs-3g uid=1000,nosuid 0 0
/dev/sdx /auto ext4 x-systemd.automount 0 0
/dev/sdy /media/stick vfat noauto,user 0 0
/dev/sdz /maybe ext4 defaults,nofail 0 0
UUID=aaaa none swap sw 0 0
tmpfs /missing tmpfs defaults,size=64m 0 0
/dev/sdd1 /with\\040blank vfat rw 0 0
`;
  await withFstab(fstab, async (path) => {
    assert.deepEqual(await found({ fstab: path }), [
      "/missing is not mounted",
      "/with blank is mounted without rw",
    ]);
    // A demand by name takes the place of the table's.
    assert.deepEqual(await found({ fstab: path, mounts: [{ path: "/with blank" }, { path: "/missing" }] }), [
      "/missing is not mounted",
    ]);
  });
});

Deno.test("mount: exec and suid are the kernel's silence, not words of it", async () => {
  const mounts = [{ path: "/", options: ["exec", "suid"] }, { path: "/data", options: ["exec", "suid"] }];
  assert.deepEqual(await found({ mounts }), ["/data is mounted with nosuid"]);
});

Deno.test("mount: the host's mounts count, not those that a hardened service sees; its own where they are hidden", async () => {
  const files = {
    "/proc/1/mounts": "/dev/sda1 /usr ext4 rw 0 0\n",
    "/proc/self/mounts": "/dev/sda1 /usr ext4 ro 0 0\n",
  };
  const mounts = [{ path: "/usr", options: ["rw"] }];
  const host = new FixtureFacts({ files });
  assert.deepEqual(await found({ mounts }, host), []);
  const text = host.text.bind(host);
  host.text = (path) =>
    path.startsWith("/proc/1/") ? Promise.reject(new FactUnavailableError("not ours")) : text(path);
  assert.deepEqual(await found({ mounts }, host), ["/usr is mounted without rw"]);
  await assert.rejects(found({ mounts }, new FixtureFacts()), FactUnavailableError);
});

Deno.test("mount: a check that demands nothing, and an fstab that is not there, are refused", async () => {
  assert.throws(() => makeCheck(MOUNT_CHECK, {}), /set mounts or fstab/);
  await assert.rejects(found({ fstab: "/no/such/fstab" }), /cannot read \/no\/such\/fstab/);
});
