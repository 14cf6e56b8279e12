/** TLS on top of a connection, with what its certificate says. */
import { X509Certificate } from "node:crypto";
import { connect, type DetailedPeerCertificate, TLSSocket } from "node:tls";
import { FactUnavailableError } from "../host_facts.ts";
import { type CertificateFacts, certificateFacts } from "./certificate.ts";
import { isAddress } from "./endpoint.ts";
import { ProbeStream } from "./probe_stream.ts";

/** How much of a chain is looked at. */
const MAX_CHAIN = 10;

/** Whether a certificate can be trusted. */
export type TlsVerification =
  | { readonly trusted: true }
  | {
    readonly trusted: false;
    /** In words: `it has expired`. */
    readonly reason: string;
  }
  /** The runtime is too old to tell. */
  | { readonly trusted: "unknown" };

/** Options of {@linkcode startTls}. */
export interface StartTlsOptions {
  /** The name that the server is asked for, and that its certificate must have; an address is not sent. */
  serverName: string;
  /** What certificates may be signed by, as PEM. @default what the runtime trusts */
  authorities?: string | undefined;
  /** Goes on whatever the certificate is. @default false */
  acceptAnything?: boolean;
  signal: AbortSignal;
  wallMs: number;
}

/** What a TLS handshake came to. */
export interface TlsStream {
  readonly stream: ProbeStream;
  /** The server's own first, then who signed it, as far as it was sent. */
  readonly chain: readonly CertificateFacts[];
  readonly verification: TlsVerification;
  /** `TLSv1.3`; undefined where the runtime does not tell. */
  readonly protocol: string | undefined;
}

/** A certificate that cannot be trusted: nothing was sent to the peer. Carries what it says. */
export class UntrustedCertificateError extends Error {
  override readonly name = "UntrustedCertificateError";
  readonly chain: readonly CertificateFacts[];

  /** @param reason in words: `it has expired`. */
  constructor(reason: string, chain: readonly CertificateFacts[]) {
    super(`the certificate is not to be trusted: ${reason}`);
    this.chain = chain;
  }
}

/** Older runtimes say that everything is trusted unless they are told to refuse it themselves. */
const TELLS_VERIFICATION = typeof TLSSocket.prototype.getProtocol === "function";

/**
 * Shakes hands. Takes the connection over; it has to be disposed of by the caller all the same, after this one.
 *
 * @throws UntrustedCertificateError unless `acceptAnything`; Error when the peer speaks no TLS; FactUnavailableError
 * where the runtime is too old to begin TLS after something was read.
 */
export async function startTls(plain: ProbeStream, options: StartTlsOptions): Promise<TlsStream> {
  const { serverName, authorities, acceptAnything = false, signal, wallMs } = options;
  if (plain.wasRead && !TELLS_VERIFICATION) {
    throw new FactUnavailableError(
      "cannot begin TLS after a talk in the clear: this runtime is too old; use Deno 2.9",
    );
  }
  const socket = connect({
    socket: plain.release(),
    host: serverName,
    ...(!isAddress(serverName) && { servername: serverName }),
    ...(authorities !== undefined && { ca: authorities }),
    rejectUnauthorized: !acceptAnything && !TELLS_VERIFICATION,
    ALPNProtocols: ["http/1.1"],
  });
  const stream = new ProbeStream(socket, signal);
  try {
    await handshake(socket, signal);
    const chain = chainOf(socket);
    const verification = verificationOf(socket, { serverName, wallMs, chain });
    if (verification.trusted === false && !acceptAnything) {
      throw new UntrustedCertificateError(verification.reason, chain.map(certificateFacts));
    }
    return {
      stream,
      verification,
      chain: chain.map(certificateFacts),
      protocol: TELLS_VERIFICATION ? socket.getProtocol() ?? undefined : undefined,
    };
  } catch (error) {
    await stream[Symbol.asyncDispose]();
    throw error;
  }
}

async function handshake(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  let onAbort = () => {};
  await new Promise<void>((resolve, reject) => {
    let failure: unknown;
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    socket.once("secureConnect", resolve);
    socket.once("error", (error) => failure = error);
    socket.once("close", () => {
      reject(failure ?? new Error("the peer closed during the TLS handshake"));
    });
  }).catch((error: unknown) => {
    const text = error instanceof Error ? error.message : "";
    // What OpenSSL and rustls say about bytes that are no TLS.
    if (
      /corrupt message|InvalidContentType|wrong version number|packet length too long|unexpected message/i
        .test(text)
    ) {
      throw new Error("the peer speaks no TLS there", { cause: error });
    }
    if (/before secure TLS connection/.test(text)) {
      throw new Error("the peer closed during the TLS handshake", { cause: error });
    }
    throw error;
  }).finally(() => signal.removeEventListener("abort", onAbort));
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  let next: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < MAX_CHAIN) {
    const certificate = new X509Certificate(next.raw);
    if (seen.has(certificate.fingerprint256)) break; // a root is its own issuer
    seen.add(certificate.fingerprint256);
    chain.push(certificate);
    next = next.issuerCertificate;
  }
  return chain;
}

const REASONS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is signed by nobody but itself",
  SELF_SIGNED_CERT_IN_CHAIN: "who signed it is not known here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "who signed it is not known here",
  UNABLE_TO_GET_ISSUER_CERT: "who signed it is not known here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "who signed it is not known here, or the server left out an intermediate",
  CERT_HAS_EXPIRED: "it, or one that signed it, has expired",
  CERT_NOT_YET_VALID: "it, or one that signed it, is not yet valid",
  CERT_REVOKED: "it has been revoked",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for another name",
};

function verificationOf(
  socket: TLSSocket,
  { serverName, wallMs, chain }: { serverName: string; wallMs: number; chain: readonly X509Certificate[] },
): TlsVerification {
  const [leaf] = chain;
  if (leaf !== undefined) {
    const { notBeforeMs, notAfterMs, names } = certificateFacts(leaf);
    if (wallMs >= notAfterMs) return { trusted: false, reason: "it has expired" };
    if (wallMs < notBeforeMs) return { trusted: false, reason: "it is not yet valid" };
    if (!isFor(leaf, serverName)) {
      const shown = names.slice(0, 3).join(", ") || "no name at all";
      return { trusted: false, reason: `it is for ${shown}, not for ${serverName}` };
    }
  }
  if (!TELLS_VERIFICATION) return { trusted: "unknown" };
  if (leaf !== undefined && socket.authorized) return { trusted: true };
  const code = String((socket.authorizationError as unknown) ?? "there is none");
  return { trusted: false, reason: REASONS[code] ?? code };
}

/** Its alternative names alone count, as every current client has it; `*` stands for one whole label, the first. */
function isFor(certificate: X509Certificate, serverName: string): boolean {
  if (isAddress(serverName)) return certificate.checkIP(serverName) !== undefined;
  const asked = serverName.toLowerCase().replace(/\.$/, "");
  const names = (certificate.subjectAltName ?? "").split(", ").filter((name) => name.startsWith("DNS:"));
  return names.some((name) => {
    const known = name.slice(4).toLowerCase();
    return known === asked || (known.startsWith("*.") && known.slice(1) === asked.replace(/^[^.]+/, ""));
  });
}
