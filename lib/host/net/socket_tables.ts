/** The tables of sockets, read. */
import type { HostFacts } from "../host_facts.ts";

/** Room for about 400,000 sockets: what is longer is cut there, not refused. */
const MAX_TABLE_BYTES = 64 * 1024 ** 2;

/** Which of them. */
export type SocketTable = "tcp" | "tcp6" | "udp" | "udp6";

/** Both tables of TCP. */
export const TCP_TABLES: readonly SocketTable[] = ["tcp", "tcp6"];

/** Both tables of UDP. */
export const UDP_TABLES: readonly SocketTable[] = ["udp", "udp6"];

/**
 * The text of one table; empty where the kernel has none (IPv6 that is switched off).
 * @param of whose network: the host's, or that of a process, as `/proc/123`.
 * @throws FactUnavailableError where the host does not let it be read.
 */
export async function readSocketTable(host: HostFacts, table: SocketTable, of = "/proc"): Promise<string> {
  return await optionalText(host, `${of}/net/${table}`, MAX_TABLE_BYTES);
}

/** The text of a kernel file; empty where the kernel has none. @throws FactUnavailableError as `text` does. */
export async function optionalText(host: HostFacts, path: string, maxBytes?: number): Promise<string> {
  try {
    return await host.text(path, maxBytes === undefined ? {} : { maxBytes });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
