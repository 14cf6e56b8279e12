/**
 * One HTTP/1.1 request over a connection of its own: each phase is timed, who answered and with which certificate is
 * known, and neither proxies nor anything else from the environment play a part.
 */
import type { CertificateFacts } from "./certificate.ts";
import { encodeRequest, type HttpRequest } from "./http_request.ts";
import { ByteReader, headerOf, type HttpHead, readBody, readHead } from "./http_answer.ts";
import { type ProbeOptions, withinDeadline } from "./probe_deadline.ts";
import type { ProbeStream } from "./probe_stream.ts";
import { openStream } from "./tcp_connect.ts";
import { startTls, type TlsStream } from "./tls_stream.ts";

/** Options of {@linkcode probeHttp}. */
export interface HttpProbeOptions extends ProbeOptions {
  /** `http` or `https`. */
  url: URL;
  /** @default "GET" */
  method?: string;
  /** @default {} */
  headers?: Readonly<Record<string, string>>;
  /** @default none */
  body?: string | undefined;
  /** How much of the answer's body is read. @default 1048576 */
  maxBodyBytes?: number;
  /** How many redirects are followed; credentials do not go to another origin. @default 0 */
  maxRedirects?: number;
  /** What certificates may be signed by, as PEM. @default what the runtime trusts */
  authorities?: string | undefined;
  /** Asks whatever the certificate is. @default false */
  insecure?: boolean;
  /** Refuses link-local and metadata addresses, at each redirect. @default false */
  guarded?: boolean;
}

/** The final answer. */
export interface HttpProbeResult {
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  readonly head: HttpHead;
  /** At most `maxBodyBytes`. */
  readonly body: Uint8Array;
  /** Whether the body was longer. */
  readonly truncated: boolean;
  /** The statuses of the redirects that were followed. */
  readonly redirects: readonly number[];
  readonly peerAddress: string;
  /** The last request's, from its start. */
  readonly phases: HttpPhases;
  /** From the first request's start to the last answer's end. */
  readonly totalMs: number;
  /** The server's certificate first; empty without TLS. */
  readonly chain: readonly CertificateFacts[];
}

/** When each step of a request was done, in milliseconds since its start. */
export interface HttpPhases {
  /** Name looked up, connected. */
  readonly connectedMs: number;
  /** TLS shaken hands; missing without TLS. */
  readonly securedMs?: number;
  /** The head of the answer was there. */
  readonly headMs: number;
  /** The body was there, too. */
  readonly doneMs: number;
}

const DEFAULT_BODY_BYTES = 1024 * 1024;

/** Headers that stay behind when a redirect leads to another origin. */
const CREDENTIALS: readonly string[] = ["authorization", "cookie", "proxy-authorization"];

/**
 * Asks, and reads the answer whatever its status. Every connection is closed when it settles.
 *
 * @throws UntrustedCertificateError, with the certificate, before anything is sent; the errors of `openStream`;
 * `TimeoutError` at the deadline; Error where the answer is no HTTP or is cut off.
 */
export function probeHttp(options: HttpProbeOptions): Promise<HttpProbeResult> {
  const { method = "GET", headers = {}, body, maxRedirects = 0, clock } = options;
  return withinDeadline(options, async (signal) => {
    const startMs = clock.monotonicMs();
    const redirects: number[] = [];
    let request: HttpRequest = { url: options.url, method: method.toUpperCase(), headers, body };
    for (;;) {
      const answer = await exchange(request, options, signal);
      const next = redirects.length < maxRedirects ? redirected(request, answer.head) : undefined;
      if (next === undefined) {
        return { ...answer, url: request.url, redirects, totalMs: clock.monotonicMs() - startMs };
      }
      redirects.push(answer.head.status);
      request = next;
    }
  });
}

/** Where an answer redirects to, if anywhere. */
export function redirectTarget(url: URL, head: HttpHead): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(head.status)) return undefined;
  return URL.parse(headerOf(head, "location") ?? "", url) ?? undefined;
}

type Answer = Omit<HttpProbeResult, "url" | "redirects" | "totalMs">;

async function exchange(
  request: HttpRequest,
  options: HttpProbeOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const { clock, guarded = false, authorities, insecure = false, maxBodyBytes = DEFAULT_BODY_BYTES } =
    options;
  const { url, method } = request;
  const bytes = encodeRequest(request);
  const secure = url.protocol === "https:";
  if (!secure && url.protocol !== "http:") {
    throw new TypeError(`cannot ask a ${url.protocol} address by HTTP`);
  }
  const host = url.hostname.replaceAll(/[[\]]/g, "");
  const startMs = clock.monotonicMs();
  const sinceStart = () => clock.monotonicMs() - startMs;
  const port = Number(url.port || (secure ? 443 : 80));
  await using plain = await openStream({ transport: "tcp", host, port }, { signal, guarded });
  const { peerAddress } = plain;
  const connectedMs = sinceStart();
  let tls: TlsStream | undefined;
  if (secure) {
    const trust = { serverName: host, authorities, acceptAnything: insecure, wallMs: clock.wallMs() };
    tls = await startTls(plain, { ...trust, signal });
  }
  await using stream: ProbeStream = tls?.stream ?? plain;
  const securedMs = sinceStart();
  const reader = new ByteReader(() => stream.read());
  // A server may answer, and close, before it has read the whole request: what it says counts more.
  const written = stream.write(bytes).then(
    () => undefined,
    (error: unknown) => error ?? new Error("cannot send"),
  );
  const head = await readHead(reader).catch(async (error: unknown) => {
    signal.throwIfAborted();
    throw await Promise.race([written, Promise.resolve()]) ?? error;
  });
  const headMs = sinceStart();
  const { bytes: body, truncated } = await readBody(reader, { head, method, maxBytes: maxBodyBytes });
  const phases = { connectedMs, ...(secure && { securedMs }), headMs, doneMs: sinceStart() };
  return { head, body, truncated, peerAddress, phases, chain: tls?.chain ?? [] };
}

function redirected(request: HttpRequest, head: HttpHead): HttpRequest | undefined {
  const url = redirectTarget(request.url, head);
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  const { status } = head;
  const becomesGet = status === 303 ? request.method !== "HEAD" : status < 303 && request.method === "POST";
  const sameOrigin = url.origin === request.url.origin;
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => {
      const key = name.toLowerCase();
      if (!sameOrigin && (CREDENTIALS.includes(key) || key === "host")) return false;
      return !(becomesGet && key.startsWith("content-"));
    }),
  );
  const body = becomesGet ? undefined : request.body;
  return { url, method: becomesGet ? "GET" : request.method, headers, body };
}
