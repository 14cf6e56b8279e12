/** What control groups are written in, of both versions. Nothing here throws or gives NaN. */
import { countOf, linesOf, wordsOf } from "./kernel_text.ts";

/** One line of `/proc/PID/cgroup`. */
export interface CgroupMembership {
  /** The controllers of a version 1 hierarchy; none for version 2. */
  readonly controllers: readonly string[];
  /** Where in the hierarchy, beginning with `/`. */
  readonly path: string;
}

/** `/proc/PID/cgroup`: a line for each hierarchy. */
export function parseCgroupMembership(text: string): CgroupMembership[] {
  return linesOf(text).flatMap((line) => {
    const [, controllers, path] = /^\d{1,9}:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    return [{ controllers: controllers.split(",").filter((name) => name !== ""), path }];
  });
}

/** Version 1 says "no limit" with the greatest number of pages that fit, which differs by page size. */
const UNLIMITED = 2 ** 62;

/** A limit: a figure, `max` where there is none, undefined where the text is no limit. */
export function parseCgroupLimit(text: string): number | "max" | undefined {
  const word = text.trim();
  if (word === "max" || word === "-1") return "max";
  const limit = countOf(word);
  return limit !== undefined && limit >= UNLIMITED ? "max" : limit;
}

/** How much processor time a group may use, of all processors together. */
export interface CpuQuota {
  /** In processors: 1.5 is one and a half; `max` where there is no limit. */
  readonly processors: number | "max";
  readonly periodUsec: number;
}

/** `cpu.max` of version 2: `50000 100000`, `max 100000`. */
export function parseCpuMax(text: string): CpuQuota | undefined {
  const [quota = "", period] = wordsOf(text);
  return cpuQuota(parseCgroupLimit(quota), countOf(period));
}

/** `cpu.cfs_quota_us` and `cpu.cfs_period_us` of version 1. */
export function parseCfsQuota(quota: string, period: string): CpuQuota | undefined {
  return cpuQuota(parseCgroupLimit(quota), countOf(period.trim()));
}

function cpuQuota(quota: number | "max" | undefined, periodUsec: number | undefined): CpuQuota | undefined {
  if (quota === undefined || periodUsec === undefined || periodUsec === 0) return undefined;
  return { processors: quota === "max" ? "max" : quota / periodUsec, periodUsec };
}

/** What a group did to the block devices, all of them together, in bytes. */
export interface CgroupIo {
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** `io.stat` of version 2: `254:0 rbytes=1 wbytes=2 rios=…`, a line for each device. */
export function parseIoStat(text: string): CgroupIo {
  let readBytes = 0;
  let writtenBytes = 0;
  for (const word of linesOf(text).flatMap(wordsOf)) {
    const [name, value] = word.split("=");
    if (name === "rbytes") readBytes += countOf(value) ?? 0;
    if (name === "wbytes") writtenBytes += countOf(value) ?? 0;
  }
  return { readBytes, writtenBytes };
}

/** `blkio.throttle.io_service_bytes` of version 1: `254:0 Read 1`, and sums that are left out. */
export function parseIoServiceBytes(text: string): CgroupIo {
  let readBytes = 0;
  let writtenBytes = 0;
  for (const line of linesOf(text)) {
    const [device = "", operation, count] = wordsOf(line);
    if (!/^\d+:\d+$/.test(device)) continue;
    if (operation === "Read") readBytes += countOf(count) ?? 0;
    if (operation === "Write") writtenBytes += countOf(count) ?? 0;
  }
  return { readBytes, writtenBytes };
}
