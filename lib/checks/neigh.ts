/** How full the tables of neighbours are: once one is full, hosts of the local network cannot be reached. */
import type { NeighbourFamily } from "../host/net/table_fill.ts";
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

/** Each has a table of its own. */
export const FAMILIES: readonly NeighbourFamily[] = ["ipv4", "ipv6"];

/** The check of the neighbour tables. */
export const NEIGH_CHECK = defineCheck({
  plugin: "neigh",
  summary: "The tables of neighbours in the local networks (ARP, NDP)",
  dimensions: [{
    dimension: "neigh_usage",
    target: "ipv4 or ipv6",
    figure: "neighbours, of those that `gc_thresh3` lets the table hold",
    source: "`/proc/net/stat/{arp,ndisc}_cache`, `/proc/net/arp`, `/proc/sys/net/*/neigh/default/gc_thresh3`",
    defaults: "warning ≥ 75 %, critical ≥ 90 %",
  }],
  options: () => thresholdOptions({ warn: 75, critical: 90, unit: "percent of gc_thresh3", max: 100 }),
  byDefault: true,
  targets: () => FAMILIES,
  needs: () => [{ kernel: "/proc/net/arp" }, { kernel: "/proc/sys/net/ipv4/neigh/default/gc_thresh3" }],
  make: (thresholds, { host }): Check[] => [
    lazyCheck({ plugin: "neigh", target: "neighbours" }, async () => {
      const { look } = await import("./neigh_look.ts");
      return { gather: () => look(thresholds, host) };
    }),
  ],
});
