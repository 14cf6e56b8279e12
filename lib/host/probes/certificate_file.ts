/** Certificates in files: PEM with any number of them, or one as DER. */
import { X509Certificate } from "node:crypto";
import { type CertificateFacts, certificateFacts } from "./certificate.ts";

/** A file of certificates is smaller than this. */
export const MAX_CERTIFICATE_FILE_BYTES = 2 * 1024 * 1024;

/** How many certificates of one file are looked at. */
const MAX_CERTIFICATES = 1000;

/** What a file of certificates holds. */
export interface CertificateFile {
  /** In the file's order. */
  readonly certificates: readonly CertificateFacts[];
  /** Blocks that look like certificates and cannot be read. */
  readonly malformed: number;
}

/** Private keys and whatever else stands between certificates is skipped, and leaves no trace. Never throws. */
export function parseCertificateFile(bytes: Uint8Array): CertificateFile {
  const text = new TextDecoder("latin1").decode(bytes);
  const blocks: (string | Uint8Array)[] = [];
  const pattern = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([^-]{1,100000})-----END/g;
  for (const [, body = ""] of text.matchAll(pattern)) {
    if (blocks.length === MAX_CERTIFICATES) break;
    blocks.push(`-----BEGIN CERTIFICATE-----\n${body.trim()}\n-----END CERTIFICATE-----\n`);
  }
  // A DER certificate is one ASN.1 sequence with a length of two bytes.
  if (blocks.length === 0 && bytes[0] === 0x30 && bytes[1] === 0x82) blocks.push(bytes);
  const certificates: CertificateFacts[] = [];
  let malformed = 0;
  for (const block of blocks) {
    try {
      certificates.push(certificateFacts(new X509Certificate(block)));
    } catch {
      malformed++;
    }
  }
  return { certificates, malformed };
}
