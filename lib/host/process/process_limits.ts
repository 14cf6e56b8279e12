/** `/proc/<pid>/limits`. */
import { countOf, linesOf } from "../kernel_text.ts";

/** One limit; `undefined` is none. The unit is the limit's own: files, bytes, seconds. */
export interface ProcessLimit {
  readonly soft: number | undefined;
  readonly hard: number | undefined;
}

/** The limits by their usual names (`Max open files`). */
export type ProcessLimits = ReadonlyMap<string, ProcessLimit>;

/** The name of the limit on open files. */
export const OPEN_FILES = "Max open files";

/** Never throws. */
export function parseProcessLimits(text: string): ProcessLimits {
  const limits = new Map<string, ProcessLimit>();
  for (const line of linesOf(text)) {
    const [, name, soft, hard] = /^(Max [a-z -]+?)\s+(unlimited|\d+)\s+(unlimited|\d+)(?:\s|$)/.exec(line) ??
      [];
    if (name === undefined || limits.has(name)) continue;
    limits.set(name, { soft: countOf(soft), hard: countOf(hard) });
  }
  return limits;
}

/** One soft limit alone, which costs far less than all of them; undefined where there is none. */
export function softLimit(text: string, name: string): number | undefined {
  const start = text.indexOf(`${name} `);
  if (start < 0) return undefined;
  return countOf(
    /^\s*(\d+|unlimited)\s/.exec(text.slice(start + name.length, start + name.length + 60))?.[1],
  );
}
