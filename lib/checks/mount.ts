/** Whether what should be mounted is, and as it should be. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { absolutePath, nonEmpty } from "../config/fields.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { expectedOf, type MountDemand } from "../host/fstab.ts";
import { deviations } from "../host/mount_compliance.ts";
import { hostMounts } from "../host/mount_table.ts";
import type { Mount } from "../host/mounts.ts";
import type { Check, Finding } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { rateState } from "./rating.ts";

const demand = () =>
  z.strictObject({
    path: absolutePath(),
    fstype: z.optional(nonEmpty()),
    options: z._default(z.array(nonEmpty()), []),
  });

const options = () => ({
  mounts: about(
    z._default(z.array(demand()), []),
    "What has to be mounted: path, and where they matter its fstype and the options that it must have.",
  ),
  fstab: about(z.optional(absolutePath()), {
    description:
      "A table whose entries have to be mounted, too; those that are noauto, nofail or swap need not.",
    example: "/etc/fstab",
  }),
  severity: about(z._default(z.enum(["Info", "Warning", "Critical"]), "Warning"), "How bad a deviation is."),
});

/** A tree without any demand finds nothing. */
export const MOUNT_CHECK = defineCheck({
  plugin: "mount",
  summary: "whether what should be mounted is, with the type and options that it should have",
  dimensions: [{
    dimension: "compliance",
    target: "the mount point",
    figure: "how it is mounted",
    source: "`/proc/1/mounts`, on request `/etc/fstab`",
    defaults: "warning where it differs",
  }],
  options,
  pace: { interval: "1m" },
  byDefault: false,
  targets: (
    { mounts, fstab },
  ) => [...mounts.map(({ path }) => path), ...(fstab === undefined ? [] : [fstab])],
  needs: ({ fstab }) => [
    { kernel: "/proc/1/mounts" },
    ...(fstab === undefined ? [] : [{ read: fstab } as const]),
  ],
  make({ mounts, fstab, severity }, { host }): Check[] {
    if (mounts.length === 0 && fstab === undefined) {
      throw new RangeError("cannot set up the mount check: nothing has to be mounted; set mounts or fstab");
    }
    return [{
      plugin: "mount",
      target: fstab ?? mounts.map(({ path }) => path).join(", "),
      gather: () => compare(host, mounts, fstab, severity),
    }];
  },
});

async function compare(
  host: HostFacts,
  named: readonly z.output<ReturnType<typeof demand>>[],
  fstab: string | undefined,
  severity: "Info" | "Warning" | "Critical",
): Promise<Finding[]> {
  const mounted = await hostMounts(host);
  const demands = new Map<string, MountDemand>();
  // What is demanded by name is demanded as it is named, whatever the table says.
  for (const one of fstab === undefined ? [] : expectedOf(await readTable(fstab))) demands.set(one.path, one);
  for (const { path, fstype, options } of named) {
    demands.set(path, { path, options, ...(fstype !== undefined && { fsType: fstype }) });
  }
  return [...demands.values()].map((one) => rated(one, mounted, severity));
}

function rated(
  wanted: MountDemand,
  mounted: readonly Mount[],
  severity: "Info" | "Warning" | "Critical",
): Finding {
  const path = wanted.path;
  const mount = mounted.find(({ mountPoint }) => mountPoint === plainPath(path));
  const found = mount === undefined ? ["not mounted"] : deviations(mount, wanted);
  return rateState({
    check: "mount::compliance",
    target: path,
    ok: found.length === 0,
    severity,
    description: found.length === 0 ? `${path} is mounted as it should be` : `${path} is ${found.join("; ")}`,
    current: mount === undefined ? "not mounted" : `${mount.fsType} ${mount.options.join(",")}`,
    expected: [wanted.fsType ?? "mounted", ...wanted.options].join(", "),
  });
}

function plainPath(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}

async function readTable(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      const message = `cannot read ${path}: not permitted; allow it with --allow-read=${path}`;
      throw new FactUnavailableError(message, { cause });
    }
    throw new Error(`cannot read ${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
