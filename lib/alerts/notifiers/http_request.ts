/** The one way in which senders speak HTTP: what counts as delivered, what may be tried again, what never will do. */
import { type Clock, systemClock } from "../../clock.ts";
import { printable } from "../../log.ts";
import { parseRetryAfter } from "../../retry_after.ts";
import { secretsOfUrl, withoutSecrets } from "./secret_text.ts";
import { PermanentSendError, TransientSendError } from "./sender.ts";

/** What every sender over HTTP lets be configured. */
export interface HttpTransportOptions {
  /** Carries authorities, a client certificate, a proxy. Stays the caller's to close. @default the runtime's own */
  client?: Deno.HttpClient;
  /** For a `Retry-After` that is a date. @default systemClock */
  clock?: Clock;
}

/** Options of {@linkcode HttpEndpoint}. */
export interface HttpEndpointOptions extends HttpTransportOptions {
  /** `http` or `https`. User info is sent as basic authentication. */
  url: string | URL;
  method: HttpMethod;
  /** Sent with each request; they win over the sender's own. Their values count as secrets. @default {} */
  headers?: Readonly<Record<string, string>> | undefined;
  /** What else must show in no message. @default [] */
  secrets?: readonly string[];
  /** Whether a status says that the events have arrived. @default any 2xx */
  isDelivered?: (status: number) => boolean;
}

/** The methods that carry a body and may repeat it. */
export type HttpMethod = "POST" | "PUT" | "PATCH";

const METHODS: readonly string[] = ["POST", "PUT", "PATCH"];

/** Statuses that are about what was sent: the same request will never go through. */
const ABOUT_THE_EVENT: readonly number[] = [400, 409, 411, 413, 415, 422, 431];

/** Statuses that ask to come back later. */
const ASKED_LATER: readonly number[] = [408, 425, 429];

/** How much of an answer is read: enough to let the connection be used again. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** How much of an answer a message quotes. */
const MAX_QUOTE_CHARS = 200;

/**
 * One address that JSON is sent to. Its errors name the host and the cause, and no secret: neither user info, header
 * values, long parts of the path or query, nor what the configuration names. Requests may run side by side.
 */
export class HttpEndpoint {
  readonly #url: URL;
  readonly #method: HttpMethod;
  readonly #headers: Headers;
  readonly #client: Deno.HttpClient | undefined;
  readonly #clock: Clock;
  readonly #secrets: readonly string[];
  readonly #isDelivered: (status: number) => boolean;

  /** @throws TypeError for an address, method or header that cannot be used. */
  constructor(options: HttpEndpointOptions) {
    const { url, method, headers = {}, client, clock = systemClock, secrets = [] } = options;
    const { isDelivered = (status) => status >= 200 && status < 300 } = options;
    this.#url = httpUrl(url);
    if (!METHODS.includes(method)) {
      throw new TypeError(`cannot send events by ${method}: it must be POST, PUT or PATCH`);
    }
    this.#method = method;
    this.#headers = toHeaders(headers);
    this.#client = client;
    this.#clock = clock;
    this.#secrets = [
      ...secrets,
      ...secretsOfUrl(this.#url),
      ...Object.values(headers).flatMap(secretsOfHeader),
    ];
    this.#isDelivered = isDelivered;
  }

  /**
   * Sends what `makeBody` returns as JSON. Resolves once the answer says that it has arrived.
   *
   * @throws PermanentSendError for a status that is about the event (400, 413, 422 …), and a body that cannot be made.
   * @throws TransientSendError for everything else: what is wrong with an address, a token or a server can be mended.
   */
  async send(makeBody: () => unknown, signal: AbortSignal): Promise<void> {
    const body = encodeBody(makeBody);
    const { response, answer } = await this.#exchange(body, signal);
    const { status } = response;
    if (this.#isDelivered(status)) return;
    const what = `cannot send to ${this.#url.host}`;
    if (status >= 300 && status < 400) {
      const target = redirectTarget(response, this.#url);
      throw new TransientSendError(
        `${what}: it redirects (HTTP ${status}) to ${target}; configure the final address; retrying`,
      );
    }
    const message = `${what}: it answered HTTP ${status}${this.#quote(answer)}; ${advise(status)}`;
    if (ABOUT_THE_EVENT.includes(status)) {
      throw new PermanentSendError(message);
    }
    const retryAfter = response.headers.get("retry-after") ?? undefined;
    throw new TransientSendError(message, {
      retryAfterSec: parseRetryAfter(retryAfter, this.#clock.wallMs()),
    });
  }

  async #exchange(body: string, signal: AbortSignal): Promise<{ response: Response; answer: string }> {
    const client = this.#client;
    try {
      const request = {
        method: this.#method,
        headers: this.#headers,
        body,
        redirect: "manual" as const,
        signal,
      };
      const response = await fetch(this.#url, { ...request, ...(client && { client }) });
      return { response, answer: await readSome(response) };
    } catch (error) {
      signal.throwIfAborted();
      const reason = withoutSecrets(transportReason(error), this.#secrets);
      // The runtime's own error quotes the address, secrets and all: its reason must do as the cause.
      throw new TransientSendError(`cannot send to ${this.#url.host}: ${reason}; retrying`, {
        cause: reason,
      });
    }
  }

  #quote(answer: string): string {
    const text = printable(withoutSecrets(answer, this.#secrets).trim());
    if (text === "") return "";
    return ` (${text.length > MAX_QUOTE_CHARS ? `${text.slice(0, MAX_QUOTE_CHARS)}…` : text})`;
  }
}

function httpUrl(url: string | URL): URL {
  const parsed = URL.parse(url.toString());
  if (parsed === null) {
    throw new TypeError("cannot send events: the address is no URL; write it as https://host/path");
  }
  if (parsed.protocol === "http:" || parsed.protocol === "https:") return parsed;
  throw new TypeError(`cannot send events to a ${parsed.protocol} address: it must be http or https`);
}

function toHeaders(headers: Readonly<Record<string, string>>): Headers {
  const result = new Headers({ "content-type": "application/json" });
  for (const [name, value] of Object.entries(headers)) {
    if (!setHeader(result, name, value)) {
      const shown = JSON.stringify(name);
      throw new TypeError(
        `cannot send events: the header ${shown} is malformed; check its name, and its value for line breaks`,
      );
    }
  }
  return result;
}

/** Whether it could be set. Of some values with line breaks the runtime silently makes an empty one. */
function setHeader(headers: Headers, name: string, value: string): boolean {
  try {
    headers.set(name, value);
    return headers.get(name) === value.trim();
  } catch {
    return false; // the runtime's own message quotes the value
  }
}

/** The value, and what follows the scheme in `Bearer …`. */
function secretsOfHeader(value: string): string[] {
  return [value, value.replace(/^\S+\s+/, "")];
}

function encodeBody(makeBody: () => unknown): string {
  try {
    return JSON.stringify(makeBody());
  } catch (error) {
    throw new PermanentSendError("cannot send: the event cannot be written as JSON; send plain data", {
      cause: error,
    });
  }
}

/** Up to 64 KiB of the answer, so that the connection is free again. What cannot be read is left: the status is known. */
async function readSome(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (let bytes = 0; bytes < MAX_ANSWER_BYTES;) {
      const { done, value } = await reader.read();
      if (done) return text;
      bytes += value.byteLength;
      text += decoder.decode(value, { stream: true });
    }
    await reader.cancel();
  } catch {
    // Cut off: as far as it came.
  }
  return text;
}

/** The innermost reason of a failed request, without the address that the runtime puts before it. */
function transportReason(error: unknown): string {
  let innermost: unknown = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  const message = innermost instanceof Error ? innermost.message : String(innermost);
  const reason = /client error \(\w+\): (.+)$/s.exec(message)?.[1];
  return reason ?? message.replaceAll(/https?:\/\/\S+/g, "the address");
}

/** The host of a redirect; the rest of the address may be secret. */
function redirectTarget(response: Response, url: URL): string {
  const target = URL.parse(response.headers.get("location") ?? "", url);
  return target === null || target.host === "" ? "nowhere" : `${target.protocol}//${target.host}`;
}

function advise(status: number): string {
  if (status === 401 || status === 403) return "check the credentials in its configuration; retrying";
  if (status === 404 || status === 405) return "check its address and method; retrying";
  if (status === 407) return "the proxy wants credentials; retrying";
  if (status === 413) return "the event is too large for it";
  if (ASKED_LATER.includes(status)) return "it wants to be asked later; retrying";
  if (status >= 500) return "look at its log; retrying";
  if (status < 300) return "that is not the answer of the service meant; check its address; retrying";
  return "it does not take this event";
}
