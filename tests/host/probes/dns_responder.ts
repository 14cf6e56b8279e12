/** A name server that knows a few names. */
import { UdpServer } from "./udp_server.ts";

const TYPES: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
};

/** The data of one record, as bytes. */
export type RecordData = { type: string; data: readonly number[] };

/** Records by name, without the dot at the end. A name that is missing does not exist. */
export function dnsResponder(zone: Readonly<Record<string, readonly RecordData[]>>): Promise<UdpServer> {
  return UdpServer.listen((query) => {
    const { name, type, end } = question(query);
    const known = zone[name.toLowerCase()];
    const records = (known ?? []).filter((record) => TYPES[record.type] === type);
    return message(query, { end, code: known === undefined ? 3 : 0, records });
  });
}

/** A server that answers everything with one response code: 2 fails, 5 refuses. */
export function failingResponder(code: number): Promise<UdpServer> {
  return UdpServer.listen((query) => message(query, { end: question(query).end, code, records: [] }));
}

/** An address's data. */
export function a(address: string): RecordData {
  return { type: "A", data: address.split(".").map(Number) };
}

/** A text's data: one string for each part. */
export function txt(...parts: string[]): RecordData {
  return { type: "TXT", data: parts.flatMap((part) => [part.length, ...new TextEncoder().encode(part)]) };
}

/** A name as messages have it. */
export function nameData(name: string): number[] {
  return [...name.split(".").flatMap((label) => [label.length, ...new TextEncoder().encode(label)]), 0];
}

function question(query: Uint8Array): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(new TextDecoder().decode(query.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return { name: labels.join("."), type: (query[at + 1] ?? 0) << 8 | (query[at + 2] ?? 0), end: at + 5 };
}

function message(
  query: Uint8Array,
  { end, code, records }: { end: number; code: number; records: readonly RecordData[] },
): Uint8Array {
  const answers = records.flatMap(({ type, data }) => [
    ...[0xc0, 12, 0, TYPES[type] ?? 0, 0, 1, 0, 0, 0, 60],
    ...[data.length >> 8, data.length & 255, ...data],
  ]);
  return new Uint8Array([
    ...query.subarray(0, 2),
    ...[0x85, 0x80 | code, 0, 1, records.length >> 8, records.length & 255, 0, 0, 0, 0],
    ...query.subarray(12, end),
    ...answers,
  ]);
}
