/** The addresses of the host, put together from what can be seen of them. */
import { FactUnavailableError, type HostFacts, type InterfaceAddress } from "../host_facts.ts";
import { parseLocalAddresses } from "./fib_trie.ts";
import { type Ipv6Address, parseIfInet6 } from "./if_inet6.ts";
import { parseRoutes, type Route } from "./routes.ts";

/** One address. */
export interface HostAddress {
  /** Missing where it cannot be told which interface has it. */
  readonly device?: string;
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
  readonly prefix?: number;
  readonly scope?: Ipv6Address["scope"];
  /** Somebody else has it, too. */
  readonly isDuplicate?: boolean;
}

/**
 * Every address of every interface. In a container that sees the host's files, the runtime's own answer is that of the
 * container: the kernel's tables decide which of the addresses are the host's.
 * @throws FactUnavailableError where neither the runtime nor the kernel's files tell any.
 */
export async function hostAddresses(host: HostFacts): Promise<HostAddress[]> {
  const [own, trie, inet6, route] = await Promise.all([
    readable(host.interfaces()),
    readable(host.text("/proc/net/fib_trie")),
    readable(host.text("/proc/net/if_inet6")),
    readable(host.text("/proc/net/route")),
  ]);
  if (own === undefined && trie === undefined && inet6 === undefined) {
    throw new FactUnavailableError(
      "cannot read the host's addresses: allow them with --allow-sys=networkInterfaces, or set [host] procfs to a " +
        "bind mount of /proc that the process may read",
    );
  }
  return [
    ...ipv4Addresses(own ?? [], trie, parseRoutes(route ?? "")),
    ...(inet6 !== undefined ? ipv6Addresses(inet6) : (own ?? []).filter(isIpv6).map(fromRuntime)),
  ];
}

/** How many bits of a netmask are set, in either family's notation; undefined where it is none. */
export function prefixOfNetmask(netmask: string): number | undefined {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(netmask)) {
    return netmask.split(".").reduce((bits, part) => bits + bitsOf(Number(part) & 0xff), 0);
  }
  if (!/^[0-9a-f:]{2,39}$/i.test(netmask)) return undefined;
  return netmask.split(":").reduce((bits, part) => bits + bitsOf(parseInt(part || "0", 16) & 0xffff), 0);
}

function bitsOf(value: number): number {
  let bits = 0;
  for (let left = value; left > 0; left >>= 1) bits += left & 1;
  return bits;
}

function isIpv6({ family }: InterfaceAddress): boolean {
  return family === "IPv6";
}

function fromRuntime({ name, family, address, netmask }: InterfaceAddress): HostAddress {
  const prefix = prefixOfNetmask(netmask);
  return { device: name, family, address, ...(prefix !== undefined && { prefix }) };
}

function ipv6Addresses(inet6: string): HostAddress[] {
  return parseIfInet6(inet6).map(({ device, address, prefix, scope, isDuplicate }) => ({
    device,
    family: "IPv6",
    address,
    prefix,
    scope,
    ...(isDuplicate && { isDuplicate }),
  }));
}

function ipv4Addresses(
  own: readonly InterfaceAddress[],
  trie: string | undefined,
  routes: readonly Route[],
): HostAddress[] {
  const known = own.filter(({ family }) => family === "IPv4").map(fromRuntime);
  if (trie === undefined) return known;
  const local = parseLocalAddresses(trie);
  const rest = local.filter((address) => !known.some((row) => row.address === address));
  return [
    ...known.filter(({ address }) => local.includes(address)),
    ...rest.map((address): HostAddress => ({ family: "IPv4", address, ...placeOf(address, routes) })),
  ];
}

/** The interface that an address is on, as the routes to its neighbours tell. */
function placeOf(address: string, routes: readonly Route[]): Pick<HostAddress, "device" | "prefix"> {
  if (address.startsWith("127.")) return { device: "lo", prefix: 8 };
  const wanted = numberOf(address);
  for (const { destination, gateway, device } of routes) {
    const [network = "", prefixText = ""] = destination.split("/");
    const size = 2 ** (32 - Number(prefixText));
    if (gateway !== undefined || prefixText === "" || prefixText === "0") continue;
    if (Math.floor(numberOf(network) / size) === Math.floor(wanted / size)) {
      return { device, prefix: Number(prefixText) };
    }
  }
  return {};
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => 256 * sum + Number(part), 0);
}

async function readable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof FactUnavailableError || error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
