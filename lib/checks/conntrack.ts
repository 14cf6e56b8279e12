/** How full the table of tracked connections is: once it is full, new connections are dropped. */
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

/** There is one table for the whole system. */
export const TARGET = "system";

/** The check of connection tracking. */
export const CONNTRACK_CHECK = defineCheck({
  plugin: "conntrack",
  summary: "The table of tracked connections; nothing is found where none are tracked",
  dimensions: [{
    dimension: "conntrack_usage",
    target: TARGET,
    figure: "tracked connections, of those that fit the table",
    source: "`/proc/net/stat/nf_conntrack`, `/proc/sys/net/netfilter/nf_conntrack_{count,max}`",
    defaults: "warning ≥ 75 %, critical ≥ 90 %",
  }],
  options: () => thresholdOptions({ warn: 75, critical: 90, unit: "percent of the table", max: 100 }),
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ kernel: "/proc/sys/net/netfilter/nf_conntrack_max" }],
  make: (thresholds, { host }): Check[] => [
    lazyCheck({ plugin: "conntrack", target: TARGET }, async () => {
      const { look } = await import("./conntrack_look.ts");
      return { gather: () => look(thresholds, host) };
    }),
  ],
});
