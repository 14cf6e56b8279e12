import type { Check, Finding } from "../../lib/checks/check.ts";
import { rateFigure } from "../../lib/checks/rating.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";

/** A finding as a check with the thresholds 90 and 99 would have it. */
export function finding(check: string, target: string, value: number, detail?: string): Finding {
  return rateFigure({
    check,
    target,
    subject: `${check.split("::")[1]?.replaceAll("_", " ")} of ${target}`,
    value,
    show: (figure) => `${figure.toFixed(1)} %`,
    showThreshold: (figure) => `${figure} %`,
    ...(detail !== undefined && { detail }),
  }, { warn_ge: 90, critical_ge: 99 });
}

/** A check that finds what it is told to. */
export function scriptedCheck(
  plugin: string,
  target: string,
  gather: (signal: AbortSignal) => Finding[] | Promise<Finding[]>,
): Check {
  return { plugin, target, gather: async (signal) => await gather(signal) };
}

/** A check that may not look. */
export function blindCheck(plugin: string, target = plugin): Check {
  return scriptedCheck(plugin, target, () => {
    throw new FactUnavailableError(`cannot read ${plugin}: it is not granted; grant it`);
  });
}

/** Checks of a host: processor, memory and two file systems, in percent. */
export function hostChecks({ cpu = 12.5, mem = 25, root = 40, data = 41 } = {}): Check[] {
  return [
    scriptedCheck("cpu", "cpu", () => [finding("cpu::cpu_usage", "cpu", cpu)]),
    scriptedCheck(
      "mem",
      "memory",
      () => [finding("mem::memory_usage", "memory", mem, "4.0 GiB of 16.0 GiB used")],
    ),
    scriptedCheck("disk", "/", () => [finding("disk::space_usage", "/", root)]),
    scriptedCheck("disk", "/data", () => [finding("disk::space_usage", "/data", data)]),
  ];
}
