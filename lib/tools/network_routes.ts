/** Tools about the ways out of the host: routes, neighbours, and the settings of TCP. */
import { about } from "../zod.ts";
import { percentText } from "../host/figure_text.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { countOf, wordsOf } from "../host/kernel_text.ts";
import { parseArp } from "../host/net/arp.ts";
import { parseNetstat } from "../host/net/netstat.ts";
import { parseIpv6Routes, parseRoutes } from "../host/net/routes.ts";
import { optionalText } from "../host/net/socket_tables.ts";
import { parseSockstat } from "../host/net/sockstat.ts";
import { type NeighbourFamily, neighbourFill } from "../host/net/table_fill.ts";
import { flag } from "./arguments.ts";
import { given, textIfReadable } from "./kernel_reads.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

/** A router has hundreds of thousands. */
const MAX_ROUTES = 200;
const MAX_NEIGHBOURS = 200;

/** Where packets go. */
export const ROUTE_TABLE = defineTool({
  name: "route_table",
  family: "network",
  description: "The routes of the host's main table: destinations, gateways, interfaces",
  args: { show_v6: about(flag(false), "Whether to show the IPv6 routes, too.") },
  needs: [{ kernel: "/proc/net/route" }, { kernel: "/proc/net/ipv6_route" }],
  reach: "host",
  async run({ show_v6 }, { host }) {
    const v4 = parseRoutes(await host.text("/proc/net/route"));
    const v6 = show_v6 ? parseIpv6Routes(await optionalText(host, "/proc/net/ipv6_route")) : [];
    const all = [
      ...v4.map((route) => ({ family: "IPv4", ...route })),
      ...v6.map((route) => ({ family: "IPv6", ...route })),
    ];
    const routes = all.slice(0, MAX_ROUTES).map((
      { family, destination, gateway, device, metric, isReject },
    ) => ({
      family,
      destination,
      device,
      metric,
      reject: isReject,
      ...given({ gateway }),
    }));
    const text = table(
      columns("destination", "gateway", "device", ">metric"),
      routes.map(({ destination, gateway, device, metric, reject }) => [
        destination,
        reject ? "refused" : gateway ?? "on the link",
        device,
        String(metric),
      ]),
    );
    const defaults = routes.filter(({ destination, family }) =>
      destination === "default" && family === "IPv4"
    );
    const notes = [
      defaults.length === 0 && "there is no IPv4 default route",
      all.length > routes.length && `the first ${routes.length} of ${all.length}`,
    ].filter((note) => note !== false).map((note) => `\n(${note})`);
    return { text: text + notes.join(""), data: { total: all.length, routes } };
  },
});

/** The neighbours in the local networks. */
export const ARP_NEIGH = defineTool({
  name: "arp_neigh",
  family: "network",
  description: "Neighbours in the local networks: how full the tables are, and who does not answer",
  args: { show_all: about(flag(false), "Whether to show those that answer, too.") },
  needs: [{ kernel: "/proc/net/arp" }, { kernel: "/proc/net/stat/arp_cache" }],
  reach: "host",
  async run({ show_all }, { host }) {
    const all = parseArp(await host.text("/proc/net/arp"));
    const silent = all.filter(({ state }) => state === "incomplete");
    const chosen = show_all ? [...silent, ...all.filter(({ state }) => state !== "incomplete")] : silent;
    const shown = chosen.slice(0, MAX_NEIGHBOURS);
    const [ipv4, ipv6] = await Promise.all([fillOf(host, "ipv4"), fillOf(host, "ipv6")]);
    const tables = [ipv4, ipv6].flatMap((fill) =>
      fill === undefined
        ? []
        : `${fill.family}: ${fill.entries} of at most ${fill.max} (${percentText(fill.used_pct)})`
    );
    const rows = shown.map(({ address, mac, device, state }) => [address, mac, device, state]);
    const text = [
      `${all.length} IPv4 neighbours, ${silent.length} do not answer`,
      ...tables,
      ...(rows.length > 0 ? [table(columns("address", "mac", "device", "state"), rows)] : []),
      ...(chosen.length > shown.length ? [`(the first ${shown.length} of ${chosen.length})`] : []),
    ].join("\n");
    return {
      text,
      data: {
        neighbours: all.length,
        incomplete: silent.length,
        tables: [ipv4, ipv6].filter((fill) => fill !== undefined),
        shown,
      },
    };
  },
});

async function fillOf(host: HostFacts, family: NeighbourFamily) {
  try {
    const fill = await neighbourFill(host, family);
    return fill && { family, entries: fill.entries, max: fill.max, used_pct: 100 * fill.entries / fill.max };
  } catch (error) {
    if (error instanceof FactUnavailableError) return undefined; // the limit is beside the point here
    throw error;
  }
}

/** The settings that decide how TCP bears load. */
const SETTINGS = [
  "net.core.somaxconn",
  "net.core.netdev_max_backlog",
  "net.core.rmem_max",
  "net.core.wmem_max",
  "net.ipv4.tcp_max_syn_backlog",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_abort_on_overflow",
  "net.ipv4.tcp_tw_reuse",
  "net.ipv4.tcp_max_tw_buckets",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_retries2",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_wmem",
  "net.ipv4.tcp_mem",
  "net.ipv4.tcp_max_orphans",
  "net.ipv4.tcp_congestion_control",
  "net.ipv4.tcp_sack",
  "net.ipv4.tcp_window_scaling",
] as const;

/** The settings of TCP, held against what the counters tell. */
export const TCP_TUNING_CHECK = defineTool({
  name: "tcp_tuning_check",
  family: "network",
  description: "The kernel's settings of TCP, with a note where the counters show that one is too small",
  args: {},
  needs: [{ kernel: "/proc/sys/net" }, { kernel: "/proc/net/netstat" }, { kernel: "/proc/net/sockstat" }],
  reach: "host",
  async run(_, { host }) {
    const values = new Map<string, string>();
    await Promise.all(SETTINGS.map(async (key) => {
      const text = (await optionalText(host, `/proc/sys/${key.replaceAll(".", "/")}`)).trim();
      if (text !== "") values.set(key, cleanLine(text, 128));
    }));
    const notes = await tuningNotes(host, values);
    const settings = SETTINGS.flatMap((key) => {
      const value = values.get(key);
      return value === undefined ? [] : [{ key, value, ...given({ note: notes.get(key) }) }];
    }).sort((a, b) => Number(b.note !== undefined) - Number(a.note !== undefined));
    const text = table(
      columns("setting", "value", "note"),
      settings.map(({ key, value, note }) => [key, value, note ?? ""]),
    );
    return { text, data: { notes: notes.size, settings } };
  },
});

async function tuningNotes(
  host: HostFacts,
  values: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const counters = parseNetstat((await textIfReadable(host, "/proc/net/netstat")) ?? "").get("TcpExt");
  const tcp = parseSockstat((await textIfReadable(host, "/proc/net/sockstat")) ?? "").get("TCP");
  const count = (name: string) => counters?.get(name) ?? 0;
  const setting = (key: string, index = 0) => countOf(wordsOf(values.get(key) ?? "")[index]);
  const notes = new Map<string, string>();
  const overflows = count("ListenOverflows");
  const backlog = setting("net.core.somaxconn");
  if (backlog !== undefined && overflows > 0) {
    const hint = backlog < 1024 ? "; no listener's queue can be longer than this" : "";
    notes.set("net.core.somaxconn", `${overflows} accept queue overflows since boot${hint}`);
  }
  const halfOpen = count("TCPReqQFullDrop");
  if (halfOpen > 0) {
    notes.set("net.ipv4.tcp_max_syn_backlog", `${halfOpen} drops of a full half-open queue since boot`);
  }
  if (setting("net.ipv4.tcp_syncookies") === 0) {
    notes.set("net.ipv4.tcp_syncookies", "off: a flood of SYN keeps everybody out");
  }
  if (setting("net.ipv4.tcp_abort_on_overflow") === 1) {
    notes.set("net.ipv4.tcp_abort_on_overflow", "on: clients get a reset where an accept queue is full");
  }
  const timeWait = tcp?.get("tw") ?? 0;
  const lowest = setting("net.ipv4.ip_local_port_range");
  const highest = setting("net.ipv4.ip_local_port_range", 1);
  if (
    lowest !== undefined && highest !== undefined && highest >= lowest && timeWait > (highest - lowest) / 2
  ) {
    const note = `${timeWait} sockets in TIME_WAIT, of ${highest - lowest + 1} local ports to any one peer`;
    notes.set("net.ipv4.ip_local_port_range", note);
  }
  const buckets = setting("net.ipv4.tcp_max_tw_buckets");
  if (buckets !== undefined && buckets > 0 && timeWait >= 0.9 * buckets) {
    notes.set("net.ipv4.tcp_max_tw_buckets", `${timeWait} sockets in TIME_WAIT: what is beyond is dropped`);
  }
  const pages = tcp?.get("mem");
  const pressure = setting("net.ipv4.tcp_mem", 1);
  if (pages !== undefined && pressure !== undefined && pressure > 0 && pages >= 0.8 * pressure) {
    notes.set("net.ipv4.tcp_mem", `${pages} pages in use, memory is short from ${pressure} on`);
  }
  const orphans = tcp?.get("orphan") ?? 0;
  const maxOrphans = setting("net.ipv4.tcp_max_orphans");
  if (maxOrphans !== undefined && maxOrphans > 0 && orphans >= 0.8 * maxOrphans) {
    notes.set("net.ipv4.tcp_max_orphans", `${orphans} sockets that no process holds any more`);
  }
  return notes;
}
