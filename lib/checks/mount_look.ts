/** One look at what is mounted. */
import { expectedOf, type MountDemand } from "../host/fstab.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { deviations } from "../host/mount_compliance.ts";
import { hostMounts } from "../host/mount_table.ts";
import type { Mount } from "../host/mounts.ts";
import type { Finding } from "./check.ts";
import type { MountSettings } from "./mount.ts";
import { rateState } from "./rating.ts";

/** Compares each demand with what is mounted. */
export async function look(
  { mounts: named, fstab, severity }: MountSettings,
  host: HostFacts,
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
