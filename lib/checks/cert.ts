/** How long certificates still last, those of servers and those in files. */
import { lazyCheck } from "./lazy_check.ts";
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { absolutePath, duration, nonEmpty } from "../config/fields.ts";
import { isGlob } from "../host/files/glob.ts";
import type { Need } from "../host/need.ts";
import { type HostEndpoint, hostPort, readEndpoint } from "../host/probes/endpoint.ts";
import { STARTTLS_PROTOCOLS } from "../host/probes/starttls.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";

const remote = () =>
  nonEmpty().check(z.superRefine((text, context) => {
    const reading = readRemote(text);
    if (typeof reading === "string") context.addIssue({ code: "custom", message: reading });
  }));

const options = () => ({
  remotes: about(
    z._default(z.array(remote()).check(z.maxLength(100)), []),
    "Servers, as `host` or `host:port`; the port is 443 unless it is given.",
  ),
  files: about(
    z._default(z.array(absolutePath()).check(z.maxLength(100)), []),
    "Files with certificates in PEM or DER; `*`, `?`, `[a-z]`, `{a,b}` and `**` stand for names.",
  ),
  sni: about(
    z.optional(nonEmpty()),
    "The name that servers are asked for and that their certificates must have, instead of the host.",
  ),
  starttls: about(
    z.optional(z.enum(STARTTLS_PROTOCOLS)),
    "The protocol that begins in the clear before TLS.",
  ),
  verify: about(
    z._default(z.boolean(), false),
    "Whether it is an alert, too, when a server's certificate is for another name or not trusted.",
  ),
  ca_file: about(
    z.optional(absolutePath()),
    "Authorities in PEM that certificates have to be signed by, instead of the usual ones; needs verify.",
  ),
  warn_within: about(
    z.prefault(duration("0s", "3650d"), "720h"),
    'Warning when a certificate ends within this; `"0s"` turns it off.',
  ),
  critical_within: about(
    z.prefault(duration("0s", "3650d"), "168h"),
    'Critical when a certificate ends within this; `"0s"` turns it off.',
  ),
  max_files: about(
    z._default(z.int().check(z.minimum(1), z.maximum(10_000)), 100),
    "How many files a pattern may stand for; more are left out, and an alert says so.",
  ),
});

/** The options of `[[check.cert]]`, read. */
export type CertSettings = SettingsOf<typeof options>;

/** Certificates of servers and in files. */
export const CERT_CHECK = defineCheck({
  plugin: "cert",
  summary: "how long certificates still last, of TLS servers and in files",
  dimensions: [
    {
      dimension: "remote_expiry",
      target: "the server",
      figure: "how long the certificate, or one that signed it, still lasts",
      source: "a TLS handshake, after STARTTLS where that is set",
      defaults: "warning ≤ 30 d, critical ≤ 7 d",
    },
    {
      dimension: "verification",
      target: "the server",
      figure: "whether its certificate is for it, and signed by a known authority",
      source: "the same handshake",
      defaults: "off",
    },
    {
      dimension: "connectivity",
      target: "the server",
      figure: "whether its certificate can be read",
      source: "the same handshake",
      defaults: "critical",
    },
    {
      dimension: "file_expiry",
      target: "the file",
      figure: "how long its certificates still last",
      source: "the file",
      defaults: "warning ≤ 30 d, critical ≤ 7 d",
    },
    {
      dimension: "file_readable",
      target: "the file, or the pattern",
      figure: "whether its certificates can be read",
      source: "the file",
      defaults: "warning",
    },
  ],
  options,
  pace: { interval: "1h", timeout: "20s" },
  byDefault: false,
  targets: (settings) => {
    assertConsistent(settings);
    return [...settings.remotes, ...settings.files];
  },
  needs: ({ remotes, files, ca_file }): Need[] => [
    ...remotes.map((text) => ({ net: addressOf(endpointOf(text)) })),
    ...files.map((path) => ({ read: readableRoot(path) })),
    ...(ca_file === undefined ? [] : [{ read: ca_file }]),
  ],
  make(settings, seams): Check[] {
    assertConsistent(settings);
    const { remotes, files } = settings;
    return [
      ...remotes.map((target) =>
        lazyCheck({ plugin: "cert", target }, async () => {
          const { remoteFindings } = await import("./cert_look.ts");
          return { gather: (signal) => remoteFindings(target, { settings, seams, signal }) };
        })
      ),
      ...files.map((target) =>
        lazyCheck({ plugin: "cert", target }, async () => {
          const { fileFindings } = await import("./cert_files.ts");
          const bounds = { maxFiles: settings.max_files, ...thresholdsOf(settings), clock: seams.clock };
          return { gather: (signal) => fileFindings(target, { ...bounds, signal }) };
        })
      ),
    ];
  },
});

function assertConsistent({ remotes, files, sni, starttls, verify, ca_file }: CertSettings): void {
  if (remotes.length === 0 && files.length === 0) {
    throw new TypeError("check.cert has neither remotes nor files; name what is to be watched");
  }
  if (remotes.length === 0 && (sni !== undefined || starttls !== undefined || verify)) {
    throw new TypeError("check.cert has sni, starttls or verify, but no remotes that these are for");
  }
  if (ca_file !== undefined && !verify) {
    throw new TypeError("check.cert has a ca_file, but verify is off; turn it on");
  }
}

/** The deepest folder without a pattern; the file itself where there is none. */
function readableRoot(path: string): string {
  if (!isGlob(path)) return path;
  const parts = path.split("/");
  return parts.slice(0, parts.findIndex(isGlob)).join("/") || "/";
}

function readRemote(text: string): HostEndpoint | string {
  const reading = readEndpoint(text, { transports: ["tcp"], defaultPort: 443 });
  if ("problem" in reading) return reading.problem;
  return reading.endpoint.transport === "tcp" ? reading.endpoint : "must be a host and a port";
}

export function endpointOf(text: string): HostEndpoint {
  const reading = readRemote(text);
  if (typeof reading === "string") throw new TypeError(`cannot use ${JSON.stringify(text)}: ${reading}`);
  return reading;
}

function addressOf({ host, port }: HostEndpoint): string {
  return hostPort(host, port);
}

export function thresholdsOf({ warn_within, critical_within }: CertSettings) {
  return { warnWithinMs: warn_within, criticalWithinMs: critical_within };
}
