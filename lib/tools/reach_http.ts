/** A tool that asks a web address. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { cleanBlock, cleanLine } from "../host/foreign_text.ts";
import { type CertificateFacts, firstToExpire, shortName } from "../host/probes/certificate.ts";
import { headerOf } from "../host/probes/http_answer.ts";
import { type HttpProbeResult, probeHttp } from "../host/probes/http_probe.ts";
import { timeText } from "../host/probes/probe_deadline.ts";
import { UntrustedCertificateError } from "../host/probes/tls_stream.ts";
import { reaching } from "./reach_failure.ts";
import { defineTool, type ToolOutput } from "./tool.ts";

/** What of an answer's head is shown; the rest may be secret. */
const SHOWN_HEADERS = [
  "age",
  "cache-control",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "location",
  "retry-after",
  "server",
  "via",
];

const EXCERPT_CHARS = 512;

const webAddress = () =>
  z.string().check(
    z.maxLength(2000),
    z.superRefine((text, context) => {
      const parsed = URL.parse(text);
      const refuse = (message: string) => context.addIssue({ code: "custom", message });
      if (parsed === null || !/^https?:$/.test(parsed.protocol)) refuse("must be an http or https address");
      else if (parsed.username !== "" || parsed.password !== "") {
        refuse("must not have a user or password in it");
      }
    }),
  );

/** One request. */
export const HTTP_PROBE = defineTool({
  name: "http_probe",
  family: "reach",
  description:
    "Asks a web address once: status, what each phase took, the certificate, the body's first lines",
  args: {
    url: about(webAddress(), "The address, http or https. Redirects are shown, not followed."),
    method: about(
      z._default(z.pipe(z.string().check(z.toUpperCase()), z.enum(["GET", "HEAD"])), "GET"),
      "GET or HEAD.",
    ),
  },
  needs: [],
  reach: "network",
  run({ url, method }, { clock, signal }): Promise<ToolOutput> {
    const address = new URL(url);
    return reaching(`reach ${address.host}`, signal, async () => {
      const question = {
        url: address,
        method,
        clock,
        signal,
        timeoutMs: 8000,
        guarded: true,
        maxBodyBytes: 65_536,
      };
      try {
        return answered(await probeHttp(question), clock.wallMs());
      } catch (error) {
        if (!(error instanceof UntrustedCertificateError)) throw error;
        const certificate = certificateOf(error.chain, clock.wallMs());
        return {
          text: `${address.host} was not asked: ${error.message}\n${certificate?.text ?? ""}`.trimEnd(),
          data: { status: null, failure: error.message, certificate: certificate?.data ?? null },
        };
      }
    });
  },
});

function answered(
  { head, body, phases, totalMs, peerAddress, chain, truncated }: HttpProbeResult,
  wallMs: number,
) {
  const { connectedMs, securedMs, headMs, doneMs } = phases;
  const headers = head.headers.filter(([name]) => SHOWN_HEADERS.includes(name))
    .map(([name, value]) => [name, cleanLine(value, 200)] as const);
  const certificate = certificateOf(chain, wallMs);
  const excerpt = excerptOf(body, headerOf(head, "content-type"));
  const steps = [
    `connected ${timeText(connectedMs)}`,
    securedMs !== undefined && `TLS ${timeText(securedMs)}`,
    `head ${timeText(headMs)}`,
    `body ${timeText(doneMs)}`,
  ].filter(Boolean).join(", ");
  const size = `${body.length}${truncated ? " or more" : ""} bytes`;
  const reason = cleanLine(head.statusText, 60);
  return {
    text: [
      `HTTP ${head.status}${reason && ` ${reason}`} from ${peerAddress} in ${
        timeText(totalMs)
      }, body of ${size}`,
      `phases, since the start: ${steps}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
      ...(certificate === undefined ? [] : [certificate.text]),
      ...(excerpt === undefined || excerpt === "" ? [] : ["body begins:", excerpt]),
    ].join("\n"),
    data: {
      status: head.status,
      peer: peerAddress,
      total_ms: totalMs,
      connected_ms: connectedMs,
      tls_ms: securedMs ?? null,
      head_ms: headMs,
      done_ms: doneMs,
      body_bytes: body.length,
      body_truncated: truncated,
      headers: Object.fromEntries(headers),
      certificate: certificate?.data ?? null,
      body_excerpt: excerpt ?? null,
    },
  };
}

function certificateOf(chain: readonly CertificateFacts[], wallMs: number) {
  const first = firstToExpire(chain);
  if (first === undefined) return undefined;
  const days = Math.floor((first.notAfterMs - wallMs) / 86_400_000);
  const end = new Date(first.notAfterMs).toISOString();
  return {
    text: `certificate: ${cleanLine(shortName(first), 100)}, until ${end} (${days} days)`,
    data: { subject: first.subject, issuer: first.issuer, not_after: end, days_left: days },
  };
}

/** Text alone: undefined for anything else. */
function excerptOf(body: Uint8Array, contentType: string | undefined): string | undefined {
  const isText = /^(?:text\/|application\/(?:[\w.+-]*json|[\w.+-]*xml|javascript|x-www-form-urlencoded))/i;
  if (contentType !== undefined && !isText.test(contentType)) return undefined;
  const bytes = body.subarray(0, EXCERPT_CHARS * 4);
  if (contentType === undefined && bytes.includes(0)) return undefined;
  return cleanBlock(new TextDecoder().decode(bytes).replaceAll("\ufffd", "?"), EXCERPT_CHARS);
}
