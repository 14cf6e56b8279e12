/** One look at the kernel's settings. */
import type { HostFacts } from "../host/host_facts.ts";
import type { Finding } from "./check.ts";
import { rateState } from "./rating.ts";
import type { SysctlParam } from "./sysctl.ts";

/** What a setting should be, and where it is. */
export interface SysctlDemand extends SysctlParam {
  readonly path: string;
  readonly target: string;
}

const SIGNS = { eq: "=", ne: "≠", ge: "≥", le: "≤", gt: ">", lt: "<" } as const;

/** Compares each. */
export function look(demands: readonly SysctlDemand[], host: HostFacts): Promise<Finding[]> {
  return Promise.all(demands.map((demand) => compared(demand, host)));
}

async function compared(
  { key, op, value, severity, path, target }: SysctlDemand,
  host: HostFacts,
): Promise<Finding> {
  const expected = `${SIGNS[op]} ${value}`;
  const state = { check: "sysctl::param_check", target, severity, expected };
  let text: string;
  try {
    text = await host.text(path);
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

function holds(current: string, op: SysctlDemand["op"], wanted: string): boolean {
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
  if (!/^-?\d+(?:\.\d+)?$/.test(text)) return undefined;
  return text.includes(".") ? Number(text) : BigInt(text);
}
