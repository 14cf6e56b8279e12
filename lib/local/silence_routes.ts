/** The paths about alerts and silences. */
import * as z from "zod/mini";
import { HttpError } from "./http_error.ts";
import { formatOf } from "./intake.ts";
import type { SilenceOrder } from "./local_port.ts";
import type { Call, Route, RouteContext } from "./routes.ts";

/** A year: what is to be silent for longer is better not watched. */
const MAX_FOR_SEC = 366 * 86_400;

const MAX_MATCHERS = 20;

const orderSchema = z.strictObject({
  matchers: z.record(z.string().check(z.minLength(1), z.maxLength(256)), z.string().check(z.maxLength(4096)))
    .check(
      z.refine((matchers) => Object.keys(matchers).length > 0, "must name at least one label"),
      z.refine((matchers) => Object.keys(matchers).length <= MAX_MATCHERS, `${MAX_MATCHERS} labels at most`),
    ),
  for_sec: z.number().check(z.minimum(1), z.maximum(MAX_FOR_SEC)),
  reason: z._default(z.string().check(z.maxLength(1000)), ""),
});

/** With their paths. */
export const silenceRoutes: readonly (readonly [path: string, Route])[] = [
  ["/v1/alerts", {
    method: "GET",
    access: "guarded",
    answer: ({ port }) => Response.json({ alerts: port.alerts() }),
  }],
  ["/v1/silences", {
    method: "GET",
    access: "guarded",
    answer: ({ port }) => Response.json({ silences: port.silences() }),
  }],
  ["/v1/silences", { method: "POST", access: "guarded", answer: postSilence }],
  ["/v1/silences/", { method: "DELETE", access: "guarded", answer: deleteSilence }],
];

async function postSilence(
  { port, bodies }: RouteContext,
  { request, closing }: Call,
): Promise<Response> {
  if (formatOf(request.headers) === "ndjson") throw new HttpError(415, "send application/json here");
  const order = readOrder((await bodies.read(request, closing)).text);
  try {
    return Response.json(port.silence(order), { status: 201 });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new HttpError(409, cause.message, { cause });
  }
}

function readOrder(text: string): SilenceOrder {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new HttpError(400, "the body is no JSON; send an object with matchers and for_sec", { cause });
  }
  const { data, error } = orderSchema.safeParse(json);
  if (data !== undefined) return { matchers: data.matchers, forSec: data.for_sec, reason: data.reason };
  const [issue] = error.issues;
  const field = issue?.path.join(".") || "the body";
  throw new HttpError(422, `${field}: ${issue?.message ?? "is wrong"}; mend it`, { cause: error });
}

function deleteSilence({ port }: RouteContext, { rest }: Call): Response {
  if (!port.endSilence(rest)) {
    throw new HttpError(404, `there is no silence ${rest.slice(0, 100)}; GET /v1/silences lists them`);
  }
  return new Response(null, { status: 204 });
}
