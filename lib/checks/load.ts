/** How many tasks queue for each processor. */
import { loadText } from "../host/figure_text.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { Check, Dimension } from "./check.ts";
import { checkThresholds, rate } from "./thresholds.ts";

/** What the check measures, and its defaults. */
export const LOAD_AVERAGE: Dimension = {
  plugin: "load",
  check: "load::load_average",
  target: "load",
  figure: "5-minute load per processor",
  unit: "",
  warnGe: 3,
  criticalGe: 5,
};

/** Options of {@linkcode loadCheck}. Thresholds per processor, 0 = off. */
export interface LoadCheckOptions {
  host: HostFacts;
  /** @default 3 */
  warnGe?: number;
  /** @default 5 */
  criticalGe?: number;
}

/** @throws RangeError for a threshold below 0. */
export function loadCheck(options: LoadCheckOptions): Check {
  const { host, warnGe = LOAD_AVERAGE.warnGe, criticalGe = LOAD_AVERAGE.criticalGe } = options;
  const thresholds = checkThresholds("load", { warnGe, criticalGe });
  return {
    plugin: "load",
    target: LOAD_AVERAGE.target,
    async gather() {
      const averages = await host.loadAverages();
      const { processors } = await host.cpuTimes();
      const detail = `${averages.map(loadText).join(" ")} over 1, 5, 15 min; ${processors} ` +
        (processors === 1 ? "processor" : "processors");
      const value = averages[1] / processors;
      return [rate({ dimension: LOAD_AVERAGE, target: LOAD_AVERAGE.target, value, detail }, thresholds)];
    },
  };
}
