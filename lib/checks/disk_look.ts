/** One host's looks at its file systems. */
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { ownMounts } from "../host/mount_table.ts";
import { type MountChoice, watchedMounts } from "../host/watched_mounts.ts";
import type { Check, Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import type { DiskSettings } from "./disk.ts";
import { DiskAsker } from "./disk_answer.ts";
import { answering, failing, usageFindings } from "./disk_findings.ts";

/** The mount points to watch where none is named. */
export async function discovered(host: HostFacts, settings: DiskSettings): Promise<string[]> {
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

/** Looks at one that the configuration names. */
export function oneFileSystem(
  mountPoint: string,
  settings: DiskSettings,
  { host, clock }: CheckSeams,
): Pick<Check, "gather"> {
  const asker = new DiskAsker({ host, clock });
  return {
    async gather(signal) {
      const answer = await asker.ask(mountPoint, signal);
      if ("error" in answer) throw answer.error;
      if ("hung" in answer) return [answering(mountPoint, false)];
      return [...usageFindings(mountPoint, answer.facts, settings), answering(mountPoint, true)];
    },
  };
}

/** All in one, for what is there changes; side by side, so that none holds up another for long. */
export function everyFileSystem(settings: DiskSettings, { host, clock }: CheckSeams): Pick<Check, "gather"> {
  const asker = new DiskAsker({ host, clock });
  return {
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
