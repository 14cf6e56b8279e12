/** One look at the kernel's settings. */
import type { HostFacts } from "../host/host_facts.ts";
import type { Finding } from "./check.ts";
import { rateState } from "./rating.ts";
import { isNumber, pathOf, type SysctlParam, targetOf } from "./sysctl.ts";

const SIGNS = { eq: "=", ne: "≠", ge: "≥", le: "≤", gt: ">", lt: "<" } as const;

/** Compares each. */
export function look(params: readonly SysctlParam[], host: HostFacts): Promise<Finding[]> {
  return Promise.all(params.map((param) => compared(param, host)));
}

async function compared(param: SysctlParam, host: HostFacts): Promise<Finding> {
  const { key, op, value, severity } = param;
  const expected = `${SIGNS[op]} ${value}`;
  const state = { check: "sysctl::param_check", target: targetOf(param), severity, expected };
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

function holds(current: string, op: SysctlParam["op"], wanted: string): boolean {
  const [a, b] = [numberIn(current), numberIn(wanted)];
  const numbers = a !== undefined && b !== undefined;
  const equal = numbers ? a === b : current === wanted;
  if (op === "eq") return equal;
  if (op === "ne") return !equal;
  if (!numbers) return false;
  const [x, y] = [Number(current), Number(wanted)];
  if (op === "ge") return x > y || equal;
  if (op === "le") return x < y || equal;
  return op === "gt" ? x > y && !equal : x < y && !equal;
}

/** Some settings are larger than a double counts: whole numbers are compared digit by digit. */
function numberIn(text: string): bigint | number | undefined {
  if (!isNumber(text)) return undefined;
  return text.includes(".") ? Number(text) : BigInt(text);
}
