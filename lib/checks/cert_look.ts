/** One look at a server's certificate. */
import type { CertSettings } from "./cert.ts";
import { failureText } from "../host/probes/failure_text.ts";
import { readAuthorities } from "../host/probes/small_file.ts";
import { probeCertificate } from "../host/probes/tls_certificate.ts";
import { rateExpiry } from "./certificate_expiry.ts";
import type { Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { rateState } from "./rating.ts";
import { endpointOf, thresholdsOf } from "./cert.ts";

export async function remoteFindings(
  target: string,
  { settings, seams, signal }: { settings: CertSettings; seams: CheckSeams; signal: AbortSignal },
): Promise<Finding[]> {
  const { sni, starttls, ca_file, verify } = settings;
  const { clock } = seams;
  const authorities = ca_file === undefined ? undefined : await readAuthorities(ca_file);
  const connectivity = (problem?: string) =>
    rateState({
      check: "cert::connectivity",
      target,
      ok: problem === undefined,
      description: problem === undefined
        ? `${target} shows a certificate`
        : `cannot read the certificate of ${target}: ${problem}`,
      current: problem ?? "shows a certificate",
      expected: "shows a certificate",
    });
  let seen: Awaited<ReturnType<typeof probeCertificate>>;
  try {
    const question = { endpoint: endpointOf(target), serverName: sni, startTls: starttls, authorities };
    seen = await probeCertificate({ ...question, clock, signal, timeoutMs: 10_000 });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FactUnavailableError) throw error;
    return [connectivity(failureText(error))];
  }
  const { chain: certificates, verification } = seen;
  const expiry = rateExpiry(
    { check: "cert::remote_expiry", target, certificates, wallMs: clock.wallMs() },
    thresholdsOf(settings),
  );
  const findings = [connectivity(), expiry];
  if (verify && verification.trusted !== "unknown") {
    const reason = verification.trusted ? undefined : verification.reason;
    findings.push(rateState({
      check: "cert::verification",
      target,
      ok: verification.trusted,
      description: `the certificate of ${target} is ${
        reason === undefined ? "trusted" : `not trusted: ${reason}`
      }`,
      current: reason ?? "trusted",
      expected: "trusted",
    }));
  }
  return findings;
}
