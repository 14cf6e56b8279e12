/** Addresses that nobody may have looked at from afar: link-local ones, and what clouds keep credentials behind. */

/** Thrown for an address that is refused whatever is granted. */
export class GuardedAddressError extends Error {
  override readonly name = "GuardedAddressError";

  /** @param subject what was asked for. */
  constructor(subject: string, address: string) {
    const via = subject === address ? "" : ` (${address})`;
    super(
      `cannot reach ${subject}${via}: link-local and metadata addresses are refused, whatever is granted; name another`,
    );
  }
}

/** Whether an address, without brackets, is link-local (169.254.0.0/16, fe80::/10) or a cloud's metadata service. */
export function isGuardedAddress(address: string): boolean {
  const plain = address.replace(/%.*$/, "");
  if (!plain.includes(":")) return /^169\.254\./.test(plain);
  const groups = groupsOf(plain);
  if (groups === undefined) return false;
  const [first = 0] = groups;
  if ((first & 0xffc0) === 0xfe80) return true;
  if (groups.join() === [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254].join()) return true;
  return embedsLinkLocal(groups);
}

/** IPv4 inside IPv6: mapped (::ffff:a.b.c.d), compatible (::a.b.c.d), NAT64 (64:ff9b::a.b.c.d), 6to4 (2002:a.b.c.d::). */
function embedsLinkLocal(groups: readonly number[]): boolean {
  const startsWith = (...prefix: number[]) => prefix.every((group, index) => groups[index] === group);
  if (startsWith(0x2002)) return groups[1] === 0xa9fe;
  const embeds = startsWith(0, 0, 0, 0, 0, 0xffff) || startsWith(0, 0, 0, 0, 0, 0) ||
    startsWith(0, 0, 0, 0, 0xffff, 0) || startsWith(0x64, 0xff9b, 0, 0, 0, 0);
  return embeds && groups[6] === 0xa9fe;
}

/** The eight groups of an IPv6 address in any spelling. */
function groupsOf(address: string): number[] | undefined {
  const normal = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (normal === undefined) return undefined;
  const [head = "", tail] = normal.split("::");
  const parse = (part: string) => part === "" ? [] : part.split(":").map((group) => parseInt(group, 16));
  const [left, right] = [parse(head), parse(tail ?? "")];
  if (tail === undefined) return left;
  return [...left, ...new Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
}
