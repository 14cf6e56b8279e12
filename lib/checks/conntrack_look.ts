/** One look at the table of tracked connections. */
import { percentText, plainText } from "../host/figure_text.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { conntrackFill } from "../host/net/table_fill.ts";
import type { Finding } from "./check.ts";
import { TARGET } from "./conntrack.ts";
import { rateFigure, type Thresholds } from "./rating.ts";

/** Nothing where no connections are tracked. */
export async function look(thresholds: Thresholds, host: HostFacts): Promise<Finding[]> {
  const fill = await conntrackFill(host);
  if (fill === undefined) return [];
  return [rateFigure({
    check: "conntrack::conntrack_usage",
    target: TARGET,
    subject: "connection tracking table usage",
    value: 100 * fill.entries / fill.max,
    show: percentText,
    showThreshold: (value) => plainText(value, "%"),
    detail: `${fill.entries} of ${fill.max} entries`,
  }, thresholds)];
}
