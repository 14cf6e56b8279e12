/**
 * From where on a figure that no check watches is bad. Where a check looks at the same thing, its configured thresholds
 * decide, not these.
 */
import type { Limit } from "./conclusion.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** By the name of the figure. */
export const LIMITS = {
  "cpu.usage": { warning: 80, critical: 90 },
  "cpu.iowait": { warning: 20, critical: 50 },
  "cpu.steal": { warning: 10, critical: 30 },
  "load.per_core": { warning: 3, critical: 5 },
  "memory.used": { warning: 85, critical: 90 },
  "swap.used": { warning: 50, critical: 80 },
  "swap.traffic": { warning: 100, critical: 1000 },
  "psi.some": { warning: 20, critical: 50 },
  "psi.full": { warning: 10, critical: 30 },
  "fs.used": { warning: 90, critical: 99 },
  "fs.inodes": { warning: 90, critical: 99 },
  "disk.busy": { warning: 80, critical: 95 },
  "disk.await": { warning: 50, critical: 200 },
  "tcp.close_wait": { warning: 100, critical: 1000 },
  "tcp.time_wait": { warning: 5000, critical: 20_000 },
  "listen.queue": { warning: 16, critical: NEVER },
  "tcp.retransmitted": { warning: 2, critical: 10 },
  "conntrack.used": { warning: 75, critical: 90 },
  "neigh.used": { warning: 75, critical: 90 },
  "fd.used": { warning: 80, critical: 90 },
  "process.fds_used": { warning: 80, critical: 90 },
  "processes.blocked": { warning: 3, critical: NEVER },
  "zombies": { warning: 1, critical: 21 },
  "clock.offset": { warning: 100, critical: 500 },
  "thermal": { warning: 85, critical: 95 },
} as const satisfies Readonly<Record<string, Limit>>;
