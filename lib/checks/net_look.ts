/** One look at a port or a socket. */
import type { NetSettings } from "./net.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { failureText } from "../host/probes/failure_text.ts";
import { timeText } from "../host/probes/probe_deadline.ts";
import { probeEndpoint, type SendExpectResult } from "../host/probes/send_expect.ts";
import type { Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import { rateFigure, rateState } from "./rating.ts";
import { endpointOf } from "./net.ts";

interface Look {
  settings: NetSettings;
  seams: CheckSeams;
  signal: AbortSignal;
}

export async function look(text: string, { settings, seams, signal }: Look): Promise<Finding[]> {
  const { send, expect, connect_timeout, read_timeout, response_time } = settings;
  const endpoint = endpointOf(text);
  let result: SendExpectResult;
  try {
    result = await probeEndpoint({
      endpoint,
      clock: seams.clock,
      signal,
      timeoutMs: connect_timeout + read_timeout,
      connectTimeoutMs: connect_timeout,
      readTimeoutMs: read_timeout,
      ...(send !== undefined && { send }),
      ...(expect !== undefined && { expect }),
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FactUnavailableError) throw error;
    return [connectivity(text, settings, failureText(error))];
  }
  const { asExpected, reply, totalMs, connectMs } = result;
  if (!asExpected) {
    const said = reply === "" ? "it says nothing" : `it says ${JSON.stringify(reply.slice(0, 80))}`;
    return [connectivity(text, settings, `${said}, not what is expected`)];
  }
  const findings = [connectivity(text, settings)];
  if (response_time.warn_ge > 0 || response_time.critical_ge > 0) {
    findings.push(rateFigure({
      check: "net::response_time",
      target: text,
      labels: { protocol: endpoint.transport },
      subject: `response time of ${text}`,
      value: totalMs,
      show: timeText,
      detail: `connected after ${timeText(connectMs)}`,
    }, response_time));
  }
  return findings;
}

function connectivity(text: string, { severity, expect }: NetSettings, problem?: string): Finding {
  const ok = problem === undefined;
  return rateState({
    check: "net::connectivity",
    target: text,
    labels: { protocol: endpointOf(text).transport },
    ok,
    severity,
    description: ok ? `${text} answers` : `${text} does not answer as it should: ${problem}`,
    current: problem ?? "answers",
    expected: expect === undefined ? "answers" : `answers ${JSON.stringify(expect.slice(0, 80))}`,
  });
}
