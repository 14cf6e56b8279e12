/** `/proc/net/if_inet6`: the IPv6 addresses of the interfaces. */
import { wordsOf } from "../kernel_text.ts";
import { addressOfBytes } from "./address_text.ts";

/** One address. */
export interface Ipv6Address {
  readonly device: string;
  readonly address: string;
  readonly prefix: number;
  readonly scope: "global" | "host" | "link" | "site" | "other";
  /** It turned out that somebody else has it, too. */
  readonly isDuplicate: boolean;
}

const SCOPES: ReadonlyMap<string, Ipv6Address["scope"]> = new Map([
  ["00", "global"],
  ["10", "host"],
  ["20", "link"],
  ["40", "site"],
]);
const DUPLICATE = 0x08;

/** Never throws; a line that is no address's is skipped. */
export function parseIfInet6(text: string): Ipv6Address[] {
  const addresses: Ipv6Address[] = [];
  for (const line of text.split("\n")) {
    const [hex = "", , prefixHex = "", scope = "", flags = "", device = ""] = wordsOf(line);
    const address = hex.length === 32 ? addressOfBytes(hex) : undefined;
    if (address === undefined || !/^[0-9a-f]{2}$/i.test(prefixHex) || device === "") continue;
    const prefix = parseInt(prefixHex, 16);
    if (prefix > 128) continue;
    const isDuplicate = /^[0-9a-f]{2,8}$/i.test(flags) && (parseInt(flags, 16) & DUPLICATE) !== 0;
    addresses.push({ device, address, prefix, scope: SCOPES.get(scope) ?? "other", isDuplicate });
  }
  return addresses;
}
