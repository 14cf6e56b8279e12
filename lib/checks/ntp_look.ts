/** One look at the clock. */
import type { NtpSettings } from "./ntp.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { failureText } from "../host/probes/failure_text.ts";
import { timeText } from "../host/probes/probe_deadline.ts";
import { askTime, median, type TimeSample } from "../host/probes/sntp.ts";
import type { Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import { rateFigure, rateState } from "./rating.ts";
import { endpointOf, TARGET } from "./ntp.ts";

interface Answers {
  readonly samples: readonly (readonly [server: string, sample: TimeSample])[];
  readonly failures: readonly string[];
}

export async function look(
  settings: NtpSettings,
  seams: CheckSeams,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { min_answers, severity, warn_ge, critical_ge, stratum } = settings;
  const { samples, failures } = await askAll(settings, seams, signal);
  const enough = samples.length >= min_answers;
  const said = `${samples.length} of ${settings.servers.length} time servers answer soundly`;
  const sync = rateState({
    check: "ntp::sync",
    target: TARGET,
    ok: enough,
    severity,
    description: failures.length === 0 ? said : `${said}: ${failures.join("; ").slice(0, 300)}`,
    current: `${samples.length} of ${settings.servers.length}`,
    expected: `at least ${min_answers}`,
  });
  if (samples.length === 0) return [sync];
  const offsetMs = median(samples.map(([, sample]) => sample.offsetMs));
  const best = Math.min(...samples.map(([, sample]) => sample.stratum));
  return [
    sync,
    rateFigure({
      check: "ntp::offset",
      target: TARGET,
      subject: `the clock is ${offsetMs >= 0 ? "behind" : "ahead"} by`,
      value: Math.abs(offsetMs),
      show: timeText,
      detail: samples.map(([server, { offsetMs, delayMs, stratum }]) =>
        `${server}: ${offsetMs >= 0 ? "+" : "-"}${timeText(Math.abs(offsetMs))}, delay ${
          timeText(delayMs)
        }, ` +
        `stratum ${stratum}`
      ).join("; "),
    }, { warn_ge, critical_ge }),
    rateFigure({
      check: "ntp::stratum",
      target: TARGET,
      subject: "the best time server's stratum is",
      value: best,
      show: String,
    }, stratum),
  ];
}

async function askAll(settings: NtpSettings, seams: CheckSeams, signal: AbortSignal): Promise<Answers> {
  const { servers, answer_timeout: timeoutMs } = settings;
  const asked = await Promise.allSettled(servers.map((text) => {
    const { host, port } = endpointOf(text);
    return askTime({ host, port, timeoutMs, clock: seams.clock, signal });
  }));
  signal.throwIfAborted();
  const samples: [string, TimeSample][] = [];
  const failures: string[] = [];
  const denied: FactUnavailableError[] = [];
  for (const [index, result] of asked.entries()) {
    const name = servers[index] ?? "";
    if (result.status === "fulfilled") samples.push([name, result.value]);
    else if (result.reason instanceof FactUnavailableError) denied.push(result.reason);
    else failures.push(`${name}: ${failureText(result.reason)}`);
  }
  const [first] = denied;
  // What the sandbox forbids says nothing about the servers.
  if (first !== undefined && denied.length === servers.length) throw first;
  return { samples, failures: [...failures, ...denied.map(({ message }) => message)] };
}
