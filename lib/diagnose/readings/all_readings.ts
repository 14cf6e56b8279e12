/** The figures of each tool that the rules know. */
import type { Evidence } from "../evidence.ts";
import { DISK_READINGS } from "./disks.ts";
import { NETWORK_READINGS } from "./network.ts";
import { PROCESS_READINGS } from "./processes.ts";
import { PROCESSOR_READINGS } from "./processors.ts";
import { REACH_READINGS } from "./reach.ts";
import type { Reading } from "./reading.ts";
import { SERVICE_READINGS } from "./services.ts";

const READINGS: ReadonlyMap<string, Reading> = new Map<string, Reading>([
  ...PROCESSOR_READINGS,
  ...PROCESS_READINGS,
  ...DISK_READINGS,
  ...NETWORK_READINGS,
  ...SERVICE_READINGS,
  ...REACH_READINGS,
]);

/** The tools whose figures the rules know. */
export const READ_TOOLS: readonly string[] = [...READINGS.keys()];

/** The figures in what a tool answered; none where no rule knows the tool. Never throws. */
export function readEvidence(tool: string, data: unknown): Evidence[] {
  return READINGS.get(tool)?.(data, tool) ?? [];
}
