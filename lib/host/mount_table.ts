/** What is mounted, as this process and as the host see it. */
import { FactUnavailableError, type HostFacts } from "./host_facts.ts";
import { type Mount, type MountInfo, parseMountinfo, parseMounts, visibleMounts } from "./mounts.ts";

/** The mounts that this process can reach under their mount points. @throws FactUnavailableError. */
export async function ownMounts(host: HostFacts): Promise<MountInfo[]> {
  return visibleMounts(parseMountinfo(await host.text("/proc/self/mountinfo")));
}

/**
 * The mounts of the host's first process. A service may see its own read-only where the host's are not.
 * Where those are hidden, this process's own.
 * @throws FactUnavailableError where neither can be read.
 */
export async function hostMounts(host: HostFacts): Promise<Mount[]> {
  try {
    const mounts = visibleMounts(parseMounts(await host.text("/proc/1/mounts")));
    if (mounts.length > 0) return mounts; // a process without a mount namespace of its own has none to show
  } catch (error) {
    if (!(error instanceof FactUnavailableError || error instanceof Deno.errors.NotFound)) throw error;
  }
  return visibleMounts(parseMounts(await host.text("/proc/self/mounts")));
}
