/** Whether names resolve, and to what. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { duration, nonEmpty } from "../config/fields.ts";
import type { Need } from "../host/need.ts";
import type { NameServer, RecordType } from "../host/probes/dns_query.ts";
import { hostPort, isAddress, readEndpoint } from "../host/probes/endpoint.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { responseTimeOption } from "./duration_thresholds.ts";
import { lazyCheck } from "./lazy_check.ts";

/** Named once more, for those of the code that asks are loaded with it. */
const RECORD_TYPES = {
  A: "A",
  AAAA: "AAAA",
  CNAME: "CNAME",
  MX: "MX",
  NS: "NS",
  PTR: "PTR",
  SOA: "SOA",
  SRV: "SRV",
  TXT: "TXT",
  CAA: "CAA",
} as const satisfies { [Type in RecordType]: Type };

const hostName = () =>
  nonEmpty().check(
    z.maxLength(255),
    z.regex(/^(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?$/, 'must be a name such as "example.org"'),
  );

const server = () =>
  nonEmpty().check(z.superRefine((text, context) => {
    const reading = readServer(text);
    if (typeof reading === "string") context.addIssue({ code: "custom", message: reading });
  }));

const ipAddress = () =>
  nonEmpty().check(
    z.refine(
      (text) => z.union([z.ipv4(), z.ipv6()]).safeParse(text).success,
      'must be an address such as "192.0.2.1" or "2001:db8::1"',
    ),
  );

const options = () => ({
  names: about(
    z.array(hostName()).check(z.minLength(1), z.maxLength(100)),
    "The names that have to resolve.",
  ),
  servers: about(
    z._default(z.array(server()).check(z.maxLength(10)), []),
    "Name servers that are asked, each of them, as `address` or `address:port`; none: the way this system does.",
  ),
  type: about(
    z._default(z.enum(RECORD_TYPES), "A"),
    "The kind of record; others than `A` and `AAAA` need `servers`.",
  ),
  expected_ips: about(
    z._default(z.array(ipAddress()).check(z.maxLength(100)), []),
    "Addresses that the name may resolve to: any other in the answer is an alert.",
  ),
  query_timeout: about(z.prefault(duration("100ms", "60s"), "5s"), "How long an answer may take."),
  severity: about(
    z._default(z.enum(["Warning", "Critical"]), "Critical"),
    "How bad it is when a name does not resolve, or to something else.",
  ),
  response_time: responseTimeOption("an answer"),
});

/** The options of `[[check.dns]]`, read. */
export type DnsSettings = SettingsOf<typeof options>;

/** Names that have to resolve. */
export const DNS_CHECK = defineCheck({
  plugin: "dns",
  summary: "whether names resolve, to what, and how fast",
  dimensions: [
    {
      dimension: "resolution",
      target: "the name, `name@server` for a server",
      figure: "whether the name resolves",
      source: "the system's resolution, or the servers named",
      defaults: "critical",
    },
    {
      dimension: "expected_ips",
      target: "the name, `name@server` for a server",
      figure: "whether it resolves to nothing but what is expected",
      source: "the same answer",
      defaults: "off",
    },
    {
      dimension: "response_time",
      target: "the name, `name@server` for a server",
      figure: "time until the answer",
      source: "the same answer",
      defaults: "off",
    },
  ],
  options,
  byDefault: false,
  targets: (settings) => {
    assertConsistent(settings);
    return questionsOf(settings).map(({ target }) => target);
  },
  needs: (settings): Need[] =>
    questionsOf(settings).map(({ name, server }) => ({
      net: server === undefined ? name : hostPort(server.host, server.port),
    })),
  make(settings, seams): Check[] {
    assertConsistent(settings);
    return questionsOf(settings).map((question) =>
      lazyCheck({ plugin: "dns", target: question.target }, async () => {
        const { look } = await import("./dns_look.ts");
        return { gather: (signal) => look(question, { settings, seams, signal }) };
      })
    );
  },
});

function assertConsistent({ type, servers, expected_ips }: DnsSettings): void {
  const isAddressType = type === "A" || type === "AAAA";
  if (!isAddressType && servers.length === 0) {
    throw new TypeError(
      `check.dns asks for ${type}, which the system's own resolution does not give; add servers`,
    );
  }
  if (!isAddressType && expected_ips.length > 0) {
    throw new TypeError(`check.dns expects addresses, but asks for ${type}; set type to "A" or "AAAA"`);
  }
  const other = expected_ips.find((ip) => isAddressType && ip.includes(":") !== (type === "AAAA"));
  if (other !== undefined) {
    throw new TypeError(
      `check.dns expects ${other}, which is no ${type} record; give each type a table of its own`,
    );
  }
}

/** What is asked of one server, or of the system. */
export interface DnsQuestion {
  readonly target: string;
  readonly name: string;
  readonly server: NameServer | undefined;
}

function questionsOf({ names, servers }: DnsSettings): DnsQuestion[] {
  return names.flatMap((name): DnsQuestion[] => {
    if (servers.length === 0) return [{ target: name, name, server: undefined }];
    return servers.map((text) => ({ target: `${name}@${text}`, name, server: serverOf(text) }));
  });
}

/** A bare IPv6 address has no port. */
function readServer(text: string): NameServer | string {
  const bare = z.ipv6().safeParse(text).success ? `[${text}]` : text;
  const reading = readEndpoint(bare, { transports: ["udp"], defaultPort: 53 });
  if ("problem" in reading) return reading.problem;
  const { endpoint } = reading;
  if (endpoint.transport === "unix" || !isAddress(endpoint.host)) {
    return "must be an address: a name server's name would have to be resolved first";
  }
  return { host: endpoint.host, port: endpoint.port };
}

function serverOf(text: string): NameServer {
  const reading = readServer(text);
  if (typeof reading === "string") throw new TypeError(`cannot use ${JSON.stringify(text)}: ${reading}`);
  return reading;
}
