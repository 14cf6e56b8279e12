/**
 * Finding out why a dial failed. The native WebSocket says little (`tcp connect error`, `Invalid status code: 503`),
 * so the same address is asked once more by `fetch`, through the same HTTP client, without upgrade headers: no
 * second connection can come of it.
 */
import type { Clock } from "../clock.ts";
import { parseRetryAfter } from "../retry_after.ts";
import { DialError, statusOf } from "./dial_error.ts";

/** What {@linkcode diagnoseDial} needs. */
export interface DiagnoseDialOptions {
  url: URL;
  /** The proxy that leads there: `host:port`. */
  via?: string | undefined;
  headers: Readonly<Record<string, string>>;
  client: Deno.HttpClient | undefined;
  /** How long the question may take, in milliseconds. */
  deadlineMs: number;
  /** For the deadline, and because a `Retry-After` may be a date. */
  clock: Clock;
  signal: AbortSignal;
}

/** HTTP statuses whose `Retry-After` is heeded. */
const RETRY_AFTER_STATUSES: readonly number[] = [429, 503];

/** Makes of the socket's own error one that says what an operator must mend. Never throws. */
export async function diagnoseDial(socketError: string, options: DiagnoseDialOptions): Promise<DialError> {
  const { url } = options;
  const socketStatus = statusOf(socketError);
  const hub = options.via === undefined ? url.host : `${url.host} through the proxy ${options.via}`;
  const answer = await ask(options);
  const status = socketStatus ?? undefined;
  if (status !== undefined) {
    // The socket's status is what the upgrade met; the second answer only adds what belongs to the same status.
    const retryAfterSec = answer.status === status && RETRY_AFTER_STATUSES.includes(status)
      ? parseRetryAfter(answer.retryAfter, options.clock.wallMs())
      : undefined;
    return new DialError(
      `cannot connect to ${hub}: the server answered HTTP ${status}; ${adviseStatus(status)}`,
      {
        status,
        retryAfterSec,
        cause: socketError,
      },
    );
  }
  const reason = answer.failure ?? (BROKEN_OFF.test(socketError) ? BROKEN_OFF_TEXT : socketError);
  if (answer.failure === undefined && answer.status !== undefined) {
    return new DialError(
      `cannot connect to ${hub}: ${socketError}, though the server answers plain HTTP with ${answer.status}; ` +
        `check that the address is the control server's and that proxies before it pass WebSockets on`,
      { cause: socketError },
    );
  }
  const advice = adviseProxy(reason, options.via) ?? advise(reason);
  return new DialError(`cannot connect to ${hub}: ${reason}; ${advice}`, { cause: socketError });
}

/**
 * What the socket says where the server was gone before its reason had arrived, with TLS 1.3: that it asks for HTTP/2
 * first is its own business.
 */
const BROKEN_OFF = /Didn't receive h2 alpn|peer closed connection/;

const BROKEN_OFF_TEXT = "the server broke off after the TLS handshake";

interface Answer {
  status?: number;
  retryAfter?: string | undefined;
  failure?: string;
}

async function ask(
  { url, headers, client, deadlineMs, clock, signal }: DiagnoseDialOptions,
): Promise<Answer> {
  const question = new URL(url);
  question.protocol = url.protocol === "wss:" ? "https:" : "http:";
  const deadline = new AbortController();
  const timer = clock.setTimeout(() => deadline.abort(), deadlineMs);
  try {
    const response = await fetch(question, {
      headers,
      redirect: "manual",
      signal: AbortSignal.any([signal, deadline.signal]),
      ...(client && { client }),
    });
    await response.body?.cancel();
    return { status: response.status, retryAfter: response.headers.get("retry-after") ?? undefined };
  } catch (error) {
    if (deadline.signal.aborted || signal.aborted) return {};
    const failure = transportReason(error);
    return failure === undefined ? {} : { failure };
  } finally {
    clock.clearTimeout(timer);
  }
}

/** The innermost reason of a failed fetch, without the address that the message repeats. */
function transportReason(error: unknown): string | undefined {
  let innermost: unknown = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  const message = innermost instanceof Error ? innermost.message : String(innermost);
  const match = /client error \((?:Connect|SendRequest)\): (.+)$/s.exec(message) ??
    // With TLS 1.3 a server judges the client's certificate when the client has long begun to speak.
    /(received fatal alert: \w+)/.exec(message);
  // Anything else (a port that fetch refuses to ask, say) tells less than the socket's own error.
  return match?.[1];
}

function adviseStatus(status: number): string {
  if (status === 403) return "check that this agent may connect (token, address allow-lists)";
  if (status === 404 || status === 405) return "check that the address is a control server's, without a path";
  if (status === 407) return "the proxy wants credentials";
  if (status === 429 || status === 503) return "it is overloaded or in maintenance; retrying";
  if (status >= 500) return "look at the server's log; retrying";
  if (status >= 300 && status < 400) return "it redirects; configure the final address";
  return "check the address and the server's version";
}

/** What to do about a failure on the way through a proxy. */
function adviseProxy(reason: string, via: string | undefined): string | undefined {
  if (via === undefined) return undefined;
  if (/proxy authentication required/.test(reason)) {
    return "the proxy wants credentials, or others; check the user info in [server] proxy";
  }
  if (/unsuccessful tunnel|while tunneling/.test(reason)) {
    return "the proxy opens no tunnel there: ask whether it allows this server, and whether it reaches it";
  }
  if (/refused|dns error/i.test(reason)) return "check [server] proxy and that the proxy runs";
  if (/timed out|deadline|no answer/i.test(reason)) {
    return "check the proxy, and firewalls before and behind it";
  }
  return undefined;
}

/** What to do about a transport failure, by what its text speaks of. */
function advise(reason: string): string {
  if (/dns error/i.test(reason)) return "check the host name in [server] address and this host's resolver";
  if (/refused/i.test(reason)) return "check the port in [server] address and that the server runs";
  if (/unreachable|no route/i.test(reason)) return "check this host's network and routes";
  if (/timed out|deadline|no answer/i.test(reason)) return "check firewalls between this host and the server";
  if (/fatal alert: (?:Certificate|BadCert|UnsupportedCert|UnknownCA|Handshake|AccessDenied)/i.test(reason)) {
    return "the server does not accept this agent's certificate; check [server] cert_file and its dates";
  }
  if (/UnknownIssuer|CaUsedAsEndEntity|BadSignature/.test(reason)) {
    return "the certificate is not signed by a known authority; set [server] ca_file to the one that signed it";
  }
  if (/NotValidForName|not valid for name/.test(reason)) {
    return "the certificate is for another name; use the name it was made for";
  }
  if (/expired|not ?valid ?yet/i.test(reason)) return "check the certificate's dates and this host's clock";
  if (/certificate/i.test(reason)) return "check the server's certificate and [server] ca_file";
  if (reason === BROKEN_OFF_TEXT) {
    return "it may want a certificate of this agent's: check [server] cert_file, and the server's log";
  }
  if (/corrupt message|InvalidContentType/.test(reason)) {
    return "the server speaks no TLS there; use ws:// or its TLS port";
  }
  if (/invalid HTTP version/.test(reason)) {
    return "that port speaks no HTTP, or TLS only; try wss:// or another port";
  }
  return "check [server] address and the server's log";
}
