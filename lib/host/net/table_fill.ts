/** How full the kernel's tables of connections and neighbours are. */
import { FactUnavailableError, type HostFacts } from "../host_facts.ts";
import { countOf } from "../kernel_text.ts";
import { parseArp } from "./arp.ts";
import { parseCacheStatistics } from "./conntrack.ts";
import { optionalText } from "./socket_tables.ts";

/** Entries, and how many there may be. */
export interface TableFill {
  readonly entries: number;
  readonly max: number;
}

/** The table of tracked connections; undefined where none are tracked. */
export async function conntrackFill(host: HostFacts): Promise<TableFill | undefined> {
  const max = await sysctlCount(host, "/proc/sys/net/netfilter/nf_conntrack_max");
  if (max === undefined || max === 0) return undefined;
  // Below /proc/sys is the network of whoever reads; the statistics are those of the network that is looked at.
  const { entries } = parseCacheStatistics(await optionalText(host, "/proc/net/stat/nf_conntrack"));
  const count = entries ?? await sysctlCount(host, "/proc/sys/net/netfilter/nf_conntrack_count");
  return count === undefined ? undefined : { entries: count, max };
}

/** The families of neighbours. */
export type NeighbourFamily = "ipv4" | "ipv6";

/**
 * A table of neighbours. Entries that somebody set for good do not count: the kernel does not make room of them.
 * @returns undefined where the kernel has no such table (IPv6 that is switched off).
 * @throws FactUnavailableError where the limit cannot be seen: it belongs to the host's own network.
 */
export async function neighbourFill(
  host: HostFacts,
  family: NeighbourFamily,
): Promise<TableFill | undefined> {
  const cache = family === "ipv4" ? "arp_cache" : "ndisc_cache";
  const statistics = parseCacheStatistics(await optionalText(host, `/proc/net/stat/${cache}`));
  const rows = family === "ipv4" ? parseArp(await optionalText(host, "/proc/net/arp")) : [];
  const permanent = rows.filter(({ state }) => state === "permanent").length;
  const entries = statistics.entries ?? (family === "ipv4" ? rows.length : undefined);
  if (entries === undefined) return undefined;
  const limit = `/proc/sys/net/${family}/neigh/default/gc_thresh3`;
  const max = await sysctlCount(host, limit);
  if (max === undefined) {
    throw new FactUnavailableError(
      `cannot read ${limit}: it is there only in the host's own network; run the agent in that`,
    );
  }
  return max === 0 ? undefined : { entries: Math.max(0, entries - permanent), max };
}

/** A setting that is one whole number; undefined where the kernel does not have it. */
export async function sysctlCount(host: HostFacts, path: string): Promise<number | undefined> {
  return countOf((await optionalText(host, path)).trim());
}
