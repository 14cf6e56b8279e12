/** Is there anybody, and do they say what is expected? */
import { Buffer } from "node:buffer";
import type { Endpoint } from "./endpoint.ts";
import { type ProbeOptions, withinDeadline } from "./probe_deadline.ts";
import type { ProbeStream } from "./probe_stream.ts";
import { openStream } from "./tcp_connect.ts";
import { exchangeDatagrams } from "./udp_exchange.ts";

/** How much of an answer is looked at. */
export const MAX_REPLY_BYTES = 64 * 1024;

/** Options of {@linkcode probeEndpoint}. */
export interface SendExpectOptions extends ProbeOptions {
  endpoint: Endpoint;
  /** Sent once connected. UDP needs it. @default nothing */
  send?: string;
  /** A text that the answer has to contain. @default none: being connected will do; for UDP any answer */
  expect?: string;
  /** How long connecting may take. @default as long as the whole probe */
  connectTimeoutMs?: number;
  /** How long the answer may take once connected. @default as long as the whole probe */
  readTimeoutMs?: number;
  /** Refuses link-local and metadata addresses. @default false */
  guarded?: boolean;
}

/** What a probe of an endpoint saw. */
export interface SendExpectResult {
  /** Until connected; for UDP until the answer. */
  readonly connectMs: number;
  /** Until the answer was complete; equal to `connectMs` where none was expected. */
  readonly totalMs: number;
  /** Who answered; "" for a unix socket. */
  readonly peerAddress: string;
  /** What was read of the answer, at most 64 KiB. */
  readonly reply: string;
  /** Whether `expect` was met; true where nothing was expected. */
  readonly asExpected: boolean;
}

/**
 * Connects, sends, and reads until the answer contains what is expected, the peer has said all, or it is 64 KiB long.
 * The connection is closed when it settles.
 *
 * @throws FactUnavailableError, GuardedAddressError as `openStream` does; `TimeoutError` at a deadline; Error with the
 * system's `code` where it cannot be connected.
 */
export function probeEndpoint(options: SendExpectOptions): Promise<SendExpectResult> {
  return withinDeadline(
    options,
    (signal) =>
      options.endpoint.transport === "udp" ? probeUdp(options, signal) : probeStream(options, signal),
  );
}

async function probeStream(options: SendExpectOptions, signal: AbortSignal): Promise<SendExpectResult> {
  const { endpoint, send, expect, guarded = false, clock } = options;
  if (endpoint.transport === "udp") throw new TypeError("cannot connect by datagrams");
  const startMs = clock.monotonicMs();
  // The connection outlives the deadline of connecting, but not that of the answer.
  const ending = new AbortController();
  const onAbort = () => ending.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await using stream = await phase(
      options.connectTimeoutMs,
      () => openStream(endpoint, { signal: ending.signal, guarded }),
    );
    const connectMs = clock.monotonicMs() - startMs;
    const { peerAddress } = stream;
    if (send === undefined && expect === undefined) {
      return { connectMs, totalMs: connectMs, peerAddress, reply: "", asExpected: true };
    }
    const { reply, asExpected } = await phase(options.readTimeoutMs, async () => {
      if (send !== undefined) await stream.write(new TextEncoder().encode(send));
      return await readReply(stream, expect);
    });
    return { connectMs, totalMs: clock.monotonicMs() - startMs, peerAddress, reply, asExpected };
  } finally {
    signal.removeEventListener("abort", onAbort);
  }

  function phase<T>(timeoutMs: number | undefined, work: () => Promise<T>): Promise<T> {
    return withinDeadline(
      { clock, signal, ...(timeoutMs !== undefined && { timeoutMs }) },
      async (deadline) => {
        const onPassed = () => ending.abort(deadline.reason);
        deadline.addEventListener("abort", onPassed, { once: true });
        try {
          return await work();
        } finally {
          deadline.removeEventListener("abort", onPassed);
        }
      },
    );
  }
}

async function readReply(
  stream: ProbeStream,
  expect: string | undefined,
): Promise<{ reply: string; asExpected: boolean }> {
  const wanted = expect === undefined ? undefined : Buffer.from(expect);
  let bytes = Buffer.alloc(0);
  while (bytes.length < MAX_REPLY_BYTES && wanted !== undefined && !bytes.includes(wanted)) {
    const chunk = await stream.read();
    if (chunk === undefined) break;
    bytes = Buffer.concat([bytes, chunk.subarray(0, MAX_REPLY_BYTES - bytes.length)]);
  }
  return { reply: bytes.toString(), asExpected: wanted === undefined || bytes.includes(wanted) };
}

async function probeUdp(options: SendExpectOptions, signal: AbortSignal): Promise<SendExpectResult> {
  const { endpoint, send = "", expect, guarded = false, clock, readTimeoutMs } = options;
  if (endpoint.transport !== "udp") {
    throw new TypeError(`cannot send datagrams to a ${endpoint.transport} endpoint`);
  }
  const { host, port } = endpoint;
  let startMs = clock.monotonicMs();
  const reading = { clock, signal, ...(readTimeoutMs !== undefined && { timeoutMs: readTimeoutMs }) };
  const { value: reply, address } = await withinDeadline(
    reading,
    (deadline) =>
      exchangeDatagrams({
        host,
        port,
        guarded,
        payload: new TextEncoder().encode(send),
        signal: deadline,
        onSend: () => startMs = clock.monotonicMs(),
        accept: (datagram) => new TextDecoder().decode(datagram.subarray(0, MAX_REPLY_BYTES)),
      }),
  );
  const totalMs = clock.monotonicMs() - startMs;
  const asExpected = expect === undefined || reply.includes(expect);
  return { connectMs: totalMs, totalMs, peerAddress: address, reply, asExpected };
}
