/** Whether programs accept their connections fast enough. */
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

/** All sockets are one target. */
export const TARGET = "tcp";

/** The check of the accept queues. */
export const SOCKSTAT_CHECK = defineCheck({
  plugin: "sockstat",
  summary: "Connections lost because a program does not accept them fast enough",
  dimensions: [{
    dimension: "listen_overflow",
    target: TARGET,
    figure: "connections that found an accept queue full in the last minute",
    source: "`/proc/net/netstat`, `/proc/net/tcp`, `/proc/net/tcp6`",
    defaults: "warning ≥ 1 per minute, critical ≥ 100 per minute",
  }],
  options: () => thresholdOptions({ warn: 1, critical: 100, unit: "overflows per minute" }),
  pace: { for: "1m" },
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ kernel: "/proc/net/netstat" }],
  make: (thresholds, seams): Check[] => [
    lazyCheck({ plugin: "sockstat", target: TARGET }, async () => {
      const { ListenOverflowLook } = await import("./sockstat_look.ts");
      return new ListenOverflowLook(thresholds, seams);
    }),
  ],
});
