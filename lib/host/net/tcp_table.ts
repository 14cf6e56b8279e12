/**
 * `/proc/net/tcp`, `tcp6`, `udp` and `udp6`: every socket, one to a line. A busy host has 100,000 of them: the text is
 * walked once, and nothing is made of a line but what is asked for.
 */
import { addressOfWords } from "./address_text.ts";

/** What the kernel's numbers of a TCP connection's state stand for. */
export const TCP_STATES: ReadonlyMap<number, string> = new Map([
  [1, "ESTABLISHED"],
  [2, "SYN_SENT"],
  [3, "SYN_RECV"],
  [4, "FIN_WAIT1"],
  [5, "FIN_WAIT2"],
  [6, "TIME_WAIT"],
  [7, "CLOSE"],
  [8, "CLOSE_WAIT"],
  [9, "LAST_ACK"],
  [10, "LISTEN"],
  [11, "CLOSING"],
  [12, "NEW_SYN_RECV"],
]);

/** The numbers of the states that parts of the agent ask for by name. */
export const ESTABLISHED = 1;
export const SYN_RECV = 3;
export const TIME_WAIT = 6;
export const CLOSE_WAIT = 8;
export const LISTEN = 10;

/** One socket. */
export interface SocketRow {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** A key of {@linkcode TCP_STATES}; UDP has 7 (not connected) and 1. */
  readonly state: number;
  /** Written but not acknowledged. */
  readonly txQueueBytes?: number;
  /** Received but not read; of a listener: how many connections wait to be accepted. */
  readonly rxQueueBytes?: number;
  readonly uid?: number;
  /** 0 where no process holds it: not accepted yet, or closed by its process. */
  readonly inode?: number;
}

/** The line that is being looked at. It is moved on to the next one: keep figures, not the line. */
export class SocketLine {
  /** A key of {@linkcode TCP_STATES}. */
  state = 0;
  localPort = 0;
  remotePort = 0;
  #text = "";
  #local = 0;
  #hexChars = 8;

  /** Looks at the line whose local address starts at `local`. @returns false where that is no socket's line. */
  moveTo(text: string, local: number): boolean {
    let hexChars = 8;
    if (text.charCodeAt(local + 8) !== COLON) {
      hexChars = 32;
      if (text.charCodeAt(local + 32) !== COLON) return false;
    }
    const remote = local + hexChars + 6;
    if (text.charCodeAt(remote + hexChars) !== COLON || text.charCodeAt(remote - 1) !== SPACE) return false;
    const localPort = hex(text, local + hexChars + 1, 4);
    const remotePort = hex(text, remote + hexChars + 1, 4);
    const state = hex(text, remote + hexChars + 6, 2);
    if (localPort < 0 || remotePort < 0 || state < 0) return false;
    this.localPort = localPort;
    this.remotePort = remotePort;
    this.state = state;
    this.#text = text;
    this.#local = local;
    this.#hexChars = hexChars;
    return true;
  }

  /** The local address in hexadecimal: enough to tell one from another. */
  get localHex(): string {
    return this.#text.slice(this.#local, this.#local + this.#hexChars);
  }

  /** The remote address in hexadecimal. */
  get remoteHex(): string {
    const remote = this.#local + this.#hexChars + 6;
    return this.#text.slice(remote, remote + this.#hexChars);
  }

  get txQueueBytes(): number | undefined {
    return known(hex(this.#text, this.#queues, 8));
  }

  get rxQueueBytes(): number | undefined {
    if (this.#text.charCodeAt(this.#queues + 8) !== COLON) return undefined;
    return known(hex(this.#text, this.#queues + 9, 8));
  }

  get uid(): number | undefined {
    return this.#decimal(2);
  }

  get inode(): number | undefined {
    return this.#decimal(4);
  }

  /** Everything, to be kept; undefined where the addresses are none. */
  row(): SocketRow | undefined {
    const localAddress = addressOfWords(this.localHex);
    const remoteAddress = addressOfWords(this.remoteHex);
    if (localAddress === undefined || remoteAddress === undefined) return undefined;
    const { txQueueBytes, rxQueueBytes, uid, inode } = this;
    return {
      localAddress,
      localPort: this.localPort,
      remoteAddress,
      remotePort: this.remotePort,
      state: this.state,
      ...(txQueueBytes !== undefined && { txQueueBytes }),
      ...(rxQueueBytes !== undefined && { rxQueueBytes }),
      ...(uid !== undefined && { uid }),
      ...(inode !== undefined && { inode }),
    };
  }

  get #queues(): number {
    return this.#local + 2 * this.#hexChars + 15;
  }

  /** The `index`th word after the queues: timer, retransmissions, user, timeout, inode. */
  #decimal(index: number): number | undefined {
    const text = this.#text;
    let at = this.#queues + 17;
    for (let word = 0;; word++) {
      while (text.charCodeAt(at) === SPACE) at++;
      if (word === index) break;
      const start = at;
      while (at < text.length && text.charCodeAt(at) > SPACE) at++;
      if (at === start) return undefined; // the line's end
    }
    let value = 0;
    let digits = 0;
    for (; digits < 20; digits++) {
      const digit = text.charCodeAt(at + digits) - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      value = 10 * value + digit;
    }
    return digits === 0 ? undefined : value;
  }
}

/** Shows every socket of the table to `visit`. Lines that are none are skipped. */
export function eachSocket(text: string, visit: (line: SocketLine) => void): void {
  const line = new SocketLine();
  for (let start = 0; start < text.length;) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    // "  12: 0100007F:1F90 …": the number of the line, and what matters.
    let at = start;
    while (text.charCodeAt(at) === SPACE) at++;
    while (isDigit(text.charCodeAt(at))) at++;
    if (at > start && text.charCodeAt(at) === COLON && text.charCodeAt(at + 1) === SPACE && at + 30 < end) {
      if (line.moveTo(text, at + 2)) visit(line);
    }
    start = end + 1;
  }
}

/** The sockets that `keep` takes, `maxRows` at most. Never throws. */
export function parseSocketTable(
  text: string,
  { keep = () => true, maxRows = Infinity }: { keep?: (line: SocketLine) => boolean; maxRows?: number } = {},
): SocketRow[] {
  const rows: SocketRow[] = [];
  eachSocket(text, (line) => {
    if (rows.length >= maxRows || !keep(line)) return;
    const row = line.row();
    if (row !== undefined) rows.push(row);
  });
  return rows;
}

const COLON = 58;
const SPACE = 32;
const ZERO = 48;

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 57;
}

/** -1 where it is no number: cheaper here than undefined. */
function hex(text: string, start: number, length: number): number {
  let value = 0;
  for (let at = start; at < start + length; at++) {
    const code = text.charCodeAt(at);
    const digit = code <= 57 ? code - ZERO : (code | 32) - 87;
    if (!(digit >= 0 && digit <= 15) || (code > 57 && digit < 10)) return -1;
    value = 16 * value + digit;
  }
  return value;
}

function known(value: number): number | undefined {
  return value < 0 ? undefined : value;
}
