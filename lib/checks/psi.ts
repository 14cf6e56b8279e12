/** How much of the time tasks wait for a resource. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { percentText } from "../host/figure_text.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { parsePressure, type Pressure } from "../host/pressure.ts";
import type { Check, Finding } from "./check.ts";
import { defineCheck, type DimensionRow } from "./definition.ts";
import { rateFigure, thresholdOptions } from "./rating.ts";

interface PressureKind {
  readonly resource: "cpu" | "memory" | "io";
  readonly share: keyof Pressure;
  readonly figure: string;
  readonly warn: number;
  readonly critical: number;
}

/** Of processors, only `some` means anything for a whole system: there is always one task that runs. */
const KINDS = {
  cpu_some: {
    resource: "cpu",
    share: "some",
    figure: "time with tasks waiting for a processor",
    warn: 60,
    critical: 85,
  },
  memory_some: {
    resource: "memory",
    share: "some",
    figure: "time with tasks waiting for memory",
    warn: 20,
    critical: 40,
  },
  memory_full: {
    resource: "memory",
    share: "full",
    figure: "time with all tasks waiting for memory",
    warn: 5,
    critical: 15,
  },
  io_some: {
    resource: "io",
    share: "some",
    figure: "time with tasks waiting for disks",
    warn: 50,
    critical: 80,
  },
  io_full: {
    resource: "io",
    share: "full",
    figure: "time with all tasks waiting for disks",
    warn: 30,
    critical: 60,
  },
} as const satisfies Record<string, PressureKind>;

type KindName = keyof typeof KINDS;
const NAMES = Object.keys(KINDS) as KindName[];
const RESOURCES = ["cpu", "memory", "io"] as const;

function limits(name: KindName) {
  const { figure, warn, critical } = KINDS[name];
  return about(
    z.prefault(z.strictObject(thresholdOptions({ warn, critical, unit: "percent", max: 100 })), {}),
    `Thresholds of the ${figure}, averaged over 60 s.`,
  );
}

const options = () => ({
  cpu_some: limits("cpu_some"),
  memory_some: limits("memory_some"),
  memory_full: limits("memory_full"),
  io_some: limits("io_some"),
  io_full: limits("io_full"),
});

/** Pressure stall information. */
export const PSI_CHECK = defineCheck({
  plugin: "psi",
  summary: "how much of the time tasks wait for processors, memory and disks",
  dimensions: NAMES.map((name): DimensionRow => {
    const { resource, figure, warn, critical } = KINDS[name];
    return {
      dimension: name,
      target: resource,
      figure: `${figure}, over 60 s`,
      source: `\`/proc/pressure/${resource}\``,
      defaults: `warning ≥ ${warn} %, critical ≥ ${critical} %`,
    };
  }),
  options,
  byDefault: true,
  targets: () => RESOURCES,
  needs: () => RESOURCES.map((resource) => ({ kernel: `/proc/pressure/${resource}` })),
  make: (settings, { host }): Check[] => [{
    plugin: "psi",
    target: "pressure",
    async gather() {
      const texts = await Promise.all(RESOURCES.map((resource) => readPressure(host, resource)));
      const pressures = new Map(
        RESOURCES.map((resource, index) => [resource, parsePressure(texts[index] ?? "")]),
      );
      return NAMES.flatMap((name): Finding[] => {
        const { resource, share, figure } = KINDS[name];
        const line = pressures.get(resource)?.[share];
        if (line === undefined) return [];
        return [rateFigure({
          check: `psi::${name}`,
          target: resource,
          subject: figure,
          value: line.avg60,
          show: percentText,
          showThreshold: (value) => `${value} %`,
          detail: [line.avg10, line.avg60, line.avg300].map(percentText).join(", ") + " over 10, 60, 300 s",
        }, settings[name])];
      });
    },
  }],
});

async function readPressure(host: HostFacts, resource: string): Promise<string> {
  try {
    return await host.text(`/proc/pressure/${resource}`);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    const message =
      "cannot read pressure: the kernel keeps no such figures; it needs Linux 4.20 and, on some " +
      "distributions, psi=1 on its command line";
    throw new FactUnavailableError(message, { cause });
  }
}
