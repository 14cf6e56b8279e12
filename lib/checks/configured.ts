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
  /** From one gather's start to the next one's. */
  readonly intervalMs: number;
  /** At or above it: Warning. */
  readonly warnGe: number;
  /** At or above it: Critical. */
  readonly criticalGe: number;
}

/** The instances of each check; a check without any is off. */
export interface ChecksSettings {
  /** Processor usage, in percent. */
  readonly cpu: readonly CheckSettings[];
  /** The 5-minute load average per processor. */
  readonly load: readonly CheckSettings[];
  /** Memory usage, in percent. */
  readonly mem: readonly CheckSettings[];
  /** Space usage of file systems, in percent. */
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
