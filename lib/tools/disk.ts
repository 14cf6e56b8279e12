/** Tools about file systems and what is mounted. */
import { bytesText, percentText } from "../host/figure_text.ts";
import type { FileSystemFacts, HostFacts } from "../host/host_facts.ts";
import {
  isNetworkFileSystem,
  isPseudoFileSystem,
  isReadOnly,
  type Mount,
  parseMounts,
  visibleMounts,
} from "../host/mounts.ts";
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { flag } from "./arguments.ts";
import { textIfReadable } from "./kernel_reads.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

/** More file systems than these are not asked. */
const MAX_FILE_SYSTEMS = 100;

interface Asked {
  readonly mountPoint: string;
  readonly source?: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
}

/** How full the file systems are. */
export const DISK_OVERVIEW = defineTool({
  name: "disk_overview",
  family: "disk",
  description:
    "How full the file systems are, in space and in inodes, which are read-only, and which do not answer",
  args: {
    path: about(
      z._default(
        z.string().check(
          z.maxLength(4096),
          z.refine((path) => path === "" || path.startsWith("/"), "must be an absolute path"),
        ),
        "",
      ),
      "Only the file system that this path lies on.",
    ),
  },
  needs: [{ kernel: "/proc/mounts", optional: true }, { fileSystem: "/" }],
  reach: "host",
  async run({ path }, { host }) {
    const mounts = await mountsOf(host);
    const asked: Asked[] = path === "" ? listed(mounts) : [{ ...mountOf(path, mounts), mountPoint: path }];
    const chosen = asked.slice(0, MAX_FILE_SYSTEMS);
    const answers = await Promise.all(chosen.map(async (one) => {
      try {
        return { ...one, facts: await host.fileSystem(one.mountPoint) };
      } catch (error) {
        const hung = error instanceof Error &&
          (error.name === "TimeoutError" || /timed out/.test(error.message));
        return { ...one, hung, problem: error instanceof Error ? error.message : String(error) };
      }
    }));
    const [only] = answers;
    // Who asks for one path has nothing else to look at.
    if (path !== "" && only !== undefined && "problem" in only && !only.hung) throw new Error(only.problem);
    const seen = answers.flatMap((one) => "facts" in one ? [figuresOf(one, one.facts)] : []);
    const fileSystems = seen.sort((a, b) =>
      Math.max(b.used_pct, b.inodes_used_pct) - Math.max(a.used_pct, a.inodes_used_pct)
    );
    const silent = answers.flatMap((one) =>
      "facts" in one ? [] : [{ mount_point: one.mountPoint, hung: one.hung, problem: one.problem }]
    );
    const rows = fileSystems.map((one) => [
      one.mount_point,
      percentText(one.used_pct),
      bytesText(one.used_bytes),
      bytesText(one.available_bytes),
      bytesText(one.total_bytes),
      one.inodes_total === 0 ? "" : percentText(one.inodes_used_pct),
      one.read_only ? "ro" : "",
      one.fs_type,
      one.source,
    ]);
    const lines = [
      ...silent.map((one) =>
        one.hung ? `${one.mount_point} DOES NOT ANSWER (hung)` : `${one.mount_point}: ${one.problem}`
      ),
      rows.length > 0 &&
      table(
        columns("mounted on", ">used", ">used", ">available", ">size", ">inodes", "", "type", "source"),
        rows,
      ),
      asked.length > chosen.length && `(${asked.length - chosen.length} more file systems were not asked)`,
    ];
    return {
      text: lines.filter(Boolean).join("\n"),
      data: { file_systems: fileSystems, not_answering: silent },
    };
  },
});

/** What is mounted where. */
export const MOUNT_INFO = defineTool({
  name: "mount_info",
  family: "disk",
  description: "What is mounted where, from which device, of which type, with which options",
  args: { show_all: about(flag(false), "Also the kernel's own file systems (proc, sysfs, cgroup …).") },
  needs: [{ kernel: "/proc/mounts" }],
  reach: "host",
  async run({ show_all }, { host }) {
    const all = parseMounts(await host.text("/proc/mounts"));
    const visible = visibleMounts(all);
    const shown = visible.filter(({ fsType }) => show_all || !isPseudoFileSystem(fsType));
    const mounts = shown.map((mount) => ({
      mount_point: mount.mountPoint,
      source: mount.source,
      fs_type: mount.fsType,
      read_only: isReadOnly(mount),
      network: isNetworkFileSystem(mount.fsType),
      options: mount.options,
    }));
    const rows = mounts.map((one) => [one.mount_point, one.fs_type, one.source, one.options.join(",")]);
    const rest = visible.length - shown.length;
    return {
      text: table(columns("mounted on", "type", "source", "options"), rows) +
        (rest > 0 ? `\n(${rest} of the kernel's own not shown; show_all=true shows them)` : ""),
      data: { mounts, not_shown: rest },
    };
  },
});

async function mountsOf(host: HostFacts): Promise<Mount[]> {
  const text = await textIfReadable(host, "/proc/mounts");
  return text === undefined ? [] : visibleMounts(parseMounts(text));
}

/** Those that hold data; of several mounts of one device, the one with the shortest name. */
function listed(mounts: readonly Mount[]): Asked[] {
  const real = mounts.filter(({ fsType, mountPoint }) =>
    !isPseudoFileSystem(fsType) && !/^\/(?:proc|sys)\//.test(mountPoint)
  )
    .sort((a, b) => a.mountPoint.length - b.mountPoint.length);
  const byDevice = new Map<string, Mount>();
  for (const mount of real) {
    const key = mount.source.startsWith("/dev/") ? mount.source : mount.mountPoint;
    if (!byDevice.has(key)) byDevice.set(key, mount);
  }
  if (byDevice.size === 0) return [{ mountPoint: "/" }]; // the table cannot be seen: at least what is surely there
  return [...byDevice.values()].map(describedMount);
}

function mountOf(path: string, mounts: readonly Mount[]): Asked {
  const holds = ({ mountPoint }: Mount) =>
    mountPoint === "/" || path === mountPoint || path.startsWith(`${mountPoint}/`);
  const best = mounts.filter(holds).sort((a, b) => b.mountPoint.length - a.mountPoint.length)[0];
  return best === undefined ? { mountPoint: path } : describedMount(best);
}

function describedMount(mount: Mount): Asked {
  return {
    mountPoint: mount.mountPoint,
    source: mount.source,
    fsType: mount.fsType,
    readOnly: isReadOnly(mount),
  };
}

function figuresOf({ mountPoint, source, fsType, readOnly }: Asked, facts: FileSystemFacts) {
  const usedBytes = facts.totalBytes - facts.freeBytes;
  const usable = usedBytes + facts.availableBytes; // as df counts: without what is kept for the superuser
  const inodesUsed = facts.inodes - facts.inodesFree;
  return {
    mount_point: mountPoint,
    source: source ?? "",
    fs_type: fsType ?? "",
    read_only: readOnly ?? false,
    total_bytes: facts.totalBytes,
    used_bytes: usedBytes,
    available_bytes: facts.availableBytes,
    used_pct: usable > 0 ? 100 * usedBytes / usable : 0,
    inodes_total: facts.inodes,
    inodes_used: inodesUsed,
    inodes_used_pct: facts.inodes > 0 ? 100 * inodesUsed / facts.inodes : 0,
  };
}
