/** Addresses as the kernel's tables write them, in hexadecimal, and as people do. */

/**
 * An address of `/proc/net/tcp` and its kin: words of 32 bits in the byte order of the machine, which is little-endian
 * on all that this runs on. An IPv4 address inside of an IPv6 one is written as the IPv4 address it is.
 * @returns undefined where the text is none.
 */
export function addressOfWords(hex: string): string | undefined {
  if (!/^(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{32})$/.test(hex)) return undefined;
  let bytes = "";
  for (let word = 0; word < hex.length; word += 8) {
    for (let at = word + 6; at >= word; at -= 2) bytes += hex.slice(at, at + 2);
  }
  return addressOfBytes(bytes);
}

/** An address of `/proc/net/if_inet6` and `ipv6_route`: bytes in the order of the network. */
export function addressOfBytes(hex: string): string | undefined {
  if (/^[0-9A-Fa-f]{8}$/.test(hex)) return ipv4(hex);
  if (!/^[0-9A-Fa-f]{32}$/.test(hex)) return undefined;
  if (/^0{20}ffff/i.test(hex)) return ipv4(hex.slice(24));
  return ipv6(hex);
}

/** With a port: `10.0.0.1:80`, `[::1]:80`. */
export function endpointText(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Whether it means any address of the host. */
export function isAnyAddress(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

function ipv4(hex: string): string {
  return [0, 2, 4, 6].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(".");
}

/** The longest run of zeros, the first of equal ones, is `::`; a single zero stays. */
function ipv6(hex: string): string {
  const groups = Array.from({ length: 8 }, (_, i) => parseInt(hex.slice(4 * i, 4 * i + 4), 16).toString(16));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === "0") end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  if (best.start < 0) return groups.join(":");
  return `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}`;
}
