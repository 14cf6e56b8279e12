/** Whether the kernel's settings are as they should be. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { Check, Finding } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { rateState } from "./rating.ts";

const SIGNS = { eq: "=", ne: "≠", ge: "≥", le: "≤", gt: ">", lt: "<" } as const;
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
    severity: z._default(z.enum(["Info", "Warning", "Critical"]), "Warning"),
  }).check(
    z.refine(({ op, value }) => op === "eq" || op === "ne" || isNumber(value), {
      path: ["value"],
      message: "must be a number, for only numbers are larger or smaller; or use eq or ne",
    }),
  );
type Param = z.output<ReturnType<typeof param>>;

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
  // One of several demands on a setting differs in its operator.
  targets: ({ params }) => params.map(targetOf),
  needs: ({ params }) => params.map(({ key }) => ({ kernel: pathOf(key) })),
  make: ({ params }, { host }): Check[] => [{
    plugin: "sysctl",
    target: "settings",
    gather: () => Promise.all(params.map((one) => compared(host, one))),
  }],
});

/** As `sysctl` has it: a key that has a `/` has its dots for itself. */
function pathOf(key: string): string {
  return `/proc/sys/${key.includes("/") ? key : key.replaceAll(".", "/")}`;
}

function targetOf({ key, op }: Param): string {
  return op === "eq" ? key : `${key} ${op}`;
}

async function compared(host: HostFacts, wanted: Param): Promise<Finding> {
  const { key, op, value, severity } = wanted;
  const expected = `${SIGNS[op]} ${value}`;
  const state = { check: "sysctl::param_check", target: targetOf(wanted), severity, expected };
  let text: string;
  try {
    text = await host.text(pathOf(key));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    // Somebody named it: a slip of the pen must not pass for a setting that is as it should be.
    return rateState({
      ...state,
      ok: false,
      description: `${key} is not there; it should be ${expected}`,
      current: "absent",
    });
  }
  const current = plain(text);
  const ok = holds(current, op, plain(value));
  return rateState({
    ...state,
    ok,
    description: `${key} is ${current}${ok ? "" : `; it should be ${expected}`}`,
    current,
  });
}

/** Tabs and several blanks stand for one: `net.ipv4.tcp_rmem` has three figures with tabs in between. */
function plain(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

function isNumber(text: string): boolean {
  return /^-?\d+(?:\.\d+)?$/.test(text.trim());
}

function holds(current: string, op: Param["op"], wanted: string): boolean {
  const numbers = isNumber(current) && isNumber(wanted);
  const equal = numbers ? wholeOrDecimal(current) === wholeOrDecimal(wanted) : current === wanted;
  if (op === "eq") return equal;
  if (op === "ne") return !equal;
  if (!numbers) return false;
  const [a, b] = [Number(current), Number(wanted)];
  if (op === "ge") return a > b || equal;
  if (op === "le") return a < b || equal;
  return op === "gt" ? a > b && !equal : a < b && !equal;
}

/** Some settings are larger than a double counts: whole numbers are compared digit by digit. */
function wholeOrDecimal(text: string): bigint | number {
  return /^-?\d+$/.test(text) ? BigInt(text) : Number(text);
}
