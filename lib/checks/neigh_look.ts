/** One look at the tables of neighbours. */
import { percentText, plainText } from "../host/figure_text.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { neighbourFill } from "../host/net/table_fill.ts";
import type { Finding } from "./check.ts";
import { FAMILIES } from "./neigh.ts";
import { rateFigure, type Thresholds } from "./rating.ts";

/** One finding for each family that the kernel tells. */
export async function look(thresholds: Thresholds, host: HostFacts): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const family of FAMILIES) {
    const fill = await neighbourFill(host, family);
    if (fill === undefined) continue;
    findings.push(rateFigure({
      check: "neigh::neigh_usage",
      target: family,
      subject: `${family} neighbour table usage`,
      value: 100 * fill.entries / fill.max,
      show: percentText,
      showThreshold: (value) => plainText(value, "%"),
      detail: `${fill.entries} of ${fill.max} entries`,
    }, thresholds));
  }
  return findings;
}
