/** What `[[check.http]]` lets be set, and what it watches. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { absolutePath, duration, nonEmpty, table } from "../config/fields.ts";
import { HEADER_NAME, HEADER_VALUE } from "../host/probes/http_request.ts";
import type { DimensionRow, SettingsOf } from "./definition.ts";
import { responseTimeOption } from "./duration_thresholds.ts";
import { readBodyPattern, readStatusPattern } from "./http_expectation.ts";

/** The rows of the documentation. */
export const httpDimensions: readonly DimensionRow[] = [
  {
    dimension: "connectivity",
    target: "the address",
    figure: "whether it answers at all, over a trusted connection",
    source: "a request of its own",
    defaults: "critical",
  },
  {
    dimension: "status_code",
    target: "the address",
    figure: "the answer's status",
    source: "a request of its own",
    defaults: "critical unless 2xx",
  },
  {
    dimension: "response_body",
    target: "the address",
    figure: "whether the body has what is expected",
    source: "the first MiB of the body",
    defaults: "off",
  },
  {
    dimension: "response_time",
    target: "the address",
    figure: "time from connecting to the answer's end",
    source: "a request of its own",
    defaults: "off",
  },
  {
    dimension: "cert_expiry",
    target: "the address",
    figure: "how long the certificate still lasts",
    source: "the certificate of the same connection",
    defaults: "warning ≤ 72 h, critical ≤ 24 h",
  },
];

const url = () =>
  nonEmpty().check(z.superRefine((text, context) => {
    const parsed = URL.parse(text);
    const refuse = (message: string) => context.addIssue({ code: "custom", message });
    if (parsed === null || !/^https?:$/.test(parsed.protocol) || !/^https?:\/\/[^/]/i.test(text)) {
      refuse("must be an address such as https://example.org/health");
    } else if (parsed.username !== "" || parsed.password !== "") {
      refuse("must not have a user or password in it; use headers, such as Authorization with ${NAME}");
    } else if (parsed.hash !== "") refuse("must not have a fragment (the part from # on)");
  }));

const header = () => z.string().check(z.maxLength(8192), z.regex(HEADER_VALUE, "must be one line"));

const statusPattern = () =>
  nonEmpty().check(
    z.refine(
      (text) => readStatusPattern(text) !== undefined,
      'must be a status such as "204", "2xx", "20*" or "200-299"',
    ),
  );

const bodyPattern = () =>
  nonEmpty().check(z.superRefine((text, context) => {
    const pattern = readBodyPattern(text);
    if (typeof pattern === "string") context.addIssue({ code: "custom", message: pattern });
  }));

/** The options of `[[check.http]]`. */
export const httpOptions = () => ({
  urls: about(z.array(url()).check(z.minLength(1), z.maxLength(100)), "The addresses, `http` or `https`."),
  method: about(
    z._default(z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]), "GET"),
    "The request's method.",
  ),
  headers: about(
    z._default(z.record(z.string().check(z.regex(HEADER_NAME, "is no name of a header")), header()), {}),
    "Headers of the request; `${NAME}` takes a value from the environment.",
  ),
  body: about(z.optional(z.string().check(z.maxLength(65_536))), "The request's body."),
  expect_status: about(
    z._default(z.array(statusPattern()).check(z.minLength(1)), ["2xx"]),
    'The statuses that are well, such as `"204"`, `"2xx"`, `"20*"` or `"200-299"`.',
  ),
  expect_body: about(
    z._default(z.array(bodyPattern()).check(z.maxLength(20)), []),
    "What the body has to contain, all of it: texts, or `/expressions/`.",
  ),
  request_timeout: about(z.prefault(duration("100ms", "60s"), "5s"), "How long the whole request may take."),
  max_redirects: about(
    z._default(z.int().check(z.minimum(0), z.maximum(10)), 0),
    "How many redirects are followed; each host has to be granted.",
  ),
  ca_file: about(
    z.optional(absolutePath()),
    "Authorities in PEM that the certificate has to be signed by, instead of the usual ones.",
  ),
  insecure: about(
    z._default(z.boolean(), false),
    "Whether any certificate is accepted; its expiry is still watched.",
  ),
  severity: about(
    z._default(z.enum(["Warning", "Critical"]), "Critical"),
    "How bad it is when there is no answer, or one that is not as expected.",
  ),
  response_time: responseTimeOption("the answer"),
  cert_expiry: table({
    warn_within: about(
      z.prefault(duration("0s", "3650d"), "72h"),
      'Warning when the certificate ends within this; `"0s"` turns it off.',
    ),
    critical_within: about(
      z.prefault(duration("0s", "3650d"), "24h"),
      'Critical when the certificate ends within this; `"0s"` turns it off.',
    ),
  }, "When the certificate's end is near."),
});

/** The options of `[[check.http]]`, read. */
export type HttpSettings = SettingsOf<typeof httpOptions>;
