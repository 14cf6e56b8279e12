/** Whether the kernel's settings are as they should be. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { severity } from "./rating.ts";

const OPERATORS = ["eq", "ne", "ge", "le", "gt", "lt"] as const;

const param = () =>
  z.strictObject({
    key: z.string().check(
      z.regex(
        /^[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_@:-]+)+$/,
        'must be a setting such as "vm.swappiness" or "net/ipv4/conf/eth0.100/forwarding"',
      ),
    ),
    op: z._default(z.enum(OPERATORS), "eq"),
    value: z.pipe(z.union([z.string().check(z.minLength(1)), z.number()]), z.transform(String)),
    severity: z._default(severity(), "Warning"),
  }).check(
    z.refine(({ op, value }) => op === "eq" || op === "ne" || isNumber(value), {
      path: ["value"],
      message: "must be a number, for only numbers are larger or smaller; or use eq or ne",
    }),
  );

/** One of `params`, read. */
export type SysctlParam = z.output<ReturnType<typeof param>>;

/** Settings that the configuration names, each a target. */
export const SYSCTL_CHECK = defineCheck({
  plugin: "sysctl",
  summary: "whether the kernel's settings are as they should be",
  dimensions: [{
    dimension: "param_check",
    target: "the setting",
    figure: "a kernel setting",
    source: "`/proc/sys`",
    defaults: "warning where it differs",
  }],
  options: () => ({
    params: about(z.array(param()).check(z.minLength(1)), {
      description: "The settings: key, op (eq, ne, ge, le, gt, lt), value and severity.",
      example: [{ key: "vm.swappiness", op: "le", value: "60" }],
    }),
  }),
  pace: { interval: "1m" },
  byDefault: false,
  targets: ({ params }) => params.map(targetOf),
  needs: ({ params }) => params.map(({ key }) => ({ kernel: pathOf(key) })),
  make: ({ params }, { host }): Check[] => [
    lazyCheck({ plugin: "sysctl", target: "settings" }, async () => {
      const { look } = await import("./sysctl_look.ts");
      return { gather: () => look(params, host) };
    }),
  ],
});

/** As `sysctl` has it: a key that has a `/` has its dots for itself. */
export function pathOf(key: string): string {
  return `/proc/sys/${key.includes("/") ? key : key.replaceAll(".", "/")}`;
}

/** Several demands on one setting are told apart by their operators. */
export function targetOf({ key, op }: SysctlParam): string {
  return op === "eq" ? key : `${key} ${op}`;
}

/** Whether it can be larger or smaller than another. */
export function isNumber(text: string): boolean {
  return /^-?\d+(?:\.\d+)?$/.test(text.trim());
}
