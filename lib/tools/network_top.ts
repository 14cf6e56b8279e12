/** Tools that count connections: by the service they go to, by the service they come to, by the other side. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { addressOfWords } from "../host/net/address_text.ts";
import { increase } from "../host/net/listeners.ts";
import { readSocketTable, TCP_TABLES } from "../host/net/socket_tables.ts";
import { tcpStateName, tcpStateNumber } from "../host/net/tcp_state_name.ts";
import { CLOSE_WAIT, eachSocket, LISTEN, type SocketLine, TCP_STATES } from "../host/net/tcp_table.ts";
import { wholeNumber } from "./arguments.ts";
import { ownerData, ownerNotes, ownerOf, ownersOf, programText } from "./network_listeners.ts";
import { columns, table } from "./table.ts";
import { defineTool, type ToolContext } from "./tool.ts";

const ALL = "all";

const ARGS = {
  state: about(
    z._default(z.string().check(z.maxLength(32)), ALL).check(z.refine(
      (written) => written.trim().toLowerCase() === ALL || tcpStateNumber(written) !== undefined,
      `must be ${ALL} or one of ${[...TCP_STATES.values()].join(", ")}`,
    )),
    "Only connections in this state, such as ESTABLISHED or CLOSE_WAIT.",
  ),
  count: about(wholeNumber(10, 1, 100), "How many rows to show."),
};
const NEEDS = [{ kernel: "/proc/net/tcp" }, { kernel: "/proc/net/tcp6" }] as const;

/** Which services this host is a client of. */
export const TOP_CONNECTIONS_BY_PORT = defineTool({
  name: "top_connections_by_port",
  family: "network",
  description: "Connections that this host opened, by the remote port: which services it uses most",
  args: ARGS,
  needs: NEEDS,
  reach: "host",
  async run({ state, count }, context) {
    const tables = await readTables(context);
    const { served } = portsServed(tables);
    const counts = new Map<number, { connections: number; closeWait: number }>();
    let total = 0;
    each(tables, state, (line) => {
      if (served.has(line.localPort)) return; // somebody else opened it
      total++;
      const known = counts.get(line.remotePort) ?? { connections: 0, closeWait: 0 };
      known.connections++;
      if (line.state === CLOSE_WAIT) known.closeWait++;
      counts.set(line.remotePort, known);
    });
    const ports = [...counts].map(([port, { connections, closeWait }]) => ({
      port,
      connections,
      close_wait: closeWait,
    })).sort(mostFirst).slice(0, count);
    const rows = ports.map(({ port, connections, close_wait }) =>
      [port, connections, close_wait].map(String)
    );
    const head = `${total} connections opened by this host${stateText(state)}, to ${counts.size} ports`;
    return {
      text: `${head}\n${table(columns(">remote port", ">connections", ">CLOSE_WAIT"), rows)}`,
      data: { state: normal(state), total, remote_ports: counts.size, ports },
    };
  },
});

/** Which services of this host are used, and whose they are. */
export const TOP_CONNECTIONS_BY_LOCAL_PORT = defineTool({
  name: "top_connections_by_local_port",
  family: "network",
  description:
    "Connections by the local port, with the program that has it: which of this host's services are busy",
  args: ARGS,
  needs: [...NEEDS, { kernel: "/proc" }],
  reach: "host",
  async run({ state, count }, context) {
    const tables = await readTables(context);
    const { served } = portsServed(tables);
    const counts = new Map<number, { connections: number; closeWait: number; inode: number }>();
    let total = 0;
    each(tables, state, (line) => {
      total++;
      const known = counts.get(line.localPort) ?? { connections: 0, closeWait: 0, inode: 0 };
      known.connections++;
      if (line.state === CLOSE_WAIT) known.closeWait++;
      if (known.inode === 0) known.inode = line.inode ?? 0;
      counts.set(line.localPort, known);
    });
    const top = [...counts].map(([port, known]) => ({ port, ...known })).sort(mostFirst).slice(0, count);
    // Whoever holds a connection is the one to name; before it is accepted, that is whoever listens.
    const inodeOf = ({ port, inode }: { port: number; inode: number }) => inode || (served.get(port) ?? 0);
    const found = await ownersOf(context, top.map(inodeOf));
    const ports = top.map((row) => ({
      port: row.port,
      listening: served.has(row.port),
      connections: row.connections,
      close_wait: row.closeWait,
      ...ownerOf(found, inodeOf(row)),
    }));
    const text = table(
      columns(">local port", ">connections", ">CLOSE_WAIT", "listening", "program"),
      ports.map((row) => [
        String(row.port),
        String(row.connections),
        String(row.close_wait),
        row.listening ? "yes" : "no",
        programText(row),
      ]),
    );
    return {
      text: `${total} connections${stateText(state)}, on ${counts.size} local ports\n${text}${
        ownerNotes(found)
      }`,
      data: { state: normal(state), total, local_ports: counts.size, ports, ...ownerData(found) },
    };
  },
});

/** With whom the connections are. */
export const TOP_CONNECTIONS_BY_PEER = defineTool({
  name: "top_connections_by_peer",
  family: "network",
  description:
    "Connections by the other side's address: one client that takes all, one server that everything waits for",
  args: ARGS,
  needs: NEEDS,
  reach: "host",
  async run({ state, count }, context) {
    const tables = await readTables(context);
    const { served } = portsServed(tables);
    const counts = new Map<string, { connections: number; inbound: number; ports: Map<number, number> }>();
    let total = 0;
    each(tables, state, (line) => {
      total++;
      const key = ipv4Inside(line.remoteHex);
      const known = counts.get(key) ?? { connections: 0, inbound: 0, ports: new Map<number, number>() };
      known.connections++;
      const isInbound = served.has(line.localPort);
      if (isInbound) known.inbound++;
      increase(known.ports, isInbound ? line.localPort : line.remotePort);
      counts.set(key, known);
    });
    const peers = [...counts].sort(([, a], [, b]) => mostFirst(a, b)).slice(0, count).map(([key, known]) => {
      const [port = 0] = [...known.ports].sort(([, a], [, b]) => b - a)[0] ?? [];
      return {
        address: addressOfWords(key) ?? "?",
        connections: known.connections,
        inbound: known.inbound,
        outbound: known.connections - known.inbound,
        busiest_port: port,
      };
    });
    const rows = peers.map((
      row,
    ) => [row.address, ...[row.connections, row.inbound, row.outbound, row.busiest_port].map(String)]);
    const titles = columns("peer", ">connections", ">inbound", ">outbound", ">busiest port");
    return {
      text: `${total} connections${stateText(state)}, with ${counts.size} peers\n${table(titles, rows)}`,
      data: { state: normal(state), total, peer_count: counts.size, peers },
    };
  },
});

async function readTables({ host }: ToolContext): Promise<string[]> {
  return await Promise.all(TCP_TABLES.map((each) => readSocketTable(host, each)));
}

/** The ports that are listened on, and the inodes of the listeners. */
function portsServed(tables: readonly string[]): { served: ReadonlyMap<number, number> } {
  const served = new Map<number, number>();
  for (const text of tables) {
    eachSocket(text, (line) => {
      if (line.state === LISTEN) served.set(line.localPort, line.inode ?? 0);
    });
  }
  return { served };
}

/** Every connection in the state that was asked for; a listener is none. */
function each(tables: readonly string[], state: string, visit: (line: SocketLine) => void): void {
  const wanted = tcpStateNumber(state);
  for (const text of tables) {
    eachSocket(text, (line) => {
      if (line.state !== LISTEN && (wanted === undefined || line.state === wanted)) visit(line);
    });
  }
}

/** An IPv4 peer of an IPv6 socket is the same peer. */
function ipv4Inside(hex: string): string {
  return hex.startsWith("0000000000000000FFFF0000") ? hex.slice(24) : hex;
}

function mostFirst(a: { connections: number }, b: { connections: number }): number {
  return b.connections - a.connections;
}

function normal(state: string): string {
  const number = tcpStateNumber(state);
  return number === undefined ? ALL : tcpStateName(number);
}

function stateText(state: string): string {
  return normal(state) === ALL ? "" : ` in ${normal(state)}`;
}
