/** The checks that come with the agent. */
import type { Clock } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { Check, Dimension } from "./check.ts";
import { CPU_USAGE, cpuCheck } from "./cpu.ts";
import { diskCheck, SPACE_USAGE } from "./disk.ts";
import { LOAD_AVERAGE, loadCheck } from "./load.ts";
import { memCheck, MEMORY_USAGE } from "./mem.ts";

/** The figures that the built-in checks measure, in the order of reports. */
export const BUILT_IN_DIMENSIONS: readonly Dimension[] = [CPU_USAGE, LOAD_AVERAGE, MEMORY_USAGE, SPACE_USAGE];

/** Makes the four checks with their defaults, fresh: none knows an earlier figure. */
export function builtInChecks({ host, clock }: { host: HostFacts; clock: Clock }): Check[] {
  return [cpuCheck({ host, clock }), loadCheck({ host }), memCheck({ host }), diskCheck({ host })];
}
