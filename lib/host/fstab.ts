/** `/etc/fstab`: what of it has to be mounted, and how. */
import { parseMounts } from "./mounts.ts";

/** What has to be mounted somewhere. */
export interface MountDemand {
  readonly path: string;
  /** Left out: any. */
  readonly fsType?: string;
  /** Those that it must have, at least. */
  readonly options: readonly string[];
}

/** Options that a kernel shows as they are written; what else stands in an fstab is for `mount` or for boot. */
const SHOWN = new Set([
  ...[
    "ro",
    "rw",
    "nosuid",
    "nodev",
    "noexec",
    "noatime",
    "nodiratime",
    "relatime",
    "strictatime",
    "sync",
    "dirsync",
  ],
  ...["lazytime", "nosymfollow"],
]);

/** Entries that need not be mounted: on demand, where they happen to be there, or never below a folder. */
const MAY_BE_MISSING = new Set(["noauto", "nofail", "x-systemd.automount"]);

/** Never throws; what is no entry is skipped. */
export function expectedOf(fstab: string): MountDemand[] {
  return parseMounts(fstab).flatMap(({ mountPoint, fsType, options, source }): MountDemand[] => {
    if (!mountPoint.startsWith("/") || fsType === "swap" || fsType === "ignore") return [];
    if (options.some((option) => MAY_BE_MISSING.has(option))) return [];
    const path = mountPoint.replace(/(?<=.)\/+$/, "");
    const shown = options.filter((option) => SHOWN.has(option));
    const isBind = options.includes("bind") || options.includes("rbind");
    // A bind mount has the type of what it shows; `auto` and a list leave it to mount.
    const anyType = isBind || fsType === "none" || fsType === "auto" || fsType.includes(",") ||
      /^fuse/.test(fsType) ||
      source.includes("#");
    return [{ path, options: shown, ...(!anyType && { fsType }) }];
  });
}
