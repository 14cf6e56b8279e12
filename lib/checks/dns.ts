/** Whether names resolve, and to what. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { duration, nonEmpty } from "../config/fields.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import type { Need } from "../host/need.ts";
import {
  type DnsAnswer,
  missingText,
  type NameServer,
  queryName,
  RECORD_TYPES,
} from "../host/probes/dns_query.ts";
import { hostPort, isAddress, readEndpoint } from "../host/probes/endpoint.ts";
import { failureText } from "../host/probes/failure_text.ts";
import { lookupName } from "../host/probes/name_lookup.ts";
import { timeText, withinDeadline } from "../host/probes/probe_deadline.ts";
import type { Check, Finding } from "./check.ts";
import { type CheckSeams, defineCheck } from "./definition.ts";
import { responseTimeOption } from "./duration_thresholds.ts";
import { rateFigure, rateState } from "./rating.ts";

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
export type DnsSettings = z.output<z.ZodMiniObject<ReturnType<typeof options>, z.core.$strict>>;

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
    return questionsOf(settings).map((question) => ({
      plugin: "dns",
      target: question.target,
      gather: (signal) => look(question, { settings, seams, signal }),
    }));
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

interface Question {
  readonly target: string;
  readonly name: string;
  readonly server: NameServer | undefined;
}

function questionsOf({ names, servers }: DnsSettings): Question[] {
  return names.flatMap((name): Question[] => {
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

interface Look {
  settings: DnsSettings;
  seams: CheckSeams;
  signal: AbortSignal;
}

async function look(question: Question, { settings, seams, signal }: Look): Promise<Finding[]> {
  const { type, expected_ips, severity, response_time } = settings;
  const { target, name } = question;
  const resolution = (problem: string | undefined, current: string) =>
    rateState({
      check: "dns::resolution",
      target,
      labels: { type },
      ok: problem === undefined,
      severity,
      description: problem === undefined ? `${target} resolves` : `${target} does not resolve: ${problem}`,
      current,
      expected: `has ${type} records`,
    });
  let answer: DnsAnswer;
  try {
    answer = await ask(question, { settings, seams, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FactUnavailableError) throw error;
    const reason = failureText(error);
    return [resolution(reason, reason)];
  }
  const { records, totalMs } = answer;
  const shown = records.slice(0, 5).join(", ") +
    (records.length > 5 ? ` and ${records.length - 5} more` : "");
  if (records.length === 0) return [resolution(missingText(answer, type), "no record")];
  const findings = [resolution(undefined, shown.slice(0, 200))];
  if (expected_ips.length > 0) {
    const known = new Set(expected_ips.map(normal));
    const strange = records.filter((record) => !known.has(normal(record)));
    findings.push(rateState({
      check: "dns::expected_ips",
      target,
      labels: { type },
      ok: strange.length === 0,
      severity,
      description: strange.length === 0
        ? `${name} resolves as expected`
        : `${target} resolves to ${strange.slice(0, 5).join(", ")}, which is not expected`,
      current: shown.slice(0, 200),
      expected: expected_ips.join(", ").slice(0, 200),
    }));
  }
  if (response_time.warn_ge > 0 || response_time.critical_ge > 0) {
    findings.push(rateFigure({
      check: "dns::response_time",
      target,
      labels: { type },
      subject: `response time for ${target}`,
      value: totalMs,
      show: timeText,
    }, response_time));
  }
  return findings;
}

function ask({ name, server }: Question, { settings, seams, signal }: Look): Promise<DnsAnswer> {
  const { type, query_timeout: timeoutMs } = settings;
  const { clock } = seams;
  if (server !== undefined) return queryName({ name, type, server, clock, signal, timeoutMs });
  return withinDeadline({ clock, signal, timeoutMs }, async (deadline) => {
    const startMs = clock.monotonicMs();
    const found = await lookupName(name, deadline);
    const family = type === "AAAA" ? "IPv6" : "IPv4";
    const records = found.filter((each) => each.family === family).map(({ address }) => address).sort();
    return {
      records,
      totalMs: clock.monotonicMs() - startMs,
      ...(records.length === 0 && { missing: "record" }),
    };
  });
}

/** One spelling for one address. */
function normal(address: string): string {
  return address.includes(":") ? URL.parse(`http://[${address}]/`)?.hostname ?? address : address;
}
