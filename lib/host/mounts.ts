/** `/proc/mounts` and `/proc/self/mountinfo`: what is mounted where. */
import { countOf, linesOf, unescaped, wordsOf } from "./kernel_text.ts";

/** One mount. A later one on the same mount point hides an earlier one. */
export interface Mount {
  /** A device, `host:/path`, or any word where there is none. */
  readonly source: string;
  readonly mountPoint: string;
  readonly fsType: string;
  /** Of the mount and of its file system together: `rw`, `relatime`, `size=64k`. */
  readonly options: readonly string[];
}

/** What `mountinfo` tells besides. */
export interface MountInfo extends Mount {
  readonly id: number;
  readonly parentId: number;
  /** `major:minor`. */
  readonly device: string;
  /** What of the file system is mounted: `/` for all of it, another path for a bind mount. */
  readonly root: string;
  /** Of this mount alone. */
  readonly mountOptions: readonly string[];
  /** Of the whole file system. */
  readonly superOptions: readonly string[];
}

/** Reads `/proc/mounts`, and `/etc/fstab` alike. Never throws; what is no mount is skipped. */
export function parseMounts(text: string): Mount[] {
  return linesOf(text).flatMap((line) => {
    const [source = "", mountPoint = "", fsType, options = ""] = wordsOf(line);
    if (fsType === undefined || source.startsWith("#")) return [];
    return [{
      source: unescaped(source),
      mountPoint: unescaped(mountPoint),
      fsType: unescaped(fsType),
      options: optionsOf(options),
    }];
  });
}

/** Reads `mountinfo`. Never throws; what is no mount is skipped. */
export function parseMountinfo(text: string): MountInfo[] {
  return linesOf(text).flatMap((line) => {
    const words = wordsOf(line);
    const separator = words.indexOf("-", 6); // any number of optional fields stands before it
    const [idWord, parentWord, device, root, mountPoint, options] = words;
    const [fsType, source, superOptions = ""] = separator < 0 ? [] : words.slice(separator + 1);
    const id = countOf(idWord);
    const parentId = countOf(parentWord);
    if (id === undefined || parentId === undefined || device === undefined || root === undefined) return [];
    if (mountPoint === undefined || options === undefined || fsType === undefined || source === undefined) {
      return [];
    }
    const ofMount = optionsOf(options);
    const ofFileSystem = optionsOf(superOptions);
    return [{
      id,
      parentId,
      device,
      root: unescaped(root),
      mountPoint: unescaped(mountPoint),
      fsType: unescaped(fsType),
      source: unescaped(source),
      options: together(ofMount, ofFileSystem),
      mountOptions: ofMount,
      superOptions: ofFileSystem,
    }];
  });
}

/** The mounts that can be seen: of several on one mount point, the last. */
export function visibleMounts<M extends Mount>(mounts: readonly M[]): M[] {
  return [...new Map(mounts.map((mount) => [mount.mountPoint, mount])).values()];
}

/** Whether it may not be written to, for whatever reason. */
export function isReadOnly({ options }: Mount): boolean {
  return options.includes("ro");
}

/** The mount that `path`, absolute, lies on. */
export function mountOf<M extends Mount>(mounts: readonly M[], path: string): M | undefined {
  let best: M | undefined;
  for (const mount of visibleMounts(mounts)) {
    const { mountPoint } = mount;
    const holds = mountPoint === "/" || path === mountPoint || path.startsWith(`${mountPoint}/`);
    if (holds && mountPoint.length >= (best?.mountPoint.length ?? 0)) best = mount;
  }
  return best;
}

const PSEUDO = new Set(
  ("autofs binfmt_misc bpf cgroup cgroup2 configfs cpuset debugfs devpts devtmpfs efivarfs fuse.gvfsd-fuse fuse.lxcfs " +
    "fuse.portal fusectl hugetlbfs mqueue none nsfs overlayfs.work proc pstore ramfs resctrl rootfs rpc_pipefs " +
    "securityfs selinuxfs smackfs sysfs tracefs usbfs")
    .split(" "),
);

/** Whether it holds no data of anybody's: a view of the kernel's state. */
export function isPseudoFileSystem(fsType: string): boolean {
  return PSEUDO.has(fsType);
}

const NETWORK = new Set(
  ("9p acfs afs beegfs ceph cifs coda fuse.ceph fuse.cephfs fuse.glusterfs fuse.rclone fuse.s3fs fuse.sshfs gfs gfs2 " +
    "glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2 orangefs panfs smb3 smbfs virtiofs")
    .split(" "),
);

/** Whether another machine has to answer for it. */
export function isNetworkFileSystem(fsType: string): boolean {
  return NETWORK.has(fsType);
}

function optionsOf(word: string): string[] {
  return word.split(",").filter((option) => option !== "").map(unescaped);
}

/** As `/proc/mounts` has it: either being read-only makes the whole so. */
function together(ofMount: readonly string[], ofFileSystem: readonly string[]): string[] {
  const readOnly = ofMount.includes("ro") || ofFileSystem.includes("ro");
  const others = [...ofMount, ...ofFileSystem].filter((option) => option !== "ro" && option !== "rw");
  return [readOnly ? "ro" : "rw", ...new Set(others)];
}
