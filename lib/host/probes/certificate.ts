/** What a certificate says. */
import type { X509Certificate } from "node:crypto";

/** One certificate, in words and in milliseconds since 1970. */
export interface CertificateFacts {
  /** `CN=example.org, O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** The names and addresses it was made for. */
  readonly names: readonly string[];
  readonly serialNumber: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256 over the whole certificate, as hex pairs. */
  readonly fingerprint256: string;
  /** `ec prime256v1`, `rsa 2048`. */
  readonly key: string;
  /** Whether it may sign others. */
  readonly isAuthority: boolean;
  readonly selfSigned: boolean;
}

/** @throws Error when its dates cannot be read. */
export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  const notBeforeMs = Date.parse(certificate.validFrom);
  const notAfterMs = Date.parse(certificate.validTo);
  if (Number.isNaN(notBeforeMs) || Number.isNaN(notAfterMs)) {
    throw new Error("cannot read the certificate: its dates are malformed; have it made anew");
  }
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: (certificate.subjectAltName ?? "").split(", ").filter(Boolean).map((name) =>
      name.replace(/^(?:DNS|IP Address):/, "")
    ),
    serialNumber: certificate.serialNumber,
    notBeforeMs,
    notAfterMs,
    fingerprint256: certificate.fingerprint256,
    key: keyText(certificate),
    isAuthority: certificate.ca,
    selfSigned: certificate.subject === certificate.issuer,
  };
}

/**
 * The certificate of a chain that ends first. A root that came along does not count, unless it is all there is: who
 * trusts it has its own copy.
 */
export function firstToExpire(chain: readonly CertificateFacts[]): CertificateFacts | undefined {
  return chain.filter((certificate, index) => index === 0 || !certificate.selfSigned)
    .reduce<CertificateFacts | undefined>(
      (first, next) => first === undefined || next.notAfterMs < first.notAfterMs ? next : first,
      undefined,
    );
}

/** The subject's common name, else its first name, else the whole subject. */
export function shortName({ subject, names }: CertificateFacts): string {
  return /(?:^|, )CN=([^,]+)/.exec(subject)?.[1] ?? names[0] ?? (subject || "an unnamed certificate");
}

function oneLine(name: string | undefined): string {
  // deno-lint-ignore no-control-regex
  return (name ?? "").trim().replaceAll(/\n/g, ", ").replaceAll(/[\u0000-\u001f\u007f]/g, " ");
}

function keyText(certificate: X509Certificate): string {
  try {
    const { asymmetricKeyType = "unknown", asymmetricKeyDetails } = certificate.publicKey;
    const size = asymmetricKeyDetails?.namedCurve ?? asymmetricKeyDetails?.modulusLength;
    return size === undefined ? asymmetricKeyType : `${asymmetricKeyType} ${size}`;
  } catch {
    return "unknown"; // a kind of key that the runtime does not know
  }
}
