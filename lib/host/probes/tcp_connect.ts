/** Opening a connection, to a host's port or a unix socket. */
import { connect, type Socket } from "node:net";
import { type Endpoint, endpointText, hostPort } from "./endpoint.ts";
import { GuardedAddressError, isGuardedAddress } from "./guarded_address.ts";
import { refuseGuarded } from "./name_lookup.ts";
import { requireNet, requireUnixSocket, unavailableIfDenied } from "./net_grant.ts";
import { ProbeStream } from "./probe_stream.ts";

/** What is connected to: no datagrams. */
export type StreamEndpoint = Exclude<Endpoint, { transport: "udp" }>;

/** Options of {@linkcode openStream}. */
export interface OpenStreamOptions {
  /** Ends connecting, and the connection later. */
  signal: AbortSignal;
  /** Refuses link-local and metadata addresses, by name, by what the name resolves to, and by who answers. @default false */
  guarded?: boolean;
}

/**
 * Connects. Nothing has been sent when it resolves. Proxies play no part.
 *
 * @throws FactUnavailableError where the sandbox does not allow it.
 * @throws GuardedAddressError where `guarded` forbids it.
 * @throws Error with the system's `code` where nothing can be connected.
 */
export async function openStream(endpoint: StreamEndpoint, options: OpenStreamOptions): Promise<ProbeStream> {
  const { signal, guarded = false } = options;
  signal.throwIfAborted();
  if (endpoint.transport === "unix") requireUnixSocket(endpoint.path);
  else requireNet(hostPort(endpoint.host, endpoint.port));
  if (guarded && endpoint.transport === "tcp") await refuseGuarded(endpoint.host, signal);
  const stream = new ProbeStream(await connected(endpoint, signal), signal);
  if (guarded && endpoint.transport === "tcp" && isGuardedAddress(stream.peerAddress)) {
    const { peerAddress } = stream;
    await stream[Symbol.asyncDispose]();
    throw new GuardedAddressError(endpoint.host, peerAddress);
  }
  return stream;
}

async function connected(endpoint: StreamEndpoint, signal: AbortSignal): Promise<Socket> {
  let socket: Socket | undefined;
  const onAbort = () => void socket?.destroy();
  try {
    return await new Promise<Socket>((resolve, reject) => {
      // A denied unix socket throws at once.
      socket = connect(
        endpoint.transport === "unix"
          ? { path: endpoint.path }
          : { host: endpoint.host, port: endpoint.port },
      );
      const made = socket;
      let failure: unknown;
      const onError = (error: unknown) => failure ??= error;
      // Only what is closed has let go of its resources.
      const onClose = () =>
        reject(failure ?? new Error(`cannot connect to ${endpointText(endpoint)}: closed`));
      made.on("error", onError);
      made.once("close", onClose);
      made.once("connect", () => {
        // Nothing is read before somebody wants to: older runtimes cannot begin TLS on a socket that reads already.
        made.pause();
        made.off("close", onClose);
        resolve(made);
      });
      signal.addEventListener("abort", onAbort, { once: true });
    });
  } catch (error) {
    signal.throwIfAborted();
    throw unavailableIfDenied(error);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
