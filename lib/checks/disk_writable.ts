/** Whether file systems can be written to. */
import type { Clock } from "../clock.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { ownMounts } from "../host/mount_table.ts";
import { type MountInfo, mountOf } from "../host/mounts.ts";
import { SingleFlight } from "../host/single_flight.ts";
import { probeWrite } from "../host/write_probe.ts";
import type { Check, Finding } from "./check.ts";
import { rateState } from "./rating.ts";

/** Options of {@linkcode writableLook}. */
export interface WritableLookOptions {
  host: HostFacts;
  clock: Clock;
  severity: "Warning" | "Critical";
  /** Whether to write a small file, besides looking at how it is mounted. */
  probe: boolean;
  /** Those to look at now. */
  mountPoints: () => readonly string[] | Promise<readonly string[]>;
}

/** How long a file system may take to be written to. */
const PROBE_DEADLINE_MS = 4000;

/** Looks at how they are mounted, and on request writes. */
export function writableLook(options: WritableLookOptions): Pick<Check, "gather"> {
  const { host, clock, severity, probe, mountPoints } = options;
  const probes = new SingleFlight<string | undefined>({ clock, deadlineMs: PROBE_DEADLINE_MS });
  /** What keeps one from being written to; undefined where nothing does. */
  async function obstacle(mountPoint: string, readOnly: boolean): Promise<string | undefined> {
    if (readOnly) return "mounted read-only";
    if (!probe) return undefined;
    return await probes.ask({
      key: mountPoint,
      call: () => probeWrite(mountPoint),
      failure: `cannot write to ${mountPoint}`,
      hint: "the file system may hang",
    });
  }
  async function rated(mountPoint: string, readOnly: boolean): Promise<Finding> {
    let reason: string | undefined;
    try {
      reason = await obstacle(mountPoint, readOnly);
    } catch (error) {
      if (error instanceof FactUnavailableError) throw error;
      reason = error instanceof Error ? error.message : String(error);
    }
    return rateState({
      check: "disk::writable",
      target: mountPoint,
      ok: reason === undefined,
      severity,
      description: reason === undefined
        ? `${mountPoint} can be written to`
        : `${mountPoint} cannot be written to: ${reason}`,
      current: reason === undefined ? "writable" : "not writable",
      expected: "must be writable",
    });
  }
  return {
    async gather() {
      const mounts = await visible(host, probe);
      const targets = await mountPoints();
      return await Promise.all(
        targets.map((mountPoint) => rated(mountPoint, isReadOnly(mounts, mountPoint))),
      );
    },
  };
}

/** Writing alone tells enough where the mounts cannot be listed; without either nobody knows. */
async function visible(host: HostFacts, probe: boolean): Promise<MountInfo[]> {
  try {
    return await ownMounts(host);
  } catch (error) {
    if (probe && error instanceof FactUnavailableError) return [];
    throw error;
  }
}

/**
 * Whether the file system itself is, as it becomes after an error. That this process merely sees it so (a hardened
 * service does) says nothing about the host.
 */
function isReadOnly(mounts: readonly MountInfo[], path: string): boolean {
  return mountOf(mounts, path)?.superOptions.includes("ro") ?? false;
}
