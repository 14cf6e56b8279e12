/** Tools that ask for names, and for the time. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { missingText, type NameServer, queryName, RECORD_TYPES } from "../host/probes/dns_query.ts";
import { hostPort, isAddress, readEndpoint } from "../host/probes/endpoint.ts";
import { GuardedAddressError, isGuardedAddress } from "../host/probes/guarded_address.ts";
import { lookupName } from "../host/probes/name_lookup.ts";
import { timeText } from "../host/probes/probe_deadline.ts";
import { askTime } from "../host/probes/sntp.ts";
import { reaching } from "./reach_failure.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

/** Leaves the registry's own deadline time to spare. */
const TIMEOUT_MS = 8000;

const name = () =>
  z.string().check(
    z.minLength(1),
    z.maxLength(255),
    z.regex(/^[A-Za-z0-9_.:-]+$/, "must be a name or an address"),
  );

/** What name servers say. */
export const DNS_RESOLVE = defineTool({
  name: "dns_resolve",
  family: "reach",
  description:
    "Asks a name server for a name's records of one type; for what the system makes of it, dns_lookup",
  args: {
    domain: about(name(), "The name; with type PTR an address will do."),
    server: about(
      z.optional(z.string().check(z.maxLength(100))),
      "A name server, as address or address:port; else the system's.",
    ),
    type: about(
      z._default(z.pipe(z.string().check(z.toUpperCase()), z.enum(RECORD_TYPES)), "A"),
      "The kind of record.",
    ),
  },
  needs: [],
  reach: "network",
  run({ domain, server, type }, { clock, signal }) {
    return reaching(`resolve ${domain}`, signal, async () => {
      const asked = server === undefined ? undefined : nameServer(server);
      const question = type === "PTR" && isAddress(domain) ? reverseName(domain) : domain;
      const answer = await queryName({
        name: question,
        type,
        server: asked,
        clock,
        signal,
        timeoutMs: TIMEOUT_MS,
      });
      const { records, totalMs } = answer;
      const by = asked === undefined ? "the system's name servers" : hostPort(asked.host, asked.port);
      const count = records.length === 0 ? `none (${missingText(answer, type)})` : `${records.length}`;
      return {
        text: [`${question} ${type}: ${count}, from ${by} in ${timeText(totalMs)}`, ...records].join("\n"),
        data: {
          name: question,
          type,
          server: asked ?? null,
          records,
          missing: answer.missing ?? null,
          total_ms: totalMs,
        },
      };
    });
  },
});

/** What programs on this host get. */
export const DNS_LOOKUP = defineTool({
  name: "dns_lookup",
  family: "reach",
  description: "Looks a name up the way programs on this host do: hosts file, resolver settings and all",
  args: { host: about(name(), "The name.") },
  needs: [],
  reach: "network",
  run({ host }, { clock, signal }) {
    return reaching(`look up ${host}`, signal, async () => {
      const startMs = clock.monotonicMs();
      const addresses = await lookupName(host, signal);
      const totalMs = clock.monotonicMs() - startMs;
      const rows = addresses.map(({ address, family }) => [family, address]);
      return {
        text: `${host}: ${addresses.length} addresses in ${timeText(totalMs)}\n` +
          table(columns("family", "address"), rows),
        data: { host, addresses, total_ms: totalMs },
      };
    });
  },
});

/** The clock against one server. */
export const NTP_STATUS = defineTool({
  name: "ntp_status",
  family: "reach",
  description: "Asks a time server how far this host's clock is off, and how good the server's own time is",
  args: {
    server: about(
      z.string().check(z.minLength(1), z.maxLength(255)),
      "The time server, as host or host:port.",
    ),
  },
  needs: [{ net: "0.0.0.0:0" }],
  reach: "network",
  run({ server }, { clock, signal }) {
    return reaching(`ask the time server ${server}`, signal, async () => {
      const reading = readEndpoint(server, { transports: ["udp"], defaultPort: 123 });
      if ("problem" in reading || reading.endpoint.transport === "unix") {
        throw new TypeError("problem" in reading ? reading.problem : "name a host");
      }
      const { host, port } = reading.endpoint;
      const sample = await askTime({ host, port, guarded: true, clock, signal, timeoutMs: TIMEOUT_MS });
      const { offsetMs, delayMs, stratum, leap, reference, rootDispersionMs, address } = sample;
      const rows = [
        ["offset", `${timeText(Math.abs(offsetMs))}, this clock is ${offsetMs >= 0 ? "behind" : "ahead"}`],
        ["delay", timeText(delayMs)],
        ["stratum", String(stratum)],
        ["reference", reference],
        ["root dispersion", timeText(rootDispersionMs)],
        ["leap second", ["none announced", "to be added", "to be left out"][leap] ?? "unknown"],
      ];
      return {
        text: `time from ${hostPort(host, port)} (${address})\n${table(columns("", ""), rows).trimStart()}`,
        data: {
          server: hostPort(host, port),
          address,
          offset_ms: offsetMs,
          delay_ms: delayMs,
          stratum,
          leap,
          reference,
          root_dispersion_ms: rootDispersionMs,
        },
      };
    });
  },
});

function nameServer(text: string): NameServer {
  const bare = z.ipv6().safeParse(text).success ? `[${text}]` : text;
  const reading = readEndpoint(bare, { transports: ["udp"], defaultPort: 53 });
  if ("problem" in reading) throw new TypeError(reading.problem);
  const { endpoint } = reading;
  if (endpoint.transport === "unix" || !isAddress(endpoint.host)) {
    throw new TypeError("the server must be an address: its name would have to be resolved first");
  }
  if (isGuardedAddress(endpoint.host)) throw new GuardedAddressError(endpoint.host, endpoint.host);
  return { host: endpoint.host, port: endpoint.port };
}

/** `1.2.0.192.in-addr.arpa`, and nibbles for IPv6. */
export function reverseName(address: string): string {
  if (!address.includes(":")) return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  const normal = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (normal === undefined) throw new TypeError(`${address} is no address`);
  const [head = "", tail = ""] = normal.split("::");
  const groups = (part: string) => part === "" ? [] : part.split(":");
  const [left, right] = [groups(head), groups(tail)];
  const all = [...left, ...new Array<string>(8 - left.length - right.length).fill("0"), ...right];
  const nibbles = all.map((group) => group.padStart(4, "0")).join("");
  return `${[...nibbles].reverse().join(".")}.ip6.arpa`;
}
