/** Who keeps connections open that the other side has ended. */
import { FactUnavailableError, type HostFacts } from "../host_facts.ts";
import { increase } from "./listeners.ts";
import { findSocketOwners, type SocketOwnersOptions } from "./socket_owners.ts";
import { optionalText, readSocketTable, TCP_TABLES } from "./socket_tables.ts";
import { parseSockstat } from "./sockstat.ts";
import { CLOSE_WAIT, eachSocket, LISTEN, TIME_WAIT } from "./tcp_table.ts";

/** Sockets in CLOSE_WAIT, as far as one walk over the tables tells. */
export interface CloseWaitSockets {
  /** By inode, the local port; those that no process holds yet are not among them. */
  readonly portOf: ReadonlyMap<number, number>;
  /** By local port, how many wait to be accepted. */
  readonly unaccepted: ReadonlyMap<number, number>;
  /** By local port that is listened on, the listener's inode. */
  readonly listeners: ReadonlyMap<number, number>;
}

/** A program, and what it has not closed. */
export interface CloseWaitHolder {
  /** Missing where nobody could be found. */
  readonly pid?: number;
  readonly program?: string;
  /** Missing where it has many: a client has one for every connection. */
  readonly localPort?: number;
  readonly count: number;
  /** The program has not even accepted them. */
  readonly isUnaccepted: boolean;
}

/** What a search came to, the worst first. */
export interface CloseWaitHolders {
  readonly holders: readonly CloseWaitHolder[];
  /** How many processes could not be looked into: not permitted. */
  readonly unreadable: number;
  readonly isComplete: boolean;
}

/** How many sockets are looked for. */
const MAX_INODES = 2000;

/** A program with sockets on more local ports than these is a client. */
const MAX_PORTS = 4;

/** All sockets in CLOSE_WAIT, and besides how many are in TIME_WAIT. @throws FactUnavailableError as `text` does. */
export async function readCloseWait(host: HostFacts) {
  let closeWait = 0;
  let timeWait = 0;
  const portOf = new Map<number, number>();
  const unaccepted = new Map<number, number>();
  const listeners = new Map<number, number>();
  for (const table of TCP_TABLES) {
    if (table === "tcp6" && await lacksTcp6(host, timeWait)) continue;
    eachSocket(await readSocketTable(host, table), (line) => {
      if (line.state === TIME_WAIT) timeWait++;
      else if (line.state === CLOSE_WAIT) {
        closeWait++;
        const inode = line.inode ?? 0;
        if (inode === 0) increase(unaccepted, line.localPort);
        else portOf.set(inode, line.localPort);
      } else if (line.state === LISTEN && line.inode !== undefined) {
        listeners.set(line.localPort, line.inode);
      }
    });
  }
  const sockets: CloseWaitSockets = { portOf, unaccepted, listeners };
  return { closeWait, timeWait, sockets };
}

/**
 * Whether the second table is known to be empty: the kernel walks all places for sockets, hundreds of thousands, for a
 * table of none. What it counts as IPv6 leaves out TIME_WAIT, and counts that for both families together.
 * @param timeWait how many the first table has.
 */
async function lacksTcp6(host: HostFacts, timeWait: number): Promise<boolean> {
  try {
    const tcp6 = parseSockstat(await optionalText(host, "/proc/net/sockstat6")).get("TCP6");
    if (tcp6?.get("inuse") !== 0) return false;
    const tcp = parseSockstat(await optionalText(host, "/proc/net/sockstat")).get("TCP");
    return (tcp?.get("tw") ?? Infinity) <= timeWait;
  } catch (error) {
    if (error instanceof FactUnavailableError) return false;
    throw error;
  }
}

/**
 * Looks for the holders. Of very many sockets only the first are looked for: their holders are those of the rest, too.
 * @throws FactUnavailableError where the processes cannot be listed; the signal's reason.
 */
export async function closeWaitHolders(
  host: HostFacts,
  { portOf, unaccepted, listeners }: CloseWaitSockets,
  options: SocketOwnersOptions,
): Promise<CloseWaitHolders> {
  const inodes = new Set([...portOf.keys()].slice(0, MAX_INODES));
  for (const port of unaccepted.keys()) inodes.add(listeners.get(port) ?? 0);
  const { owners, unreadable, isComplete } = await findSocketOwners(host, inodes, options);
  const held = new Map<number | undefined, Map<number, number>>();
  for (const [inode, port] of portOf) {
    if (!inodes.has(inode)) break;
    const pid = owners.get(inode)?.pid;
    const ports = held.get(pid) ?? new Map<number, number>();
    held.set(pid, ports);
    increase(ports, port);
  }
  const programs = new Map([...owners.values()].map((owner) => [owner.pid, owner]));
  const holders: CloseWaitHolder[] = [];
  for (const [pid, ports] of held) {
    const owner = pid === undefined ? {} : programs.get(pid);
    if (ports.size > MAX_PORTS) {
      const count = [...ports.values()].reduce((all, each) => all + each, 0);
      holders.push({ ...owner, count, isUnaccepted: false });
    } else {
      for (const [localPort, count] of ports) {
        holders.push({ ...owner, localPort, count, isUnaccepted: false });
      }
    }
  }
  for (const [localPort, count] of unaccepted) {
    holders.push({ ...owners.get(listeners.get(localPort) ?? 0), localPort, count, isUnaccepted: true });
  }
  return { holders: holders.sort((a, b) => b.count - a.count), unreadable, isComplete };
}

/** One line: `python3 (pid 12) holds 480 on port 8080`. */
export function holderText({ pid, program, localPort, count, isUnaccepted }: CloseWaitHolder): string {
  const who = pid === undefined ? "an unknown process" : `${program} (pid ${pid})`;
  const where = localPort === undefined ? "on many ports" : `on port ${localPort}`;
  return isUnaccepted ? `${who} has ${count} not accepted ${where}` : `${who} holds ${count} ${where}`;
}
