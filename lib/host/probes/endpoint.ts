/** What a probe connects to, from what people write. */
import type { Need } from "../need.ts";

/** A host and a port, or a unix socket. */
export type Endpoint =
  | { readonly transport: "tcp" | "udp"; readonly host: string; readonly port: number }
  | { readonly transport: "unix"; readonly path: string };

/** An endpoint with a host and a port. */
export type HostEndpoint = Extract<Endpoint, { transport: "tcp" | "udp" }>;

/** What {@linkcode readEndpoint} returns. */
export type EndpointReading = { endpoint: Endpoint } | { problem: string };

/** Options of {@linkcode readEndpoint}. */
export interface EndpointOptions {
  /** Taken where the text names no port. @default none: a port is required */
  defaultPort?: number;
  /** @default ["tcp", "udp", "unix"] */
  transports?: readonly Endpoint["transport"][];
}

/** Reads `tcp://host:port`, `udp://host:port`, `unix:///path` or, as TCP, `host:port`. */
export function readEndpoint(text: string, options: EndpointOptions = {}): EndpointReading {
  const { defaultPort, transports = ["tcp", "udp", "unix"] } = options;
  const [, scheme = transports[0] ?? "tcp", rest = ""] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(text) ?? [];
  const transport = transports.find((known) => known === scheme);
  if (transport === undefined) {
    return {
      problem: `its scheme ${JSON.stringify(scheme)} is none of ${transports.join(", ")}`,
    };
  }
  if (transport === "unix") {
    // deno-lint-ignore no-control-regex
    if (!/^\/[^\u0000-\u001f\u007f]+$/.test(rest)) {
      return { problem: "it names no absolute path; write unix:///path" };
    }
    return { endpoint: { transport, path: rest } };
  }
  return readHostPort(rest, transport, defaultPort);
}

/** `host:port`, an IPv6 address in brackets. */
export function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `tcp://host:port`, `unix:///path`. */
export function endpointText(endpoint: Endpoint): string {
  if (endpoint.transport === "unix") return `unix://${endpoint.path}`;
  return `${endpoint.transport}://${hostPort(endpoint.host, endpoint.port)}`;
}

/** What has to be granted to reach it. UDP needs a socket of our own besides, which the sandbox counts. */
export function endpointNeeds(endpoint: Endpoint): Need[] {
  if (endpoint.transport === "unix") {
    const { path } = endpoint;
    return [{ net: `unix:${path}` }, { read: path }, { write: path }];
  }
  const needs: Need[] = [{ net: hostPort(endpoint.host, endpoint.port) }];
  if (endpoint.transport === "udp") needs.push({ net: ownUdpAddress(endpoint.host) });
  return needs;
}

/** The address that a UDP socket to `host` is bound to. */
export function ownUdpAddress(host: string): string {
  return host.includes(":") ? "[::]:0" : "0.0.0.0:0";
}

/** Whether `host` is an address, not a name. */
export function isAddress(host: string): boolean {
  return host.includes(":") || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);
}

function readHostPort(
  text: string,
  transport: HostEndpoint["transport"],
  defaultPort: number | undefined,
): EndpointReading {
  const [, host = "", digits] =
    /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9._])?)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const howToWrite = "write host:port, an IPv6 address in brackets: [::1]:443";
  if (host === "") return { problem: `${JSON.stringify(text)} is no host and port; ${howToWrite}` };
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port === undefined) return { problem: `it has no port; ${howToWrite}` };
  if (port < 1 || port > 65_535) return { problem: `its port ${port} is not a number from 1 to 65535` };
  const bare = host.replaceAll(/[[\]]/g, "");
  // Only an address ends in a number: "127.1" and "1.2.3.400" are neither addresses nor names.
  if (URL.parse(`http://${host}/`) === null || (/^[\d.]+$/.test(bare) && !isAddress(bare))) {
    return { problem: `${JSON.stringify(text)} has no valid host; ${howToWrite}` };
  }
  return { endpoint: { transport, host: bare.toLowerCase(), port } };
}
