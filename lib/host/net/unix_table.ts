/** `/proc/net/unix`: the sockets of processes on this host that speak to each other. */
import { countOf, wordsOf } from "../kernel_text.ts";

/** One socket. */
export interface UnixSocket {
  readonly kind: "stream" | "datagram" | "packet";
  readonly isListening: boolean;
  readonly inode: number;
  /** A path, or `@name` for one outside of the file system; missing for one without a name. */
  readonly path?: string;
}

const KINDS: ReadonlyMap<string, UnixSocket["kind"]> = new Map([
  ["0001", "stream"],
  ["0002", "datagram"],
  ["0005", "packet"],
]);

/** A socket that accepts connections. */
const ACCEPTING = 0x10000;

/** Never throws; a line that is no socket's is skipped. */
export function parseUnixTable(text: string): UnixSocket[] {
  const sockets: UnixSocket[] = [];
  for (const line of text.split("\n")) {
    const [number = "", , , flags = "", type = "", , inodeWord] = wordsOf(line);
    const kind = KINDS.get(type);
    const inode = countOf(inodeWord);
    if (!number.endsWith(":") || kind === undefined || inode === undefined) continue;
    const path = /^\s*(?:\S+\s+){7}(.+)$/.exec(line)?.[1];
    sockets.push({
      kind,
      isListening: (parseInt(flags, 16) & ACCEPTING) !== 0,
      inode,
      ...(path !== undefined && { path }),
    });
  }
  return sockets;
}
