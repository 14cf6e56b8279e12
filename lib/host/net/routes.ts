/** `/proc/net/route` and `/proc/net/ipv6_route`: where packets go. */
import { countOf, wordsOf } from "../kernel_text.ts";
import { addressOfBytes, addressOfWords, isAnyAddress } from "./address_text.ts";

/** One route. */
export interface Route {
  /** `10.0.0.0/8`, or `default`. */
  readonly destination: string;
  /** Missing where the destination is on the link. */
  readonly gateway?: string;
  readonly device: string;
  readonly metric: number;
  /** Packets there are refused. */
  readonly isReject: boolean;
}

const UP = 0x1;
const REJECT = 0x200;
/** A cached or a local entry, which is no route that anybody set. */
const LOCAL_OR_CACHE = 0x80000000 | 0x01000000;

/** The IPv4 routes of the main table that are up. Never throws. */
export function parseRoutes(text: string): Route[] {
  const routes: Route[] = [];
  for (const line of text.split("\n")) {
    const [device = "", destinationHex = "", gatewayHex = "", flagsHex = "", , , metricWord, maskHex = ""] =
      wordsOf(line);
    const destination = addressOfWords(destinationHex);
    const gateway = addressOfWords(gatewayHex);
    const flags = hexOf(flagsHex);
    const prefix = prefixOf(maskHex);
    if (destination === undefined || gateway === undefined || flags === undefined) continue;
    if (prefix === undefined || !(flags & UP)) continue;
    routes.push(route({ destination, prefix, gateway, device, metric: countOf(metricWord) ?? 0, flags }));
  }
  return routes;
}

/** The IPv6 routes that are up, without those to the host itself and those to multicast groups. Never throws. */
export function parseIpv6Routes(text: string): Route[] {
  const routes: Route[] = [];
  for (const line of text.split("\n")) {
    const [
      destinationHex = "",
      prefixHex = "",
      ,
      ,
      gatewayHex = "",
      metricHex = "",
      ,
      ,
      flagsHex = "",
      device = "",
    ] = wordsOf(line);
    const destination = addressOfBytes(destinationHex);
    const gateway = addressOfBytes(gatewayHex);
    const flags = hexOf(flagsHex);
    const prefix = hexOf(prefixHex);
    if (destination === undefined || gateway === undefined || flags === undefined) continue;
    if (prefix === undefined || prefix > 128 || !(flags & UP) || flags & LOCAL_OR_CACHE) continue;
    if (device === "" || /^ff/i.test(destinationHex)) continue;
    routes.push(route({ destination, prefix, gateway, device, metric: hexOf(metricHex) ?? 0, flags }));
  }
  return routes;
}

function route(parts: {
  destination: string;
  prefix: number;
  gateway: string;
  device: string;
  metric: number;
  flags: number;
}): Route {
  const { destination, prefix, gateway, device, metric, flags } = parts;
  return {
    destination: prefix === 0 && isAnyAddress(destination) ? "default" : `${destination}/${prefix}`,
    ...(!isAnyAddress(gateway) && { gateway }),
    device,
    metric,
    isReject: (flags & REJECT) !== 0,
  };
}

function hexOf(word: string): number | undefined {
  return /^[0-9A-Fa-f]{1,8}$/.test(word) ? parseInt(word, 16) : undefined;
}

function prefixOf(maskHex: string): number | undefined {
  if (!/^[0-9A-Fa-f]{8}$/.test(maskHex)) return undefined;
  let ones = 0;
  for (let bits = parseInt(maskHex, 16); bits > 0; bits = Math.floor(bits / 2)) ones += bits % 2;
  return ones;
}
