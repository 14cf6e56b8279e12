/** One host's looks at its processors. */
import { CpuSampler } from "../host/cpu_usage.ts";
import { loadText, percentText } from "../host/figure_text.ts";
import { FactUnavailableError, type HostFacts, type LoadAverages } from "../host/host_facts.ts";
import type { Finding } from "./check.ts";
import { type CpuSettings, TARGET } from "./cpu.ts";
import type { CheckSeams } from "./definition.ts";
import { rateFigure, type Thresholds } from "./rating.ts";

/** How long the first gather measures; later ones measure since the one before. */
const SHORT_INTERVAL_MS = 200;

/** Usage since the look before, and load. */
export class CpuLook {
  readonly #settings: CpuSettings;
  readonly #host: HostFacts;
  readonly #sampler: CpuSampler;

  constructor(settings: CpuSettings, { host, clock }: CheckSeams) {
    this.#settings = settings;
    this.#host = host;
    this.#sampler = new CpuSampler({ host, clock, shortIntervalMs: SHORT_INTERVAL_MS });
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    const { percent, processors } = await this.#sampler.sample(signal);
    const inWords = processors === 1 ? "1 processor" : `${processors} processors`;
    const usage = rateFigure({
      check: "cpu::cpu_usage",
      target: TARGET,
      subject: "processor usage",
      value: percent,
      show: percentText,
      showThreshold: (value) => `${value} %`,
      detail: inWords,
    }, this.#settings);
    const averages = await loadAverages(this.#host);
    return averages === undefined
      ? [usage]
      : [usage, rateLoad(averages, processors, inWords, this.#settings.load)];
  }
}

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
