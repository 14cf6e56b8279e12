/** How full file systems are, and whether they answer at all. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { absolutePath, nonEmpty, table } from "../config/fields.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

const percent = { warn: 90, critical: 99, unit: "percent", max: 100 };

const options = () => ({
  ...thresholdOptions(percent),
  inodes: table(thresholdOptions(percent), "Thresholds of inode usage."),
  mount_points: about(
    z._default(z.array(absolutePath()), []),
    "The mount points to watch; none: every local file system there is, or / where they cannot be listed.",
  ),
  ignore_mount_points: about(
    z._default(z.array(absolutePath()), []),
    "Patterns of mount points not to watch, such as /run/*; for when mount_points names none.",
  ),
  ignore_fs_types: about(
    z._default(z.array(nonEmpty()), []),
    "Patterns of file system types not to watch, such as fuse.*; for when mount_points names none.",
  ),
  network: about(
    z._default(z.boolean(), false),
    "Whether file systems of other machines (NFS, CIFS) count among those that are there.",
  ),
  writable: about(
    z._default(z.enum(["off", "Warning", "Critical"]), "off"),
    "How bad it is when a watched file system is read-only, as after an error; off: it is not looked at.",
  ),
  write_probe: about(
    z._default(z.boolean(), false),
    "Whether writable also writes, reads back and removes a small file on each file system.",
  ),
});

/** The options of `[[check.disk]]`, read. */
export type DiskSettings = SettingsOf<typeof options>;

/** Space and inodes as `df` counts them. */
export const DISK_CHECK = defineCheck({
  plugin: "disk",
  summary: "how full file systems are, and whether they answer at all",
  dimensions: [
    {
      dimension: "space_usage",
      target: "the mount point",
      figure: "disk space usage",
      source: "`statfs`",
      defaults: "warning ≥ 90 %, critical ≥ 99 %",
    },
    {
      dimension: "inode_usage",
      target: "the mount point",
      figure: "inode usage",
      source: "`statfs`",
      defaults: "warning ≥ 90 %, critical ≥ 99 %",
    },
    {
      dimension: "hung",
      target: "the mount point",
      figure: "whether the file system answers",
      source: "`statfs`",
      defaults: "critical after 5 s",
    },
    {
      dimension: "writable",
      target: "the mount point",
      figure: "whether the file system can be written to",
      source: "`/proc/self/mountinfo`, on request a small file",
      defaults: "off",
    },
  ],
  options,
  byDefault: true,
  targets: ({ mount_points }) => mount_points.length === 0 ? ["every file system"] : mount_points,
  needs: ({ mount_points, writable, write_probe }) => [
    ...(mount_points.length === 0 ? ["/"] : mount_points).map((path) => ({ fileSystem: path })),
    ...(mount_points.length === 0 || writable !== "off"
      ? [{ kernel: "/proc/self/mountinfo", optional: true } as const]
      : []),
    ...(write_probe ? mount_points.flatMap((path) => [{ read: path }, { write: path }]) : []),
  ],
  make(settings, seams): Check[] {
    refuseWhatDoesNothing(settings);
    const { mount_points, writable, write_probe: probe } = settings;
    const usage = mount_points.length === 0
      ? [lazyCheck({ plugin: "disk", target: "every file system" }, async () => {
        const { everyFileSystem } = await import("./disk_look.ts");
        return everyFileSystem(settings, seams);
      })]
      : mount_points.map((target) =>
        lazyCheck({ plugin: "disk", target }, async () => {
          const { oneFileSystem } = await import("./disk_look.ts");
          return oneFileSystem(target, settings, seams);
        })
      );
    if (writable === "off") return usage;
    // A check of its own: that the mounts cannot be seen is then said of it alone.
    const writing = lazyCheck({ plugin: "disk", target: "writable file systems" }, async () => {
      const { discovered } = await import("./disk_look.ts");
      const { writableLook } = await import("./disk_writable.ts");
      const mountPoints = () => mount_points.length === 0 ? discovered(seams.host, settings) : mount_points;
      return writableLook({ ...seams, severity: writable, probe, mountPoints });
    });
    return [...usage, writing];
  },
});

function refuseWhatDoesNothing(settings: DiskSettings): void {
  const { mount_points, ignore_mount_points, ignore_fs_types, writable, write_probe } = settings;
  if (write_probe && writable === "off") {
    throw new RangeError(
      "cannot set up the disk check: write_probe belongs to writable, which is off; set both",
    );
  }
  if (mount_points.length > 0 && ignore_mount_points.length + ignore_fs_types.length > 0) {
    throw new RangeError(
      "cannot set up the disk check: with mount_points there is nothing to ignore; leave out one of them",
    );
  }
}
