import { createSocket } from "node:dgram";
import { FactUnavailableError } from "../host_facts.ts";
import { hostPort, ownUdpAddress } from "./endpoint.ts";
import { GuardedAddressError, isGuardedAddress } from "./guarded_address.ts";
import { lookupName } from "./name_lookup.ts";
import { isNetGranted, requireNet, unavailableIfDenied } from "./net_grant.ts";

/** Options of {@linkcode exchangeDatagrams}. */
export interface UdpExchangeOptions<T> {
  host: string;
  port: number;
  payload: Uint8Array;
  /** Takes each datagram that comes from the address asked; undefined waits for another. What it throws ends the exchange. */
  accept: (datagram: Uint8Array) => T | undefined;
  /** Called right before the payload is sent. */
  onSend?: () => void;
  signal: AbortSignal;
  /** Refuses link-local and metadata addresses. @default false */
  guarded?: boolean;
}

/** What came back, and from where. */
export interface UdpReply<T> {
  readonly value: T;
  /** The address that answered. */
  readonly address: string;
}

/**
 * Sends one datagram, and waits for the answer to it. Datagrams from elsewhere are ignored. The socket is closed when
 * it settles.
 *
 * @throws FactUnavailableError where the sandbox does not allow it. A name needs to be looked up, and each address
 * to be granted besides: in a narrow sandbox use addresses.
 */
export async function exchangeDatagrams<T>(options: UdpExchangeOptions<T>): Promise<UdpReply<T>> {
  const { host, port, payload, accept, onSend, signal, guarded = false } = options;
  const { address, family } = await pickAddress({ host, port, guarded, signal });
  requireNet(ownUdpAddress(address));
  const socket = createSocket(family === "IPv6" ? "udp6" : "udp4");
  let onAbort: (() => void) | undefined;
  try {
    return await new Promise<UdpReply<T>>((resolve, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      socket.on("error", reject);
      socket.on("message", (datagram, from) => {
        if (from.port !== port || !sameAddress(from.address, address)) return;
        try {
          const value = accept(datagram);
          if (value !== undefined) resolve({ value, address });
        } catch (error) {
          reject(error);
        }
      });
      // Bound first, so that the time of sending is the time of sending.
      socket.bind(0, () => {
        if (signal.aborted) return;
        onSend?.();
        socket.send(payload, port, address, (error) => error && reject(error));
      });
    });
  } catch (error) {
    throw unavailableIfDenied(error);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
    await new Promise<void>((resolve) => {
      socket.once("close", resolve);
      socket.close();
    });
  }
}

async function pickAddress(
  { host, port, guarded, signal }: { host: string; port: number; guarded: boolean; signal: AbortSignal },
): Promise<{ address: string; family: "IPv4" | "IPv6" }> {
  const found = await lookupName(host, signal);
  const bad = guarded ? found.find(({ address }) => isGuardedAddress(address)) : undefined;
  if (bad !== undefined) throw new GuardedAddressError(host, bad.address);
  const granted = found.find(({ address }) => isNetGranted(hostPort(address, port)));
  if (granted !== undefined) return granted;
  const first = hostPort(found[0]?.address ?? host, port);
  throw new FactUnavailableError(
    `cannot send datagrams to ${hostPort(host, port)}: the sandbox does not allow its address; ` +
      `grant --allow-net=${first}, and name that address instead`,
  );
}

/** The runtime may write an IPv4 peer as a mapped address, and IPv6 in another spelling. */
function sameAddress(from: string, asked: string): boolean {
  const plain = from.replace(/^::ffff:(?=\d+\.)/i, "");
  if (plain === asked) return true;
  const normal = (address: string) => URL.parse(`http://[${address.replace(/%.*$/, "")}]/`)?.hostname;
  return plain.includes(":") && asked.includes(":") && normal(plain) === normal(asked);
}
