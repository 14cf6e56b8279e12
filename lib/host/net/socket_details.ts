/** What `ss --info --oneline --no-header` tells of connections. Nothing here throws or gives NaN. */

/** One connection. Times in milliseconds. */
export interface SocketDetails {
  readonly local: string;
  readonly peer: string;
  /** Bytes that wait to be read, and bytes that the other end has not acknowledged. */
  readonly receiveBytes: number;
  readonly sendBytes: number;
  /** Round trips: smoothed, how much they vary, the shortest. Missing where there was none yet. */
  readonly rttMs?: number;
  readonly rttVarMs?: number;
  readonly minRttMs?: number;
  /** Segments sent again since the connection was made. */
  readonly retransmits: number;
}

/** Reads the lines of connections in one state, which is left out of them. Lines that are none are skipped. */
export function parseSocketDetails(text: string): SocketDetails[] {
  const found: SocketDetails[] = [];
  for (const line of text.split("\n")) {
    const [, receive, send, local, peer, rest = ""] =
      /^\s*(\d{1,15})\s+(\d{1,15})\s+(\S{1,300}:\S{1,16})\s+(\S{1,300}:\S{1,16})(?:\s(.*))?$/.exec(line) ??
        [];
    if (local === undefined || peer === undefined) continue;
    const [rtt, rttVar] = figures(/(?:^|\s)rtt:([\d.]{1,20})\/([\d.]{1,20})/.exec(rest));
    const [minRtt] = figures(/(?:^|\s)minrtt:([\d.]{1,20})/.exec(rest));
    const [retransmits = 0] = figures(/(?:^|\s)retrans:\d{1,10}\/(\d{1,15})/.exec(rest));
    found.push({
      local,
      peer,
      receiveBytes: Number(receive),
      sendBytes: Number(send),
      ...(rtt !== undefined && { rttMs: rtt }),
      ...(rttVar !== undefined && { rttVarMs: rttVar }),
      ...(minRtt !== undefined && { minRttMs: minRtt }),
      retransmits,
    });
  }
  return found;
}

/** The address without the port: `10.0.0.1`, `[::1]`. */
export function addressOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":"));
}

function figures(match: RegExpExecArray | null): (number | undefined)[] {
  return (match ?? []).slice(1).map((text) => {
    const value = text === undefined ? NaN : Number(text);
    return Number.isFinite(value) ? value : undefined;
  });
}
