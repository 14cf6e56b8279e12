/** One look at what a name resolves to. */
import { FactUnavailableError } from "../host/host_facts.ts";
import { type DnsAnswer, missingText, queryName } from "../host/probes/dns_query.ts";
import { failureText } from "../host/probes/failure_text.ts";
import { lookupName } from "../host/probes/name_lookup.ts";
import { timeText, withinDeadline } from "../host/probes/probe_deadline.ts";
import type { Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import type { DnsQuestion, DnsSettings } from "./dns.ts";
import { rateFigure, rateState } from "./rating.ts";

interface Look {
  settings: DnsSettings;
  seams: CheckSeams;
  signal: AbortSignal;
}

/** Asks one question, and rates the answer. */
export async function look(question: DnsQuestion, { settings, seams, signal }: Look): Promise<Finding[]> {
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

function ask({ name, server }: DnsQuestion, { settings, seams, signal }: Look): Promise<DnsAnswer> {
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
