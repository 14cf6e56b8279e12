/** How full file systems are, and whether they answer at all. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { absolutePath, nonEmpty } from "../config/fields.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { ownMounts } from "../host/mount_table.ts";
import { type MountChoice, watchedMounts } from "../host/watched_mounts.ts";
import type { Check, Finding } from "./check.ts";
import { type CheckSeams, defineCheck } from "./definition.ts";
import { DiskAsker } from "./disk_answer.ts";
import { answering, failing, usageFindings } from "./disk_findings.ts";
import { writableCheck } from "./disk_writable.ts";
import { thresholdOptions } from "./rating.ts";

const percent = { warn: 90, critical: 99, unit: "percent", max: 100 };

const options = () => ({
  ...thresholdOptions(percent),
  inodes: about(z.prefault(z.strictObject(thresholdOptions(percent)), {}), "Thresholds of inode usage."),
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
type Settings = z.output<z.ZodMiniObject<ReturnType<typeof options>, z.core.$strict>>;

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
    const { mount_points } = settings;
    const usage = mount_points.length === 0
      ? [everyFileSystem(settings, seams)]
      : mount_points.map((mountPoint) => oneFileSystem(mountPoint, settings, seams));
    if (settings.writable === "off") return usage;
    const { writable: severity, write_probe: probe } = settings;
    const mountPoints = () => mount_points.length === 0 ? discovered(seams.host, settings) : mount_points;
    return [...usage, writableCheck({ ...seams, severity, probe, mountPoints })];
  },
});

function refuseWhatDoesNothing(settings: Settings): void {
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

/** The mount points to watch where none is named. */
async function discovered(host: HostFacts, settings: Settings): Promise<string[]> {
  const choice: MountChoice = {
    ignoreFsTypes: settings.ignore_fs_types,
    ignoreMountPoints: settings.ignore_mount_points,
    network: settings.network,
  };
  try {
    return watchedMounts(await ownMounts(host), choice).map(({ mountPoint }) => mountPoint);
  } catch (error) {
    if (error instanceof FactUnavailableError || error instanceof Deno.errors.NotFound) return ["/"];
    throw error;
  }
}

function oneFileSystem(mountPoint: string, settings: Settings, { host, clock }: CheckSeams): Check {
  const asker = new DiskAsker({ host, clock });
  return {
    plugin: "disk",
    target: mountPoint,
    async gather(signal) {
      const answer = await asker.ask(mountPoint, signal);
      if ("error" in answer) throw answer.error;
      if ("hung" in answer) return [answering(mountPoint, false)];
      return [...usageFindings(mountPoint, answer.facts, settings), answering(mountPoint, true)];
    },
  };
}

/** All in one, for what is there changes; side by side, so that none holds up another for long. */
function everyFileSystem(settings: Settings, { host, clock }: CheckSeams): Check {
  const asker = new DiskAsker({ host, clock });
  return {
    plugin: "disk",
    target: "every file system",
    async gather(signal) {
      const mountPoints = await discovered(host, settings);
      asker.keep(new Set(mountPoints));
      const answers = await Promise.all(mountPoints.map((mountPoint) => asker.ask(mountPoint, signal)));
      let refusal: unknown;
      const findings = answers.flatMap((answer, index): Finding[] => {
        const mountPoint = mountPoints[index] ?? "";
        if ("hung" in answer) return [answering(mountPoint, false)];
        if ("facts" in answer) {
          return [...usageFindings(mountPoint, answer.facts, settings), answering(mountPoint, true)];
        }
        if (isRefused(answer.error)) {
          refusal ??= answer.error;
          return []; // not ours to look at, or gone since the list was read
        }
        return [failing(mountPoint, answer.error)];
      });
      if (findings.length === 0 && refusal !== undefined) throw refusal;
      return findings;
    },
  };
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause ?? error : undefined;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return error instanceof FactUnavailableError || code === "EACCES" || code === "EPERM" || code === "ENOENT";
}
