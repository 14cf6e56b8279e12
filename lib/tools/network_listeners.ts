/** Tools about what listens on the host, and whether it keeps up. */
import { about } from "../zod.ts";
import { sleep } from "../clock.ts";
import { endpointText } from "../host/net/address_text.ts";
import { readListeners } from "../host/net/listeners.ts";
import { parseNetstat } from "../host/net/netstat.ts";
import { findSocketOwners, type SocketOwner, type SocketOwners } from "../host/net/socket_owners.ts";
import { readSocketTable, UDP_TABLES } from "../host/net/socket_tables.ts";
import { sysctlCount } from "../host/net/table_fill.ts";
import { parseSocketTable } from "../host/net/tcp_table.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { flag, wholeNumber } from "./arguments.ts";
import { given } from "./kernel_reads.ts";
import { columns, table } from "./table.ts";
import { defineTool, type ToolContext } from "./tool.ts";

/** A host of many services has hundreds. */
const MAX_ROWS = 300;

/** A UDP socket that is not connected: it takes from anybody. */
const UNCONNECTED = 7;

/** A socket that others can reach; the figures are those of TCP. */
interface ListeningSocket {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  readonly endpoint: string;
  readonly inode: number;
  readonly accept_queue?: number;
  readonly half_open?: number;
  readonly connections?: number;
}

/** What listens. */
export const NETWORK_LISTEN_PORTS = defineTool({
  name: "network_listen_ports",
  family: "network",
  description: "Listening ports with their programs, and how many connections wait to be accepted on each",
  args: { udp: about(flag(true), "Whether to show UDP ports, too.") },
  needs: [{ kernel: "/proc/net/tcp" }, { kernel: "/proc/net/udp" }, { kernel: "/proc" }],
  reach: "host",
  async run({ udp }, context) {
    const { listeners, connections, halfOpen } = await readListeners(context.host);
    const tcp = listeners.map(({ port, endpoint, address, inode, acceptQueue }) => ({
      protocol: "tcp",
      address,
      port,
      endpoint,
      inode,
      accept_queue: acceptQueue,
      half_open: halfOpen.get(port) ?? 0,
      connections: connections.get(port) ?? 0,
    })).sort((a, b) => b.accept_queue - a.accept_queue || a.port - b.port);
    const sockets: ListeningSocket[] = [...tcp, ...(udp ? await udpPorts(context) : [])];
    const shown = sockets.slice(0, MAX_ROWS);
    const found = await ownersOf(context, shown.map(({ inode }) => inode));
    const ports = shown.map(({ inode, ...rest }) => ({ ...rest, ...ownerOf(found, inode) }));
    const text = table(
      columns("proto", "listens on", ">queue", ">half open", ">connections", "program"),
      ports.map((row) => [
        row.protocol,
        row.endpoint,
        String(row.accept_queue ?? "-"),
        String(row.half_open ?? "-"),
        String(row.connections ?? "-"),
        programText(row),
      ]),
    );
    const cut = sockets.length > shown.length ? `\n(the first ${shown.length} of ${sockets.length})` : "";
    const somaxconn = await sysctlCount(context.host, "/proc/sys/net/core/somaxconn");
    return {
      text: `${text}${cut}${ownerNotes(found)}`,
      data: { total: sockets.length, ...given({ somaxconn }), ports, ...ownerData(found) },
    };
  },
});

/** Whether connections are lost because a program does not accept them. */
export const LISTEN_OVERFLOW = defineTool({
  name: "listen_overflow",
  family: "network",
  description:
    "Connections lost to full accept queues, since boot and over an interval, and the listeners that lag",
  args: {
    port: about(wholeNumber(0, 0, 65_535), "Only the listeners on this port; 0: all of them."),
    delay_ms: about(wholeNumber(1000, 100, 8000), "Over how many milliseconds it measures."),
  },
  needs: [{ kernel: "/proc/net/netstat" }, { kernel: "/proc/net/tcp" }, { kernel: "/proc" }],
  reach: "host",
  async run({ port, delay_ms }, context) {
    const { host, clock, signal } = context;
    const earlier = await overflows(context);
    const startMs = clock.monotonicMs();
    await sleep(clock, delay_ms, signal);
    const later = await overflows(context);
    const elapsedMs = Math.max(1, clock.monotonicMs() - startMs);
    const { listeners, halfOpen } = await readListeners(host);
    const all = listeners.filter((each) => port === 0 || each.port === port);
    if (port !== 0 && all.length === 0) {
      throw new Error(
        `cannot look at port ${port}: nothing listens on it; network_listen_ports lists what does`,
      );
    }
    const waiting = all.filter((each) =>
      port !== 0 || each.acceptQueue > 0 || (halfOpen.get(each.port) ?? 0) > 0
    )
      .sort((a, b) => b.acceptQueue - a.acceptQueue || a.port - b.port).slice(0, MAX_ROWS);
    const found = await ownersOf(context, waiting.map(({ inode }) => inode));
    const grown = Math.max(0, later.overflows - earlier.overflows);
    const data = {
      interval_ms: Math.round(elapsedMs),
      overflows: grown,
      overflows_per_min: 60_000 * grown / elapsedMs,
      drops: Math.max(0, later.drops - earlier.drops),
      overflows_since_boot: later.overflows,
      drops_since_boot: later.drops,
      ...given({ somaxconn: await sysctlCount(host, "/proc/sys/net/core/somaxconn") }),
      listeners: waiting.map(({ address, port, endpoint, inode, acceptQueue }) => ({
        address,
        port,
        endpoint,
        accept_queue: acceptQueue,
        half_open: halfOpen.get(port) ?? 0,
        ...ownerOf(found, inode),
      })),
      ...ownerData(found),
    };
    const lines = [
      `${grown} accept queue overflows in ${data.interval_ms} ms, ${later.overflows} since boot; ` +
      `${later.drops} connections dropped since boot`,
      data.listeners.length === 0 ? "no listener has connections waiting" : table(
        columns("listens on", ">queue", ">half open", "program"),
        data.listeners.map((row) => [
          row.endpoint,
          String(row.accept_queue),
          String(row.half_open),
          programText(row),
        ]),
      ),
    ];
    return { text: lines.join("\n") + ownerNotes(found), data };
  },
});

/** Who holds the sockets; an empty answer with the reason where the processes cannot be listed at all. */
export async function ownersOf(context: ToolContext, inodes: readonly number[]): Promise<FoundOwners> {
  const { host, clock, signal } = context;
  try {
    return await findSocketOwners(host, new Set(inodes), { clock, signal, budgetMs: 4000 });
  } catch (error) {
    if (!(error instanceof FactUnavailableError)) throw error;
    return { owners: new Map(), unreadable: 0, isComplete: false, refusal: error.message };
  }
}

/** What a search came to, or why it came to nothing. */
export type FoundOwners = SocketOwners & { readonly refusal?: string };

/** The holder of a socket, as data. */
export function ownerOf({ owners }: FoundOwners, inode: number): Partial<SocketOwner> {
  return owners.get(inode) ?? {};
}

/** The holder of a socket, as text. */
export function programText({ pid, program }: Partial<SocketOwner>): string {
  return pid === undefined ? "?" : `${program} (pid ${pid})`;
}

/** What a reader has to know of a search besides what it found; nothing where it was complete. */
export function ownerNotes({ unreadable, isComplete, refusal }: FoundOwners): string {
  const notes = [
    refusal,
    unreadable > 0 && `${unreadable} ${unreadable === 1 ? "process" : "processes"} not readable`,
    !isComplete && refusal === undefined && "not all processes were looked into",
  ].filter((note) => typeof note === "string");
  return notes.length === 0 ? "" : `\n(${notes.join("; ")})`;
}

/** The same for programs. */
export function ownerData({ unreadable, isComplete }: FoundOwners) {
  return { processes_refused: unreadable, owners_complete: isComplete };
}

async function udpPorts({ host }: ToolContext): Promise<ListeningSocket[]> {
  const rows = [];
  for (const each of UDP_TABLES) {
    const text = await readSocketTable(host, each);
    rows.push(...parseSocketTable(text, { keep: ({ state }) => state === UNCONNECTED }));
  }
  return rows.map(({ localAddress, localPort, inode = 0 }) => ({
    protocol: "udp",
    address: localAddress,
    port: localPort,
    endpoint: endpointText(localAddress, localPort),
    inode,
  })).sort((a, b) => a.port - b.port);
}

async function overflows({ host }: ToolContext): Promise<{ overflows: number; drops: number }> {
  const counters = parseNetstat(await host.text("/proc/net/netstat")).get("TcpExt");
  const overflows = counters?.get("ListenOverflows");
  if (overflows === undefined) throw new Error("cannot count overflows: this kernel does not");
  return { overflows, drops: counters?.get("ListenDrops") ?? overflows };
}
