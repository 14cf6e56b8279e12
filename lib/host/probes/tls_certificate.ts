/** The certificate of a TLS server. */
import type { CertificateFacts } from "./certificate.ts";
import type { HostEndpoint } from "./endpoint.ts";
import { type ProbeOptions, withinDeadline } from "./probe_deadline.ts";
import { negotiateTls, type StartTlsProtocol } from "./starttls.ts";
import { openStream } from "./tcp_connect.ts";
import { startTls, type TlsVerification } from "./tls_stream.ts";

/** Options of {@linkcode probeCertificate}. */
export interface CertificateProbeOptions extends ProbeOptions {
  endpoint: HostEndpoint;
  /** The name that is asked for. @default the endpoint's host */
  serverName?: string | undefined;
  /** Talks in the clear first. @default TLS from the first byte */
  startTls?: StartTlsProtocol | undefined;
  /** What certificates may be signed by, as PEM. @default what the runtime trusts */
  authorities?: string | undefined;
  /** Refuses link-local and metadata addresses. @default false */
  guarded?: boolean;
}

/** What the server showed. */
export interface CertificateProbeResult {
  /** The server's own first. Never empty. */
  readonly chain: readonly [CertificateFacts, ...CertificateFacts[]];
  readonly verification: TlsVerification;
  readonly protocol: string | undefined;
  readonly peerAddress: string;
  /** Until the certificate was there. */
  readonly totalMs: number;
}

/**
 * Connects, and reads the certificate whether it can be trusted or not; nothing is sent over the connection.
 *
 * @throws as `openStream` and `negotiateTls` do; `TimeoutError` at the deadline; Error where there is no TLS.
 */
export function probeCertificate(options: CertificateProbeOptions): Promise<CertificateProbeResult> {
  const { endpoint, serverName = endpoint.host, startTls: protocol, authorities, guarded = false, clock } =
    options;
  return withinDeadline(options, async (signal) => {
    const startMs = clock.monotonicMs();
    await using plain = await openStream({ ...endpoint, transport: "tcp" }, { signal, guarded });
    const { peerAddress } = plain;
    if (protocol !== undefined) await negotiateTls(plain, protocol);
    const wallMs = clock.wallMs();
    const tls = await startTls(plain, { serverName, authorities, acceptAnything: true, signal, wallMs });
    await using _stream = tls.stream;
    const [leaf, ...issuers] = tls.chain;
    if (leaf === undefined) throw new Error("the peer showed no certificate");
    return {
      chain: [leaf, ...issuers],
      verification: tls.verification,
      protocol: tls.protocol,
      peerAddress,
      totalMs: clock.monotonicMs() - startMs,
    };
  });
}
