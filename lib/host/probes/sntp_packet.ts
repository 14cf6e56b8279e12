/** SNTP version 4 (RFC 4330) packets. */

/** The length of a packet without authentication. */
export const SNTP_PACKET_BYTES = 48;

/** Seconds from 1900 to 1970. */
const EPOCH_OFFSET_SEC = 2_208_988_800;

/** Seconds in one era of the 32-bit count; the next begins in February 2036. */
const ERA_SEC = 2 ** 32;

/** A time as packets have it: seconds and their fraction, as 8 bytes. */
export type NtpTimestamp = Uint8Array;

/** What a server says. */
export interface SntpReply {
  /** 0: no warning, 1 and 2: a leap second is near, 3: its clock is not set. */
  readonly leap: number;
  readonly version: number;
  /** 4: a server. */
  readonly mode: number;
  /** 1: it has a clock of its own, up to 15; 0: it refuses, 16 and more: not set. */
  readonly stratum: number;
  /** What it takes its time from; a word where the stratum is 0 or 1, else often an address. */
  readonly reference: string;
  /** How far it may be off its reference clock, in milliseconds. */
  readonly rootDispersionMs: number;
  /** The request's own timestamp, given back. */
  readonly originate: NtpTimestamp;
  /** Wall times; undefined where the server left them 0. */
  readonly receivedMs: number | undefined;
  readonly transmittedMs: number | undefined;
}

/** A client's request; `nonce` comes back as {@linkcode SntpReply.originate}. */
export function encodeSntpRequest(nonce: NtpTimestamp): Uint8Array {
  const packet = new Uint8Array(SNTP_PACKET_BYTES);
  packet[0] = 4 << 3 | 3; // version 4, a client
  packet.set(nonce.subarray(0, 8), 40);
  return packet;
}

/**
 * @param nearMs a wall time less than 68 years off: it says which era is meant.
 * @returns undefined where the bytes are too few.
 */
export function parseSntpReply(bytes: Uint8Array, nearMs: number): SntpReply | undefined {
  if (bytes.length < SNTP_PACKET_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(0);
  const stratum = view.getUint8(1);
  return {
    leap: first >> 6,
    version: first >> 3 & 7,
    mode: first & 7,
    stratum,
    reference: referenceText(bytes.subarray(12, 16), stratum),
    rootDispersionMs: view.getUint32(8) / 65_536 * 1000,
    originate: bytes.slice(24, 32),
    receivedMs: wallMsOf(view, 32, nearMs),
    transmittedMs: wallMsOf(view, 40, nearMs),
  };
}

/** Writes a wall time; for servers. */
export function encodeNtpTime(wallMs: number): NtpTimestamp {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  const seconds = Math.floor(wallMs / 1000);
  view.setUint32(0, (seconds + EPOCH_OFFSET_SEC) % ERA_SEC);
  view.setUint32(4, Math.floor((wallMs / 1000 - seconds) * ERA_SEC));
  return bytes;
}

function wallMsOf(view: DataView, at: number, nearMs: number): number | undefined {
  const seconds = view.getUint32(at);
  const fraction = view.getUint32(at + 4);
  if (seconds === 0 && fraction === 0) return undefined;
  const inFirstEraMs = (seconds - EPOCH_OFFSET_SEC + fraction / ERA_SEC) * 1000;
  const eras = Math.round((nearMs - inFirstEraMs) / (ERA_SEC * 1000));
  return inFirstEraMs + eras * ERA_SEC * 1000;
}

function referenceText(bytes: Uint8Array, stratum: number): string {
  if (stratum > 1) return bytes.join(".");
  return new TextDecoder("latin1").decode(bytes).replaceAll(/[^\x20-\x7e]/g, "").trim();
}
