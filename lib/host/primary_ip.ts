/** Which of a host's addresses stands for it. */

import type { InterfaceAddress } from "./host_facts.ts";

/** The first non-loopback IPv4 address, else a routable IPv6, else a link-local one, else the loopback's. */
export function primaryIp(interfaces: readonly Pick<InterfaceAddress, "family" | "address">[]): string {
  const outward = interfaces.filter(({ address }) => !isLoopback(address));
  const v4 = outward.find(({ family }) => family === "IPv4");
  const v6 = outward.filter(({ family }) => family === "IPv6");
  // A link-local address means nothing off its link: only when there is no other.
  const best = v4 ?? v6.find(({ address }) => !/^fe[89ab]/i.test(address)) ?? v6[0] ?? interfaces[0];
  return best?.address ?? "127.0.0.1";
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
