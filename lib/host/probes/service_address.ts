/** Where a service listens, as the configuration and tools write it. */
import type { Need } from "../need.ts";
import { type Endpoint, endpointNeeds, hostPort, readEndpoint } from "./endpoint.ts";

/** A TCP address, or a unix socket. */
export type ServiceAddress = Exclude<Endpoint, { transport: "udp" }>;

/**
 * Reads `host:port`, `host` (with `defaultPort`), an IPv6 address in brackets, or `unix:///absolute/path`.
 * @returns undefined where the text is none of them.
 */
export function parseServiceAddress(text: string, defaultPort: number): ServiceAddress | undefined {
  const reading = readEndpoint(text, { defaultPort, transports: ["tcp", "unix"] });
  if ("problem" in reading || reading.endpoint.transport === "udp") return undefined;
  return reading.endpoint;
}

/** As {@linkcode parseServiceAddress} reads it; one spelling for each address. */
export function addressText(address: ServiceAddress): string {
  return address.transport === "unix" ? `unix://${address.path}` : hostPort(address.host, address.port);
}

/** Whether only this host can be behind it: a unix socket, `localhost`, `127.0.0.0/8`, `::1`. */
export function isLoopback(address: ServiceAddress): boolean {
  if (address.transport === "unix") return true;
  return address.host === "localhost" || address.host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(address.host);
}

/** What has to be granted to reach it. */
export function addressNeeds(address: ServiceAddress): Need[] {
  return endpointNeeds(address);
}

/** What has to be granted to reach a unix socket. */
export function socketNeeds(path: string): Need[] {
  return endpointNeeds({ transport: "unix", path });
}
