/** Tools about the host's connections as a whole, and about those of one process. */
import { about } from "../zod.ts";
import { endpointText } from "../host/net/address_text.ts";
import { closeWaitHolders, holderText, readCloseWait } from "../host/net/close_wait_holders.ts";
import { increase } from "../host/net/listeners.ts";
import { programOf, socketInodesOf } from "../host/net/socket_owners.ts";
import { optionalText, readSocketTable, TCP_TABLES, UDP_TABLES } from "../host/net/socket_tables.ts";
import { tcpStateName } from "../host/net/tcp_state_name.ts";
import {
  CLOSE_WAIT,
  eachSocket,
  ESTABLISHED,
  LISTEN,
  parseSocketTable,
  TIME_WAIT,
} from "../host/net/tcp_table.ts";
import { parseUnixTable } from "../host/net/unix_table.ts";
import { processId, wholeNumber } from "./arguments.ts";
import { ownerData, ownerNotes } from "./network_listeners.ts";
import { columns, table } from "./table.ts";
import { defineTool, type ToolContext } from "./tool.ts";

const TABLES = [{ kernel: "/proc/net/tcp" }, { kernel: "/proc/net/tcp6" }] as const;

/** How many of each kind. */
export const NETWORK_CONNECTIONS_SUMMARY = defineTool({
  name: "network_connections_summary",
  family: "network",
  description: "How many connections and sockets there are: TCP by state, UDP, local sockets",
  args: {},
  needs: [...TABLES, { kernel: "/proc/net/udp" }, { kernel: "/proc/net/unix" }],
  reach: "host",
  async run(_, context) {
    const states = await tcpStates(context);
    let udp = 0;
    for (const each of UDP_TABLES) eachSocket(await readSocketTable(context.host, each), () => void udp++);
    const unix = parseUnixTable(await optionalText(context.host, "/proc/net/unix", 16 * 1024 ** 2));
    const of = (state: number) => states.get(state) ?? 0;
    const data = {
      tcp: [...states.values()].reduce((all, count) => all + count, 0),
      established: of(ESTABLISHED),
      close_wait: of(CLOSE_WAIT),
      time_wait: of(TIME_WAIT),
      listening: of(LISTEN),
      udp,
      unix: unix.length,
      unix_listening: unix.filter(({ isListening }) => isListening).length,
    };
    const rows = Object.entries(data).map(([name, count]) => [name.replaceAll("_", " "), String(count)]);
    return { text: table(columns("sockets", ">count"), rows), data };
  },
});

/** The states of all TCP connections. */
export const TCP_STATE_DISTRIBUTION = defineTool({
  name: "tcp_state_distribution",
  family: "network",
  description:
    "How many TCP connections are in which state: CLOSE_WAIT and TIME_WAIT that pile up, half-open ones",
  args: {},
  needs: TABLES,
  reach: "host",
  async run(_, context) {
    const counts = await tcpStates(context);
    const states = [...counts].map(([state, count]) => ({ state: tcpStateName(state), count }))
      .sort((a, b) => b.count - a.count);
    const total = states.reduce((all, { count }) => all + count, 0);
    const rows = [...states.map(({ state, count }) => [state, String(count)]), ["all", String(total)]];
    return {
      text: table(columns("state", ">connections"), rows),
      data: { total, close_wait: counts.get(CLOSE_WAIT) ?? 0, time_wait: counts.get(TIME_WAIT) ?? 0, states },
    };
  },
});

/** Who does not close connections that are over. */
export const CLOSE_WAIT_OWNERS = defineTool({
  name: "close_wait_owners",
  family: "network",
  description:
    "Which programs hold connections in CLOSE_WAIT: the other side ended them, the program does not close",
  args: { count: about(wholeNumber(10, 1, 100), "How many programs to show.") },
  needs: [...TABLES, { kernel: "/proc" }],
  reach: "host",
  async run({ count }, { host, clock, signal }) {
    const { closeWait, sockets } = await readCloseWait(host);
    const found = await closeWaitHolders(host, sockets, { clock, signal, budgetMs: 4000 });
    const shown = found.holders.slice(0, count);
    const text = [
      `${closeWait === 0 ? "no" : closeWait} connections in CLOSE_WAIT`,
      ...shown.map((holder) => `  ${holderText(holder)}`),
    ].join("\n");
    return {
      text: text + ownerNotes({ ...found, owners: new Map() }),
      data: {
        close_wait: closeWait,
        holders: shown.map(({ localPort, isUnaccepted, ...rest }) => ({
          ...rest,
          ...(localPort !== undefined && { port: localPort }),
          unaccepted: isUnaccepted,
        })),
        ...ownerData({ ...found, owners: new Map() }),
      },
    };
  },
});

/** How many connections of one process are shown. */
const MAX_CONNECTIONS = 500;

/** The connections of one process. */
export const CONNECTIONS_OF_PROCESS = defineTool({
  name: "connections_of_process",
  family: "network",
  description:
    "The TCP and UDP sockets of one process: what it listens on, whom it is connected to, queued bytes",
  args: {
    pid: about(processId(), "The process's number."),
    max_connections: about(wholeNumber(100, 1, MAX_CONNECTIONS), "How many to show."),
  },
  needs: [{ kernel: "/proc" }],
  reach: "host",
  async run({ pid, max_connections }, { host, signal }) {
    const inodes = await socketInodesOf(host, pid, signal).catch((error: unknown) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Error(`cannot look at process ${pid}: there is none of that number`, { cause: error });
    });
    const all = [];
    for (const each of [...TCP_TABLES, ...UDP_TABLES]) {
      // Its own network: that of a container is not the host's.
      const text = await readSocketTable(host, each, `/proc/${pid}`);
      const protocol = each.startsWith("tcp") ? "tcp" : "udp";
      const keep = (line: { inode: number | undefined }) => inodes.has(line.inode ?? 0);
      for (const row of parseSocketTable(text, { keep })) all.push({ protocol, ...row });
    }
    const rows = all.map((row) => ({
      protocol: row.protocol,
      local: endpointText(row.localAddress, row.localPort),
      remote: endpointText(row.remoteAddress, row.remotePort),
      state: row.protocol === "udp" && row.state === 7 ? "UNCONNECTED" : tcpStateName(row.state),
      send_queue: row.txQueueBytes ?? 0,
      receive_queue: row.rxQueueBytes ?? 0,
    })).sort((a, b) => b.send_queue + b.receive_queue - a.send_queue - a.receive_queue);
    const states = new Map<string, number>();
    for (const { state } of rows) increase(states, state);
    const shown = rows.slice(0, max_connections);
    const program = await programOf(host, pid);
    const text = [
      `${program} (pid ${pid}): ${rows.length} TCP and UDP sockets, of ${inodes.size} sockets in all`,
      ...(shown.length === 0 ? [] : [table(
        columns("proto", "local", "remote", "state", ">to send", ">to read"),
        shown.map((
          row,
        ) => [
          row.protocol,
          row.local,
          row.remote,
          row.state,
          String(row.send_queue),
          String(row.receive_queue),
        ]),
      )]),
      ...(rows.length > shown.length ? [`(the first ${shown.length} of ${rows.length})`] : []),
    ].join("\n");
    return {
      text,
      data: {
        pid,
        program,
        sockets: inodes.size,
        total: rows.length,
        states: Object.fromEntries(states),
        connections: shown,
      },
    };
  },
});

async function tcpStates({ host }: ToolContext): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (const each of TCP_TABLES) {
    eachSocket(await readSocketTable(host, each), ({ state }) => increase(counts, state));
  }
  return counts;
}
