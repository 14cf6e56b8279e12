/** Tools that look at certificates. */
import { realpath } from "node:fs/promises";
import { normalize } from "node:path";
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { named } from "../host/files/regular_file.ts";
import { cleanLine } from "../host/foreign_text.ts";
import type { CertificateFacts } from "../host/probes/certificate.ts";
import { MAX_CERTIFICATE_FILE_BYTES, parseCertificateFile } from "../host/probes/certificate_file.ts";
import { readEndpoint } from "../host/probes/endpoint.ts";
import { readSmallFile } from "../host/probes/small_file.ts";
import { STARTTLS_PROTOCOLS } from "../host/probes/starttls.ts";
import { probeCertificate } from "../host/probes/tls_certificate.ts";
import type { TlsVerification } from "../host/probes/tls_stream.ts";
import { reaching } from "./reach_failure.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

/** Where certificates are kept that everybody may see. */
const CERTIFICATE_ROOTS = ["/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/usr/share/ca-certificates"];

/** How many certificates of a file are shown. */
const MAX_SHOWN = 50;

/** The certificate of a server. */
export const CERT_INSPECT_REMOTE = defineTool({
  name: "cert_inspect_remote",
  family: "reach",
  description:
    "Shows a TLS server's certificate and chain: names, dates, issuer, and whether it is to be trusted",
  args: {
    address: about(
      z.string().check(z.minLength(1), z.maxLength(300)),
      "The server, as host or host:port; the port is 443 else.",
    ),
    sni: about(
      z.optional(z.string().check(z.maxLength(255))),
      "The name it is asked for, instead of the host.",
    ),
    starttls: about(
      z.optional(z.pipe(z.string().check(z.toLowerCase()), z.enum(STARTTLS_PROTOCOLS))),
      "The protocol that begins in the clear before TLS.",
    ),
  },
  needs: [],
  reach: "network",
  run({ address, sni, starttls }, { clock, signal }) {
    return reaching(`read the certificate of ${address}`, signal, async () => {
      const reading = readEndpoint(address, { transports: ["tcp"], defaultPort: 443 });
      if ("problem" in reading || reading.endpoint.transport !== "tcp") {
        throw new TypeError("problem" in reading ? reading.problem : "name a host");
      }
      const { chain, verification, protocol, peerAddress, totalMs } = await probeCertificate({
        endpoint: reading.endpoint,
        serverName: sni,
        startTls: starttls,
        clock,
        signal,
        timeoutMs: 8000,
        guarded: true,
      });
      const wallMs = clock.wallMs();
      const trust = verificationText(verification);
      return {
        text: `${address} (${peerAddress}${protocol === undefined ? "" : `, ${protocol}`}): ${trust}\n` +
          certificatesText(chain, wallMs),
        data: {
          address,
          peer: peerAddress,
          protocol: protocol ?? null,
          total_ms: totalMs,
          trusted: verification.trusted,
          verification: trust,
          chain: chain.map((certificate) => certificateData(certificate, wallMs)),
        },
      };
    });
  },
});

/** The certificates in a file. */
export const CERT_INSPECT_FILE = defineTool({
  name: "cert_inspect_file",
  family: "reach",
  description:
    "Shows the certificates in a PEM or DER file below /etc/ssl, /etc/pki or the log roots; never keys",
  args: {
    path: about(
      z.string().check(z.startsWith("/", "must be an absolute path"), z.maxLength(4096)),
      "The file.",
    ),
  },
  needs: CERTIFICATE_ROOTS.map((read) => ({ read })),
  reach: "files",
  async run({ path }, { clock, logRoots }) {
    const roots = [...CERTIFICATE_ROOTS, ...logRoots];
    // A path outside is refused before anything is asked about it: not even whether it exists is told.
    const resolved = isBelow(path, roots) ? await named(path, () => realpath(path)) : path;
    const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
    if (!isBelow(path, roots) || !isBelow(resolved, realRoots)) {
      throw new RangeError(`cannot read ${path}: it is not below ${roots.join(", ")}; name another file`);
    }
    const { certificates, malformed } = parseCertificateFile(
      await readSmallFile(resolved, MAX_CERTIFICATE_FILE_BYTES),
    );
    const wallMs = clock.wallMs();
    const sorted = [...certificates].sort((a, b) => a.notAfterMs - b.notAfterMs);
    const shown = certificates.length > MAX_SHOWN ? sorted.slice(0, MAX_SHOWN) : certificates;
    const notes = [
      malformed > 0 && `${malformed} malformed`,
      shown.length < certificates.length && `the ${MAX_SHOWN} that end first are shown`,
    ].filter(Boolean).map((note) => `, ${note}`).join("");
    return {
      text: `${path}: ${certificates.length} certificates${notes}` +
        (shown.length === 0 ? "" : `\n${certificatesText(shown, wallMs)}`),
      data: {
        path,
        count: certificates.length,
        malformed,
        certificates: shown.map((each) => certificateData(each, wallMs)),
      },
    };
  },
});

function isBelow(path: string, roots: readonly string[]): boolean {
  const plain = normalize(path);
  return roots.some((root) => plain.startsWith(root.endsWith("/") ? root : `${root}/`));
}

function verificationText(verification: TlsVerification): string {
  if (verification.trusted === "unknown") return "whether it is trusted, this runtime cannot tell";
  return verification.trusted ? "trusted" : `not trusted: ${verification.reason}`;
}

function certificatesText(certificates: readonly CertificateFacts[], wallMs: number): string {
  const rows = certificates.map((certificate) => {
    const { subject, issuer, names, notAfterMs, notBeforeMs, key } = certificate;
    return [
      dayText(notBeforeMs),
      dayText(notAfterMs),
      String(daysLeft(certificate, wallMs)),
      key,
      cleanLine(subject || names[0] || "-", 60),
      cleanLine(issuer || "-", 60),
      cleanLine(names.slice(0, 5).join(" ") + (names.length > 5 ? ` +${names.length - 5}` : ""), 100),
    ];
  });
  return table(columns("from", "until", ">days left", "key", "subject", "issuer", "names"), rows);
}

function certificateData(certificate: CertificateFacts, wallMs: number) {
  const { subject, issuer, names, serialNumber, fingerprint256, key, isAuthority, notBeforeMs, notAfterMs } =
    certificate;
  return {
    subject: cleanLine(subject, 500),
    issuer: cleanLine(issuer, 500),
    names: names.slice(0, 100).map((name) => cleanLine(name, 255)),
    serial: serialNumber,
    sha256: fingerprint256,
    key,
    authority: isAuthority,
    not_before: new Date(notBeforeMs).toISOString(),
    not_after: new Date(notAfterMs).toISOString(),
    days_left: daysLeft(certificate, wallMs),
  };
}

function daysLeft({ notAfterMs }: CertificateFacts, wallMs: number): number {
  return Math.floor((notAfterMs - wallMs) / 86_400_000);
}

function dayText(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 10);
}
