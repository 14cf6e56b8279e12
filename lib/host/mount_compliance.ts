/** How a mount differs from what it should be. */
import type { MountDemand } from "./fstab.ts";
import type { Mount } from "./mounts.ts";

/** Names that one and the same kind of file system goes by. */
const SAME_KIND: readonly ReadonlySet<string>[] = [
  new Set(["nfs", "nfs4"]),
  new Set(["cifs", "smb3", "smbfs"]),
  new Set(["vfat", "msdos"]),
  new Set(["ntfs", "ntfs3", "ntfs-3g", "fuseblk"]),
  new Set(["exfat", "fuseblk"]),
  new Set(["glusterfs", "fuse.glusterfs"]),
  new Set(["ceph", "fuse.ceph"]),
  new Set(["davfs", "fuse"]),
];

/** What a kernel shows one of several words for, or none at all because it goes without saying. */
const UNSHOWN: ReadonlySet<string> = new Set([
  ..."defaults auto noauto user nouser users owner group nofail _netdev suid dev exec async atime diratime"
    .split(" "),
  ..."bind rbind loop norelatime nolazytime symfollow nostrictatime".split(" "),
]);

/** One short text for each deviation; none where there is none. */
export function deviations({ fsType, options }: Mount, wanted: MountDemand): string[] {
  const found: string[] = [];
  // An automounter's place is mounted when somebody goes there: it is as it should be until then.
  if (fsType === "autofs" && wanted.fsType !== "autofs") return found;
  if (wanted.fsType !== undefined && !isSameKind(fsType, wanted.fsType)) {
    found.push(`of type ${fsType} instead of ${wanted.fsType}`);
  }
  const shown = new Set(options);
  const missing = wanted.options.filter((option) => !shown.has(option) && !isImplied(option, shown));
  if (missing.length > 0) found.push(`mounted without ${missing.join(", ")}`);
  const forbidden = wanted.options.filter((option) => UNSHOWN.has(option) && shown.has(`no${option}`));
  if (forbidden.length > 0) found.push(`mounted with ${forbidden.map((option) => `no${option}`).join(", ")}`);
  return found;
}

function isSameKind(one: string, other: string): boolean {
  return one === other || SAME_KIND.some((kind) => kind.has(one) && kind.has(other)) ||
    one === `fuse.${other}` || other === `fuse.${one}`;
}

function isImplied(option: string, shown: ReadonlySet<string>): boolean {
  if (UNSHOWN.has(option) || option.startsWith("x-") || option.startsWith("comment=")) return true;
  if (option === "strictatime") return !shown.has("relatime") && !shown.has("noatime");
  // Without access times at all, neither folders' are kept nor any others late.
  if (option === "nodiratime" || option === "relatime") return shown.has("noatime");
  if (option === "dirsync") return shown.has("sync");
  return false;
}
