/** `/proc/net/netstat` and `/proc/net/snmp`: the counters of the network's protocols. */

/** The counters of one protocol (`Tcp`, `TcpExt`, `Ip`, …) by name. */
export type ProtocolCounters = ReadonlyMap<string, number>;

/**
 * By protocol. Each takes two lines, names and then figures; a figure without a name, and a name without a figure, are
 * left out. Never throws.
 */
export function parseNetstat(text: string): Map<string, ProtocolCounters> {
  const protocols = new Map<string, Map<string, number>>();
  const headers = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const protocol = line.slice(0, colon).trim();
    const words = line.slice(colon + 1).split(/\s+/).filter((word) => word !== "");
    const names = headers.get(protocol);
    if (names === undefined) {
      headers.set(protocol, words);
      continue;
    }
    headers.delete(protocol);
    const counters = protocols.get(protocol) ?? new Map<string, number>();
    protocols.set(protocol, counters);
    for (const [index, name] of names.entries()) {
      const word = words[index];
      // Some are settings: MaxConn is -1 where there is no limit.
      if (word !== undefined && /^-?\d{1,20}$/.test(word)) counters.set(name, Number(word));
    }
  }
  return protocols;
}
