/** How far this host's clock is off, by asking time servers. */
import type { Clock } from "../../clock.ts";
import { type ProbeOptions, withinDeadline } from "./probe_deadline.ts";
import { encodeSntpRequest, parseSntpReply, type SntpReply } from "./sntp_packet.ts";
import { exchangeDatagrams } from "./udp_exchange.ts";

/** Options of {@linkcode askTime}. */
export interface SntpOptions extends ProbeOptions {
  host: string;
  /** @default 123 */
  port?: number;
  /** Eight bytes that nobody can guess; they tell the answer from a forged one. @default crypto.getRandomValues */
  makeNonce?: () => Uint8Array;
  /** Refuses link-local and metadata addresses. @default false */
  guarded?: boolean;
}

/** What one server says about the time. */
export interface TimeSample {
  /** How far the server's clock is ahead of this host's, in milliseconds; below 0: this host's is ahead. */
  readonly offsetMs: number;
  /** There and back, without the time spent at the server. The offset is off by half of it at most. */
  readonly delayMs: number;
  readonly stratum: number;
  readonly leap: number;
  readonly reference: string;
  readonly rootDispersionMs: number;
  /** The address that answered. */
  readonly address: string;
}

/** A server answered that it will not, or cannot, tell the time. */
export class TimeRefusedError extends Error {
  override readonly name = "TimeRefusedError";
}

const SYSTEM_NONCE = () => crypto.getRandomValues(new Uint8Array(8));

/**
 * Asks once. An answer that does not give the request's own timestamp back is ignored: it is somebody else's.
 *
 * @throws TimeRefusedError for a server that says no (kiss-o'-death), or whose own clock is not set.
 * @throws FactUnavailableError where the sandbox does not allow it; `TimeoutError` without an answer.
 */
export function askTime(options: SntpOptions): Promise<TimeSample> {
  const { host, port = 123, makeNonce = SYSTEM_NONCE, guarded = false, clock } = options;
  return withinDeadline(options, async (signal) => {
    const nonce = makeNonce();
    const times = { sentWallMs: 0, sentMonotonicMs: 0 };
    const { value, address } = await exchangeDatagrams({
      host,
      port,
      guarded,
      signal,
      payload: encodeSntpRequest(nonce),
      onSend: () => {
        times.sentWallMs = clock.wallMs();
        times.sentMonotonicMs = clock.monotonicMs();
      },
      accept: (datagram) => {
        const reply = parseSntpReply(datagram, times.sentWallMs);
        if (reply === undefined || reply.mode !== 4 || !sameBytes(reply.originate, nonce)) return undefined;
        return { reply, tookMs: elapsed(clock, times.sentMonotonicMs) };
      },
    });
    return { ...sampleOf(value.reply, { sentWallMs: times.sentWallMs, tookMs: value.tookMs }), address };
  });
}

/** The middle one, the mean of the two middle ones for an even count. @throws RangeError without any. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new RangeError("cannot take the median of nothing");
  return (low + high) / 2;
}

/** Monotonic: a clock that is stepped meanwhile must not look like a slow network. */
function elapsed(clock: Clock, sinceMs: number): number {
  return clock.monotonicMs() - sinceMs;
}

function sampleOf(
  reply: SntpReply,
  { sentWallMs, tookMs }: { sentWallMs: number; tookMs: number },
): Omit<TimeSample, "address"> {
  const { stratum, leap, reference, rootDispersionMs, receivedMs, transmittedMs } = reply;
  if (stratum === 0) {
    throw new TimeRefusedError(`the server refuses to tell the time (${reference || "no reason given"})`);
  }
  if (leap === 3 || stratum > 15) throw new TimeRefusedError("the server's own clock is not synchronised");
  if (receivedMs === undefined || transmittedMs === undefined || transmittedMs < receivedMs) {
    throw new TimeRefusedError("the server's answer has no sound times");
  }
  const offsetMs = (receivedMs - sentWallMs + transmittedMs - sentWallMs - tookMs) / 2;
  const delayMs = Math.max(0, tookMs - (transmittedMs - receivedMs));
  return { offsetMs, delayMs, stratum, leap, reference, rootDispersionMs };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
