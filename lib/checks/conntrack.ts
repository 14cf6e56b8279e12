/** How full the table of tracked connections is: once it is full, new connections are dropped. */
import { percentText, plainText } from "../host/figure_text.ts";
import { conntrackFill } from "../host/net/table_fill.ts";
import { defineCheck } from "./definition.ts";
import { rateFigure, thresholdOptions } from "./rating.ts";

/** The check of connection tracking. */
export const CONNTRACK_CHECK = defineCheck({
  plugin: "conntrack",
  summary: "The table of tracked connections; nothing is found where none are tracked",
  dimensions: [{
    dimension: "conntrack_usage",
    target: "system",
    figure: "tracked connections, of those that fit the table",
    source: "`/proc/net/stat/nf_conntrack`, `/proc/sys/net/netfilter/nf_conntrack_{count,max}`",
    defaults: "warning ≥ 75 %, critical ≥ 90 %",
  }],
  options: () => thresholdOptions({ warn: 75, critical: 90, unit: "percent of the table", max: 100 }),
  byDefault: true,
  targets: () => ["system"],
  needs: () => [{ kernel: "/proc/sys/net/netfilter/nf_conntrack_max" }],
  make: (thresholds, { host }) => [{
    plugin: "conntrack",
    target: "system",
    async gather() {
      const fill = await conntrackFill(host);
      if (fill === undefined) return [];
      return [rateFigure({
        check: "conntrack::conntrack_usage",
        target: "system",
        subject: "connection tracking table usage",
        value: 100 * fill.entries / fill.max,
        show: percentText,
        showThreshold: (value) => plainText(value, "%"),
        detail: `${fill.entries} of ${fill.max} entries`,
      }, thresholds)];
    },
  }],
});
