/** Who waits for connections, and how many connections wait for them. */
import type { HostFacts } from "../host_facts.ts";
import { addressOfWords, endpointText } from "./address_text.ts";
import { readSocketTable, TCP_TABLES } from "./socket_tables.ts";
import { CLOSE_WAIT, eachSocket, ESTABLISHED, LISTEN, SYN_RECV } from "./tcp_table.ts";

/** A listening TCP socket. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  /** `0.0.0.0:80`, `[::]:80`. */
  readonly endpoint: string;
  readonly inode: number;
  /** Connections that are complete, and wait for the program to accept them. */
  readonly acceptQueue: number;
}

/** The listeners, and what their ports are busy with. */
export interface ListenerFacts {
  readonly listeners: readonly Listener[];
  /** Of a port, how many connections stand: established, or ended by the other side. */
  readonly connections: ReadonlyMap<number, number>;
  /** Of a port, how many connections are half open: many where an accept queue is full. */
  readonly halfOpen: ReadonlyMap<number, number>;
  /** Of a port, how many ended connections nobody has accepted yet. */
  readonly endedUnaccepted: ReadonlyMap<number, number>;
}

/** @throws FactUnavailableError where the host does not let the tables be read. */
export async function readListeners(host: HostFacts): Promise<ListenerFacts> {
  const listeners: Listener[] = [];
  const connections = new Map<number, number>();
  const halfOpen = new Map<number, number>();
  const endedUnaccepted = new Map<number, number>();
  for (const table of TCP_TABLES) {
    eachSocket(await readSocketTable(host, table), (line) => {
      const { localPort: port, state } = line;
      if (state === LISTEN) {
        const address = addressOfWords(line.localHex);
        if (address === undefined) return;
        listeners.push({
          address,
          port,
          endpoint: endpointText(address, port),
          inode: line.inode ?? 0,
          acceptQueue: line.rxQueueBytes ?? 0,
        });
      } else if (state === SYN_RECV) increase(halfOpen, port);
      else if (state === ESTABLISHED || state === CLOSE_WAIT) {
        increase(connections, port);
        if (state === CLOSE_WAIT && line.inode === 0) increase(endedUnaccepted, port);
      }
    });
  }
  return { listeners, connections, halfOpen, endedUnaccepted };
}

/** Counts one more. */
export function increase<Key>(counts: Map<Key, number>, key: Key, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
