/** Which of the mounts a look at the disks is about. */
import { matchesGlob } from "./files/glob.ts";
import { isNetworkFileSystem, isPseudoFileSystem, type MountInfo } from "./mounts.ts";
import { matchesText } from "./text_glob.ts";

/** What an operator may leave out or take in. */
export interface MountChoice {
  /** Patterns of types: `fuse.*`. */
  readonly ignoreFsTypes: readonly string[];
  /** Patterns of mount points: `/run/*`. */
  readonly ignoreMountPoints: readonly string[];
  /** Whether those count that another machine answers for. */
  readonly network: boolean;
}

/** Images that are full by their nature. */
const IMAGES = new Set(["squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"]);

/** What container runtimes put over files of the image. */
const FILE_MOUNTS = new Set(["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/termination-log"]);

/**
 * The mounts that hold data of somebody's, each file system once: of several places where one is mounted, the one that
 * shows all of it, and of those the shortest. Sorted by mount point.
 */
export function watchedMounts(mounts: readonly MountInfo[], choice: MountChoice): MountInfo[] {
  const kept = mounts.filter((mount) => holdsData(mount) && !isIgnored(mount, choice));
  const best = new Map<string, MountInfo>();
  for (const mount of kept) {
    const known = best.get(mount.device);
    if (known === undefined || isBetter(mount, known)) best.set(mount.device, mount);
  }
  return [...best.values()].sort((a, b) => a.mountPoint < b.mountPoint ? -1 : 1);
}

function holdsData({ fsType, mountPoint }: MountInfo): boolean {
  if (isPseudoFileSystem(fsType) || IMAGES.has(fsType) || FILE_MOUNTS.has(mountPoint)) return false;
  // A container's root on its host: what is in it lies on another file system, which is watched itself.
  if (fsType === "overlay" || fsType === "aufs") return mountPoint === "/";
  return !/^\/(?:proc|sys)(?:\/|$)/.test(mountPoint);
}

function isIgnored({ fsType, mountPoint }: MountInfo, choice: MountChoice): boolean {
  return (!choice.network && isNetworkFileSystem(fsType)) ||
    choice.ignoreFsTypes.some((pattern) => matchesText(fsType, pattern)) ||
    choice.ignoreMountPoints.some((pattern) => matchesGlob(mountPoint, pattern));
}

function isBetter(one: MountInfo, other: MountInfo): boolean {
  if ((one.root === "/") !== (other.root === "/")) return one.root === "/";
  return one.mountPoint.length < other.mountPoint.length;
}
