/** Tools over the network's counters. */
import { about } from "../zod.ts";
import { sleep } from "../clock.ts";
import { percentText } from "../host/figure_text.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { parseCacheStatistics } from "../host/net/conntrack.ts";
import { parseNetstat, type ProtocolCounters } from "../host/net/netstat.ts";
import { optionalText } from "../host/net/socket_tables.ts";
import { parseSockstat } from "../host/net/sockstat.ts";
import { parseSoftnet } from "../host/net/softnet.ts";
import { conntrackFill } from "../host/net/table_fill.ts";
import { wholeNumber } from "./arguments.ts";
import { given } from "./kernel_reads.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

/** How many sockets there are, of which kind, and their memory. */
export const SOCKSTAT_SUMMARY = defineTool({
  name: "sockstat_summary",
  family: "network",
  description: "How many sockets there are by protocol, orphans, TIME_WAIT, and their memory in pages",
  args: {},
  needs: [{ kernel: "/proc/net/sockstat" }, { kernel: "/proc/net/sockstat6" }],
  reach: "host",
  async run(_, { host }) {
    const v4 = parseSockstat(await host.text("/proc/net/sockstat"));
    const v6 = parseSockstat(await optionalText(host, "/proc/net/sockstat6"));
    const data = given({
      sockets: v4.get("sockets")?.get("used"),
      tcp_inuse: v4.get("TCP")?.get("inuse"),
      tcp6_inuse: v6.get("TCP6")?.get("inuse"),
      tcp_orphans: v4.get("TCP")?.get("orphan"),
      tcp_time_wait: v4.get("TCP")?.get("tw"),
      tcp_allocated: v4.get("TCP")?.get("alloc"),
      tcp_memory_pages: v4.get("TCP")?.get("mem"),
      udp_inuse: v4.get("UDP")?.get("inuse"),
      udp6_inuse: v6.get("UDP6")?.get("inuse"),
      udp_memory_pages: v4.get("UDP")?.get("mem"),
      raw_inuse: v4.get("RAW")?.get("inuse"),
      fragments: v4.get("FRAG")?.get("inuse"),
    });
    const rows = Object.entries(data).map(([name, value]) => [name.replaceAll("_", " "), String(value)]);
    return { text: table(columns("sockets", ">now"), rows), data };
  },
});

/** What is worth a look among the kernel's hundreds of counters: where a figure other than 0 may mean trouble. */
const TROUBLE: readonly (readonly [protocol: string, name: string, meaning: string])[] = [
  ["TcpExt", "ListenOverflows", "accept queue full"],
  ["TcpExt", "ListenDrops", "connections dropped by a listener"],
  ["TcpExt", "TCPReqQFullDrop", "half-open queue full"],
  ["TcpExt", "TCPReqQFullDoCookies", "half-open queue full, cookies sent"],
  ["TcpExt", "TCPBacklogDrop", "socket backlog full"],
  ["TcpExt", "TCPRcvQDrop", "receive queue full"],
  ["TcpExt", "TCPZeroWindowDrop", "sent to a closed window"],
  ["TcpExt", "TCPToZeroWindowAdv", "a program reads too slowly"],
  ["TcpExt", "PruneCalled", "receive memory short"],
  ["TcpExt", "TCPMemoryPressures", "TCP memory short"],
  ["TcpExt", "TCPAbortOnMemory", "connections ended for want of memory"],
  ["TcpExt", "TCPAbortOnTimeout", "connections ended after a timeout"],
  ["TcpExt", "TCPTimeWaitOverflow", "too many in TIME_WAIT"],
  ["TcpExt", "TCPTimeouts", "retransmission timeouts"],
  ["TcpExt", "TCPLostRetransmit", "retransmissions lost again"],
  ["TcpExt", "TCPSynRetrans", "SYN sent again"],
  ["Tcp", "RetransSegs", "segments sent again"],
  ["Tcp", "AttemptFails", "connections that failed to open"],
  ["Tcp", "EstabResets", "connections that were reset"],
  ["Tcp", "InErrs", "segments received damaged"],
  ["Tcp", "OutRsts", "resets sent"],
  ["Udp", "InErrors", "datagrams not delivered"],
  ["Udp", "RcvbufErrors", "receive buffer full"],
  ["Udp", "SndbufErrors", "send buffer full"],
  ["Udp", "NoPorts", "nobody on that port"],
  ["Ip", "InDiscards", "packets discarded"],
  ["Ip", "OutDiscards", "packets not sent"],
  ["Ip", "OutNoRoutes", "no route"],
  ["Ip", "ReasmFails", "fragments not put together"],
];

const TRAFFIC: readonly (readonly [protocol: string, name: string, meaning: string])[] = [
  ["Tcp", "CurrEstab", "connections established now"],
  ["Tcp", "ActiveOpens", "connections opened"],
  ["Tcp", "PassiveOpens", "connections accepted"],
  ["Tcp", "InSegs", "segments received"],
  ["Tcp", "OutSegs", "segments sent"],
  ["Udp", "InDatagrams", "datagrams received"],
  ["Udp", "OutDatagrams", "datagrams sent"],
];

/** Trouble that the protocols have counted since boot. */
export const NETSTAT_SUMMARY = defineTool({
  name: "netstat_summary",
  family: "network",
  description:
    "Counters since boot of TCP, UDP and IP that tell of trouble: overflows, drops, resets, timeouts",
  args: {},
  needs: [{ kernel: "/proc/net/netstat" }, { kernel: "/proc/net/snmp" }],
  reach: "host",
  async run(_, { host }) {
    const counters = await protocols(host);
    const pick = (list: typeof TROUBLE) =>
      list.flatMap(([protocol, name, meaning]) => {
        const count = counters.get(protocol)?.get(name);
        return count === undefined ? [] : [{ protocol, name, meaning, count }];
      });
    const trouble = pick(TROUBLE).filter(({ count }) => count > 0);
    const traffic = pick(TRAFFIC);
    const text = table(
      columns("counter", ">since boot", "meaning"),
      [...trouble, ...traffic].map((
        { protocol, name, count, meaning },
      ) => [`${protocol}.${name}`, String(count), meaning]),
    );
    return { text, data: { trouble, traffic } };
  },
});

/** How much TCP has to send again just now. */
export const TCP_RETRANS_RATE = defineTool({
  name: "tcp_retrans_rate",
  family: "network",
  description: "TCP segments sent again, measured over an interval: packets that the way to some peer loses",
  args: { delay_ms: about(wholeNumber(1000, 100, 8000), "Over how many milliseconds it measures.") },
  needs: [{ kernel: "/proc/net/snmp" }, { kernel: "/proc/net/netstat" }],
  reach: "host",
  async run({ delay_ms }, { host, clock, signal }) {
    const earlier = await protocols(host);
    const startMs = clock.monotonicMs();
    await sleep(clock, delay_ms, signal);
    const later = await protocols(host);
    const elapsedMs = Math.max(1, clock.monotonicMs() - startMs);
    const grown = (protocol: string, name: string) => {
      const before = earlier.get(protocol)?.get(name);
      const after = later.get(protocol)?.get(name);
      return before === undefined || after === undefined || after < before ? undefined : after - before;
    };
    const sent = grown("Tcp", "OutSegs");
    const again = grown("Tcp", "RetransSegs");
    if (sent === undefined || again === undefined) {
      throw new Error("cannot measure retransmissions: the system's counters began anew; try again");
    }
    const data = {
      interval_ms: Math.round(elapsedMs),
      segments_sent: sent,
      segments_retransmitted: again,
      segments_sent_per_sec: 1000 * sent / elapsedMs,
      // The kernel counts what it sends again apart from what it sends.
      retransmitted_pct: sent + again === 0 ? 0 : 100 * again / (sent + again),
      ...given({
        timeouts: grown("TcpExt", "TCPTimeouts"),
        syn_retransmitted: grown("TcpExt", "TCPSynRetrans"),
        lost_retransmissions: grown("TcpExt", "TCPLostRetransmit"),
      }),
    };
    const text = table(columns(`over ${data.interval_ms} ms`, ">count"), [
      ["segments sent", String(sent)],
      ["sent again", `${again} (${percentText(data.retransmitted_pct)})`],
      ["timeouts", String(data.timeouts ?? "?")],
      ["SYN sent again", String(data.syn_retransmitted ?? "?")],
    ]);
    return { text, data };
  },
});

/** How the processors keep up with incoming packets. */
export const SOFTNET_STAT = defineTool({
  name: "softnet_stat",
  family: "network",
  description:
    "Incoming packets by processor since boot: dropped for a full backlog, rounds cut short for time",
  args: {},
  needs: [{ kernel: "/proc/net/softnet_stat" }],
  reach: "host",
  async run(_, { host }) {
    const cpus = parseSoftnet(await host.text("/proc/net/softnet_stat"))
      .sort((a, b) => b.dropped - a.dropped || b.timeSqueezed - a.timeSqueezed || a.cpu - b.cpu);
    const sum = (pick: (row: (typeof cpus)[number]) => number) =>
      cpus.reduce((all, row) => all + pick(row), 0);
    const data = {
      processed: sum((row) => row.processed),
      dropped: sum((row) => row.dropped),
      time_squeezed: sum((row) => row.timeSqueezed),
      cpus: cpus.map(({ cpu, processed, dropped, timeSqueezed, flowLimited, backlog }) => ({
        cpu,
        processed,
        dropped,
        time_squeezed: timeSqueezed,
        ...given({ flow_limited: flowLimited, backlog }),
      })),
    };
    const rows = data.cpus.map((
      { cpu, processed, dropped, time_squeezed, flow_limited, backlog },
    ) => [cpu, processed, dropped, time_squeezed, flow_limited ?? "-", backlog ?? "-"].map(String));
    rows.push(["all", data.processed, data.dropped, data.time_squeezed].map(String));
    const titles = columns(">cpu", ">processed", ">dropped", ">squeezed", ">flow limit", ">backlog");
    return { text: table(titles, rows), data };
  },
});

/** How full the table of tracked connections is, and what went wrong with it. */
export const CONNTRACK_STAT = defineTool({
  name: "conntrack_stat",
  family: "network",
  description: "The table of tracked connections: entries, limit, and drops since boot",
  args: {},
  needs: [
    { kernel: "/proc/sys/net/netfilter/nf_conntrack_max" },
    { kernel: "/proc/net/stat/nf_conntrack" },
  ],
  reach: "host",
  async run(_, { host }) {
    const fill = await conntrackFill(host);
    if (fill === undefined) {
      return { text: "connections are not tracked on this host", data: { tracked: false } };
    }
    const { totals } = parseCacheStatistics(await optionalText(host, "/proc/net/stat/nf_conntrack"));
    const usedPct = 100 * fill.entries / fill.max;
    const data = {
      tracked: true,
      entries: fill.entries,
      max: fill.max,
      used_pct: usedPct,
      ...given({
        drop: totals.get("drop"),
        early_drop: totals.get("early_drop"),
        insert_failed: totals.get("insert_failed"),
        invalid: totals.get("invalid"),
        clash_resolve: totals.get("clashres"),
      }),
    };
    const rows = [["entries", `${fill.entries} of ${fill.max} (${percentText(usedPct)})`]];
    for (const name of ["drop", "early_drop", "insert_failed", "invalid"] as const) {
      if (data[name] !== undefined) rows.push([`${name} since boot`, String(data[name])]);
    }
    return { text: table(columns("tracked connections", ">count"), rows), data };
  },
});

async function protocols(host: HostFacts): Promise<Map<string, ProtocolCounters>> {
  const [snmp, netstat] = await Promise.all([
    host.text("/proc/net/snmp"),
    optionalText(host, "/proc/net/netstat"),
  ]);
  return new Map([...parseNetstat(snmp), ...parseNetstat(netstat)]);
}
