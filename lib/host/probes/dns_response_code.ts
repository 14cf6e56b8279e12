/**
 * Why a name server gave no record. The runtime's own resolution does not tell a name that does not exist from a server
 * that failed, so the same server is asked once more, over TCP, for its response code alone.
 */
import type { NameServer, RecordType } from "./dns_query.ts";
import { openStream } from "./tcp_connect.ts";

/** `no_record`: the name exists. `no_name`: it does not. The others are about the server. */
export type ResponseCode = "no_record" | "no_name" | "failed" | "refused" | "malformed";

const TYPES: Readonly<Record<RecordType, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  CAA: 257,
};

const CODES: Readonly<Record<number, ResponseCode>> = {
  0: "no_record",
  1: "malformed",
  2: "failed",
  3: "no_name",
  4: "refused",
  5: "refused",
};

/**
 * @returns undefined where the answer does not tell.
 * @throws Error where the server cannot be asked over TCP.
 */
export async function askResponseCode(
  { name, type, server, signal }: { name: string; type: RecordType; server: NameServer; signal: AbortSignal },
): Promise<ResponseCode | undefined> {
  const query = encodeQuery(name, TYPES[type]);
  if (query === undefined) return "malformed";
  await using stream = await openStream({ transport: "tcp", host: server.host, port: server.port }, {
    signal,
  });
  await stream.write(query);
  let answer: number[] = [];
  while (answer.length < 14) { // a length, and a head
    const chunk = await stream.read();
    if (chunk === undefined) return undefined;
    answer = [...answer, ...chunk.subarray(0, 64)];
  }
  return readResponseCode(new Uint8Array(answer), query);
}

/** The code of an answer over TCP to `query`; undefined where it is none, or brings records after all. */
export function readResponseCode(answer: Uint8Array, query: Uint8Array): ResponseCode | undefined {
  const [, , idHigh, idLow, flags = 0, code = 0, , , countHigh, countLow] = answer;
  if (answer.length < 14 || idHigh !== query[2] || idLow !== query[3] || (flags & 0x80) === 0) {
    return undefined;
  }
  const isEmpty = countHigh === 0 && countLow === 0;
  const known = CODES[code & 15];
  return known === "no_record" && !isEmpty ? undefined : known;
}

/** A query as TCP carries it, its length first; undefined for what is no name. */
export function encodeQuery(name: string, type: number): Uint8Array | undefined {
  const labels = name.replace(/\.$/, "").split(".").map((label) => new TextEncoder().encode(label));
  if (labels.some(({ length }) => length === 0 || length > 63)) return undefined;
  const question = [...labels.flatMap((label) => [label.length, ...label]), 0, type >> 8, type & 255, 0, 1];
  if (question.length > 255 + 4) return undefined;
  const id = crypto.getRandomValues(new Uint8Array(2));
  const message = [...id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...question];
  return new Uint8Array([message.length >> 8, message.length & 255, ...message]);
}
