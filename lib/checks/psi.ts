/** How much of the time tasks wait for a resource. */
import { table } from "../config/fields.ts";
import type { Pressure } from "../host/pressure.ts";
import type { Check } from "./check.ts";
import { defineCheck, type DimensionRow, type SettingsOf } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

/** A figure that the kernel keeps. */
interface PressureKind {
  readonly resource: "cpu" | "memory" | "io";
  readonly share: keyof Pressure;
  readonly figure: string;
  readonly warn: number;
  readonly critical: number;
}

/** Of processors, only `some` means anything for a whole system: there is always one task that runs. */
export const KINDS = {
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

type PsiKind = keyof typeof KINDS;

/** The names of the figures. */
export const NAMES = Object.keys(KINDS) as PsiKind[];

/** What tasks wait for; the targets. */
export const RESOURCES = ["cpu", "memory", "io"] as const;

function limits(name: PsiKind) {
  const { figure, warn, critical } = KINDS[name];
  return table(
    thresholdOptions({ warn, critical, unit: "percent", max: 100 }),
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

/** The options of `[[check.psi]]`, read. */
export type PsiSettings = SettingsOf<typeof options>;

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
  make: (settings, { host }): Check[] => [
    lazyCheck({ plugin: "psi", target: "pressure" }, async () => {
      const { look } = await import("./psi_look.ts");
      return { gather: () => look(settings, host) };
    }),
  ],
});
