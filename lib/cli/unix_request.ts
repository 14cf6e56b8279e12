/** One HTTP request over a unix socket, with no more of the sandbox than the socket itself. */
import { ByteReader, type HttpHead, readBody, readHead } from "../host/probes/http_answer.ts";
import { encodeRequest, type HttpRequest } from "../host/probes/http_request.ts";

/** What came back. */
export interface UnixAnswer {
  readonly head: HttpHead;
  readonly body: Uint8Array;
  /** Whether there was more than `maxBytes`. */
  readonly truncated: boolean;
}

/** Options of {@linkcode requestOverUnix}. */
export interface UnixRequestOptions {
  /** The socket's. */
  path: string;
  request: HttpRequest;
  /** How long the answer's body may be. */
  maxBytes: number;
  /** Ends it. */
  signal: AbortSignal;
}

/**
 * Asks, on a connection of its own. The runtime's `fetch` would need the network, too: the sandbox takes the name in
 * the request for a place.
 *
 * @throws what connecting throws; Error where the answer is no HTTP, or ends early; anything once `signal` has aborted
 */
export async function requestOverUnix(
  { path, request, maxBytes, signal }: UnixRequestOptions,
): Promise<UnixAnswer> {
  using connection = await Deno.connect({ transport: "unix", path });
  const end = () => {
    try {
      connection.close();
    } catch {
      // It is closed already.
    }
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    signal.throwIfAborted();
    // A server may answer, and close, before it has read all: what it says counts more.
    const written = writeAll(connection, encodeRequest(request)).then(
      () => undefined,
      (error: unknown) => error,
    );
    const buffer = new Uint8Array(16 * 1024);
    const reader = new ByteReader(async () => {
      const count = await connection.read(buffer);
      return count === null ? undefined : buffer.slice(0, count);
    });
    const head = await readHead(reader).catch(async (error: unknown) => {
      throw await Promise.race([written, Promise.resolve()]) ?? error;
    });
    const { bytes: body, truncated } = await readBody(reader, { head, method: request.method, maxBytes });
    return { head, body, truncated };
  } finally {
    signal.removeEventListener("abort", end);
  }
}

async function writeAll(connection: Deno.UnixConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}
