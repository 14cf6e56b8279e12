/** How busy the processors are, and how much waits for them. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { CpuSampler } from "../host/cpu_usage.ts";
import { loadText, percentText } from "../host/figure_text.ts";
import { FactUnavailableError, type HostFacts, type LoadAverages } from "../host/host_facts.ts";
import type { Check, Finding } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { rateFigure, thresholdOptions, type Thresholds } from "./rating.ts";

const TARGET = "cpu";

/** How long the first gather measures; later ones measure since the one before. */
const SHORT_INTERVAL_MS = 200;

const options = () => ({
  ...thresholdOptions({ warn: 80, critical: 90, unit: "percent", max: 100 }),
  load: about(
    z.prefault(z.strictObject(thresholdOptions({ warn: 3, critical: 5, unit: "load per processor" })), {}),
    "Thresholds of the 5-minute load average, divided among the processors.",
  ),
});

/** Processor usage since the last gather, and load. */
export const CPU_CHECK = defineCheck({
  plugin: "cpu",
  summary: "how busy the processors are, and how much waits for them",
  dimensions: [
    {
      dimension: "cpu_usage",
      target: TARGET,
      figure: "processor usage",
      source: "`/proc/stat`, or the runtime",
      defaults: "warning ≥ 80 %, critical ≥ 90 %",
    },
    {
      dimension: "load_average",
      target: TARGET,
      figure: "5-minute load per processor",
      source: "`/proc/loadavg`, or the runtime",
      defaults: "warning ≥ 3, critical ≥ 5",
    },
  ],
  options,
  pace: { for: "2m" },
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ fact: "cpuTimes" }, { fact: "loadAverages" }],
  make(settings, { host, clock }): Check[] {
    const sampler = new CpuSampler({ host, clock, shortIntervalMs: SHORT_INTERVAL_MS });
    return [{
      plugin: "cpu",
      target: TARGET,
      async gather(signal) {
        const { percent, processors } = await sampler.sample(signal);
        const inWords = processors === 1 ? "1 processor" : `${processors} processors`;
        const usage = rateFigure({
          check: "cpu::cpu_usage",
          target: TARGET,
          subject: "processor usage",
          value: percent,
          show: percentText,
          showThreshold: (value) => `${value} %`,
          detail: inWords,
        }, settings);
        const averages = await loadAverages(host);
        return averages === undefined
          ? [usage]
          : [usage, rateLoad(averages, processors, inWords, settings.load)];
      },
    }];
  },
});

function rateLoad(
  averages: LoadAverages,
  processors: number,
  inWords: string,
  thresholds: Thresholds,
): Finding {
  return rateFigure({
    check: "cpu::load_average",
    target: TARGET,
    subject: "5-minute load per processor",
    value: averages[1] / processors,
    show: loadText,
    showThreshold: String,
    detail: `${averages.map(loadText).join(" ")} over 1, 5, 15 min; ${inWords}`,
  }, thresholds);
}

/** A system that keeps no load averages, or that does not let them be read, still has a processor usage. */
async function loadAverages(host: HostFacts): Promise<LoadAverages | undefined> {
  try {
    return await host.loadAverages();
  } catch (error) {
    if (error instanceof FactUnavailableError) return undefined;
    throw error;
  }
}
