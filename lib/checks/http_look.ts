/** One look at a web server. */
import { FactUnavailableError } from "../host/host_facts.ts";
import { failureText } from "../host/probes/failure_text.ts";
import { headerOf } from "../host/probes/http_answer.ts";
import { type HttpProbeResult, probeHttp, redirectTarget } from "../host/probes/http_probe.ts";
import { timeText } from "../host/probes/probe_deadline.ts";
import { readAuthorities } from "../host/probes/small_file.ts";
import { UntrustedCertificateError } from "../host/probes/tls_stream.ts";
import type { CertificateFacts } from "../host/probes/certificate.ts";
import type { Finding } from "./check.ts";
import { rateExpiry } from "./certificate_expiry.ts";
import type { CheckSeams } from "./definition.ts";
import { bodyText, readBodyPattern, readStatusPattern } from "./http_expectation.ts";
import type { HttpSettings } from "./http_options.ts";
import { rateFigure, rateState } from "./rating.ts";
import { targetOf } from "./http.ts";

export class HttpLook {
  readonly #url: URL;
  readonly #settings: HttpSettings;
  readonly #seams: CheckSeams;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #target: string;

  constructor(url: URL, settings: HttpSettings, seams: CheckSeams) {
    this.#url = url;
    this.#settings = settings;
    this.#seams = seams;
    this.#labels = { method: settings.method };
    this.#target = targetOf(settings.urls.find((text) => new URL(text).href === url.href) ?? url.href);
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    const { ca_file } = this.#settings;
    const authorities = ca_file === undefined ? undefined : await readAuthorities(ca_file);
    let result: HttpProbeResult;
    try {
      result = await this.#ask(authorities, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FactUnavailableError) throw error;
      const chain = error instanceof UntrustedCertificateError ? error.chain : [];
      return [this.#connectivity(failureText(error)), ...this.#expiry(chain)];
    }
    return [
      this.#connectivity(),
      this.#status(result),
      ...this.#body(result),
      ...this.#time(result),
      ...this.#expiry(result.chain),
    ];
  }

  #ask(authorities: string | undefined, signal: AbortSignal): Promise<HttpProbeResult> {
    const { method, headers, body, request_timeout, max_redirects, insecure } = this.#settings;
    return probeHttp({
      url: this.#url,
      method,
      headers,
      body,
      authorities,
      insecure,
      maxRedirects: max_redirects,
      timeoutMs: request_timeout,
      clock: this.#seams.clock,
      signal,
    });
  }

  #connectivity(problem?: string): Finding {
    return rateState({
      check: "http::connectivity",
      target: this.#target,
      labels: this.#labels,
      ok: problem === undefined,
      severity: this.#settings.severity,
      description: problem === undefined
        ? `${this.#target} answers`
        : `${this.#target} does not answer: ${problem}`,
      current: problem ?? "answers",
      expected: "answers",
    });
  }

  #status({ head, url }: HttpProbeResult): Finding {
    const { expect_status, severity } = this.#settings;
    const expected = expect_status.join(", ");
    const target = redirectTarget(url, head);
    const to = target === undefined ? "" : `, redirects to ${target.origin}`;
    return rateState({
      check: "http::status_code",
      target: this.#target,
      labels: this.#labels,
      ok: expect_status.some((text) => readStatusPattern(text)?.(head.status)),
      severity,
      description: `${this.#target} answers ${head.status}${to}`,
      current: String(head.status),
      expected,
    });
  }

  #body({ body, head, truncated }: HttpProbeResult): Finding[] {
    const { expect_body, severity } = this.#settings;
    if (expect_body.length === 0) return [];
    const text = bodyText(body, headerOf(head, "content-type"));
    const missing = expect_body.filter((source) => {
      const pattern = readBodyPattern(source);
      return typeof pattern === "string" || !pattern.matches(text);
    });
    const encoding = headerOf(head, "content-encoding");
    const hints = [
      truncated && "only its first MiB was looked at",
      encoding !== undefined && encoding !== "identity" && "it is compressed, though that was not asked for",
    ].filter(Boolean).join("; ");
    const shown = missing.map((source) => JSON.stringify(source.slice(0, 80))).join(", ");
    return [rateState({
      check: "http::response_body",
      target: this.#target,
      labels: this.#labels,
      ok: missing.length === 0,
      severity,
      description: missing.length === 0
        ? `${this.#target} answers with the expected body`
        : `the body of ${this.#target} lacks ${shown}${hints && ` (${hints})`}`,
      current: missing.length === 0 ? "as expected" : `lacks ${shown}`,
      expected: expect_body.map((source) => JSON.stringify(source.slice(0, 80))).join(", "),
    })];
  }

  #time({ totalMs, phases, redirects }: HttpProbeResult): Finding[] {
    const { response_time } = this.#settings;
    if (response_time.warn_ge <= 0 && response_time.critical_ge <= 0) return [];
    const { connectedMs, securedMs, headMs, doneMs } = phases;
    const steps = [
      `connected ${timeText(connectedMs)}`,
      securedMs !== undefined && `TLS ${timeText(securedMs)}`,
      `head ${timeText(headMs)}`,
      `body ${timeText(doneMs)}`,
      redirects.length > 0 && `${redirects.length} redirects before`,
    ].filter(Boolean).join(", ");
    return [rateFigure({
      check: "http::response_time",
      target: this.#target,
      labels: this.#labels,
      subject: `response time of ${this.#target}`,
      value: totalMs,
      show: timeText,
      detail: steps,
    }, response_time)];
  }

  #expiry(chain: readonly CertificateFacts[]): Finding[] {
    const [leaf, ...issuers] = chain;
    if (leaf === undefined) return [];
    const { warn_within, critical_within } = this.#settings.cert_expiry;
    return [rateExpiry({
      check: "http::cert_expiry",
      target: this.#target,
      labels: this.#labels,
      certificates: [leaf, ...issuers],
      wallMs: this.#seams.clock.wallMs(),
    }, { warnWithinMs: warn_within, criticalWithinMs: critical_within })];
  }
}
