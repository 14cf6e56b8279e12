/** From what is configured to checks that can be run. */
import type { Clock } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { cpuCheck } from "./cpu.ts";
import { diskCheck } from "./disk.ts";
import type { ScheduledCheck } from "./engine.ts";
import { loadCheck } from "./load.ts";
import { memCheck } from "./mem.ts";

/** One instance of a check: how often, in milliseconds, and from which figures on it warns. 0 = never. */
export interface CheckSettings {
  readonly intervalMs: number;
  readonly warnGe: number;
  readonly criticalGe: number;
}

/** The instances of each check; a check without any is off. */
export interface ChecksSettings {
  readonly cpu: readonly CheckSettings[];
  readonly load: readonly CheckSettings[];
  readonly mem: readonly CheckSettings[];
  readonly disk: readonly (CheckSettings & { readonly mountPoints: readonly string[] })[];
}

/** Makes the checks, fresh: none knows an earlier figure. */
export function configuredChecks(settings: ChecksSettings, host: HostFacts, clock: Clock): ScheduledCheck[] {
  return [
    ...settings.cpu.map(({ intervalMs, ...rest }) => ({
      check: cpuCheck({ host, clock, ...rest }),
      intervalMs,
    })),
    ...settings.load.map(({ intervalMs, ...rest }) => ({ check: loadCheck({ host, ...rest }), intervalMs })),
    ...settings.mem.map(({ intervalMs, ...rest }) => ({ check: memCheck({ host, ...rest }), intervalMs })),
    ...settings.disk.flatMap(({ intervalMs, mountPoints, ...rest }) =>
      mountPoints.map((mountPoint) => ({ check: diskCheck({ host, mountPoint, ...rest }), intervalMs }))
    ),
  ];
}
