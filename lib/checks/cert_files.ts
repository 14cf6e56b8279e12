/** Certificates in files. */
import type { Clock } from "../clock.ts";
import { expandGlob, isGlob } from "../host/files/glob.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { MAX_CERTIFICATE_FILE_BYTES, parseCertificateFile } from "../host/probes/certificate_file.ts";
import { failureText } from "../host/probes/failure_text.ts";
import { readSmallFile } from "../host/probes/small_file.ts";
import { type ExpiryThresholds, rateExpiry } from "./certificate_expiry.ts";
import type { Finding } from "./check.ts";
import { rateState } from "./rating.ts";

/** What a look at files takes. */
export interface CertFileOptions extends ExpiryThresholds {
  /** How many files a pattern may stand for. */
  maxFiles: number;
  clock: Clock;
  signal: AbortSignal;
}

/**
 * Looks at one file, or at all that fit a pattern. Of those, what holds no certificate is passed over: a key beside its
 * certificate is nothing bad.
 *
 * @throws FactUnavailableError where the one file that was named may not be read.
 */
export async function fileFindings(pattern: string, options: CertFileOptions): Promise<Finding[]> {
  if (!isGlob(pattern)) return await oneFile(pattern, { ...options, mustHold: true });
  const { paths, cut } = await expandGlob(pattern, { maxPaths: options.maxFiles, signal: options.signal });
  const findings = [rateState({
    check: "cert::file_readable",
    target: pattern,
    ok: !cut && paths.length > 0,
    severity: "Warning",
    description: cut
      ? `more files fit ${pattern} than the ${options.maxFiles} that are looked at`
      : `${paths.length} files fit ${pattern}`,
    current: cut ? `more than ${options.maxFiles} files` : `${paths.length} files`,
    expected: `1 to ${options.maxFiles} files`,
  })];
  for (const path of paths) {
    options.signal.throwIfAborted();
    findings.push(...await oneFile(path, { ...options, mustHold: false }));
  }
  return findings;
}

async function oneFile(path: string, options: CertFileOptions & { mustHold: boolean }): Promise<Finding[]> {
  const { mustHold, warnWithinMs, criticalWithinMs, clock } = options;
  let bytes: Uint8Array;
  try {
    bytes = await readSmallFile(path, MAX_CERTIFICATE_FILE_BYTES);
  } catch (error) {
    if (mustHold && error instanceof FactUnavailableError) throw error;
    if (!mustHold && error instanceof TypeError) return []; // a folder among the names
    return [readable(path, failureText(error))];
  }
  const { certificates: [first, ...others], malformed } = parseCertificateFile(bytes);
  if (first === undefined && malformed === 0 && !mustHold) return [];
  if (first === undefined) {
    return [readable(path, malformed > 0 ? "its certificate is malformed" : "it holds no certificate")];
  }
  // Whoever put a root into the file wants it looked at, too.
  const certificates = [first, ...others].map((each) => ({ ...each, selfSigned: false }));
  const [leaf = first, ...issuers] = certificates;
  return [
    readable(path, malformed > 0 ? `${malformed} of its certificates are malformed` : undefined),
    rateExpiry(
      { check: "cert::file_expiry", target: path, certificates: [leaf, ...issuers], wallMs: clock.wallMs() },
      { warnWithinMs, criticalWithinMs },
    ),
  ];
}

function readable(path: string, problem: string | undefined): Finding {
  return rateState({
    check: "cert::file_readable",
    target: path,
    ok: problem === undefined,
    severity: "Warning",
    description: problem === undefined
      ? `the certificates in ${path} can be read`
      : `cannot read the certificates in ${path}: ${problem}`,
    current: problem ?? "readable",
    expected: "readable",
  });
}
