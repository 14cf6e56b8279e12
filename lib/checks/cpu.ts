/** How busy the processors are. */
import type { Clock } from "../clock.ts";
import { CpuSampler } from "../host/cpu_usage.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { Check, Dimension } from "./check.ts";
import { checkThresholds, rate } from "./thresholds.ts";

/** What the check measures, and its defaults. */
export const CPU_USAGE: Dimension = {
  plugin: "cpu",
  check: "cpu::cpu_usage",
  target: "cpu",
  figure: "processor usage",
  unit: "%",
  warnGe: 80,
  criticalGe: 90,
};

/** Options of {@linkcode cpuCheck}. Thresholds in percent, 0 = off. */
export interface CpuCheckOptions {
  host: HostFacts;
  clock: Clock;
  /** @default 80 */
  warnGe?: number;
  /** @default 90 */
  criticalGe?: number;
  /**
   * How long the first gather measures; later ones measure since the one before.
   * @default 200
   */
  shortIntervalMs?: number;
}

/** @throws RangeError for a threshold below 0. */
export function cpuCheck(options: CpuCheckOptions): Check {
  const { host, clock, warnGe = CPU_USAGE.warnGe, criticalGe = CPU_USAGE.criticalGe, shortIntervalMs = 200 } =
    options;
  const thresholds = checkThresholds("cpu", { warnGe, criticalGe });
  const sampler = new CpuSampler({ host, clock, shortIntervalMs });
  return {
    plugin: "cpu",
    target: CPU_USAGE.target,
    async gather(signal) {
      const { percent, processors } = await sampler.sample(signal);
      const detail = processors === 1 ? "1 processor" : `${processors} processors`;
      return [rate({ dimension: CPU_USAGE, target: CPU_USAGE.target, value: percent, detail }, thresholds)];
    },
  };
}
