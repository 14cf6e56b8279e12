/** What each path of the local server answers. */
import type { Logger } from "@logtape/logtape";
import type { AlertEvent } from "../alerts/event.ts";
import { type Clock, sleep } from "../clock.ts";
import type { Access } from "./access.ts";
import { agentMetrics } from "./agent_metrics.ts";
import { parseAlertmanagerWebhook } from "./alertmanager_webhook.ts";
import type { BodyReader } from "./body_reader.ts";
import { comeAgain, HttpError } from "./http_error.ts";
import { formatOf, readEvents } from "./intake.ts";
import type { LocalPort } from "./local_port.ts";
import { METRICS_CONTENT_TYPE } from "./metrics_text.ts";
import { silenceRoutes } from "./silence_routes.ts";
import type { TokenBuckets } from "./token_buckets.ts";

/** What the routes work with. */
export interface RouteContext {
  port: LocalPort;
  bodies: BodyReader;
  rate: TokenBuckets;
  clock: Clock;
  logger: Logger;
  rssBytes: () => number;
  /** When the server, and the agent with it, started, in seconds since 1970. */
  startSec: number;
}

/** A request, and what is known of it besides. */
export interface Call {
  request: Request;
  /** Tells connections apart, as far as that is possible. */
  caller: string;
  /** What follows the route's path, where that ends in a slash; else empty. */
  rest: string;
  /** The server is being closed. */
  closing: AbortSignal;
}

/** One path. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  readonly access: Access;
  answer(context: RouteContext, call: Call): Response | Promise<Response>;
}

/** The routes with their paths. One that ends in a slash stands for all that goes on with one name more. */
export const routes: readonly (readonly [path: string, Route])[] = [
  ["/livez", { method: "GET", access: "open", answer: () => plain(200, "ok") }],
  ["/readyz", {
    method: "GET",
    access: "open",
    answer: ({ port }) => {
      const reason = port.unreadyReason();
      return reason === undefined ? plain(200, "ok") : plain(503, reason);
    },
  }],
  ["/metrics", {
    method: "GET",
    access: "figures",
    answer: ({ port, rssBytes, startSec }) =>
      new Response(agentMetrics(port.status(), { rssBytes: rssBytes(), startSec }), {
        headers: { "content-type": METRICS_CONTENT_TYPE },
      }),
  }],
  ["/v1/status", {
    method: "GET",
    access: "guarded",
    answer: ({ port }) => Response.json(port.status()),
  }],
  ["/v1/events", { method: "POST", access: "guarded", answer: postEvents }],
  ["/v1/alertmanager", { method: "POST", access: "guarded", answer: postAlertmanager }],
  ...silenceRoutes,
];

async function postEvents(context: RouteContext, { request, caller, closing }: Call): Promise<Response> {
  const { port, bodies, rate } = context;
  const format = formatOf(request.headers);
  slowDown(rate, caller, 1, 429);
  const { text, bytes } = await bodies.read(request, closing);
  const events = readEvents(text, { format, defaults: port.defaults(), maxEvents: rate.burst });
  slowDown(rate, caller, events.length - 1, 429);
  return await take(context, events, { bodyBytes: bytes, noRoom: 429, closing });
}

/** Alertmanager gives a notification up on any 4xx, and comes again on a 5xx: hence 503 where others get 429. */
async function postAlertmanager(
  context: RouteContext,
  { request, caller, closing }: Call,
): Promise<Response> {
  const { port, bodies, rate, logger } = context;
  if (formatOf(request.headers) === "ndjson") throw new HttpError(415, "send application/json here");
  slowDown(rate, caller, 1, 503);
  const { text, bytes } = await bodies.read(request, closing);
  const { events, truncatedAlerts } = parseAlertmanagerWebhook(text, port.defaults());
  if (truncatedAlerts > 0) {
    logger.warn("local.alertmanager_truncated", { truncatedAlerts, alerts: events.length });
  }
  slowDown(rate, caller, Math.min(events.length, rate.burst) - 1, 503);
  return await take(context, events, { bodyBytes: bytes, noRoom: 503, closing });
}

function slowDown(rate: TokenBuckets, caller: string, count: number, status: 429 | 503): void {
  const waitSec = count > 0 ? rate.take(caller, count) : 0;
  if (waitSec > 0) throw comeAgain(status, "events come too fast on this connection; slow down", waitSec);
}

/** How long a disk may take before the answer is that the events are not known to be safe. */
const DURABLE_MS = 10_000;

interface TakeOptions {
  /** The body's size: as JSON its events take no more, but for what was filled in. */
  bodyBytes: number;
  noRoom: 429 | 503;
  closing: AbortSignal;
}

async function take(
  { port, clock, logger }: RouteContext,
  events: readonly AlertEvent[],
  { bodyBytes, noRoom, closing }: TakeOptions,
): Promise<Response> {
  if (events.length === 0) return Response.json({ accepted: 0 }, { status: 202 });
  const filledIn = FILLED_IN_BYTES + JSON.stringify(port.defaults().labels).length * 3;
  const result = port.accept(events, bodyBytes + events.length * filledIn);
  if ("capacity" in result) {
    const { events: most, bytes } = result.capacity;
    throw new HttpError(
      413,
      `the agent's queue holds ${most} events and ${bytes} bytes, and this is more; send fewer at once`,
    );
  }
  if (!result.accepted) {
    throw comeAgain(noRoom, "the queue is full of events that nothing newer replaces", result.retryAfterSec);
  }
  const accepted = events.length;
  return await isDurable(result.durable, { clock, logger, closing })
    ? Response.json({ accepted }, { status: 202 })
    : Response.json({ accepted, durable: false });
}

/** The time, the key, and their names. */
const FILLED_IN_BYTES = 100;

interface IsDurableOptions {
  clock: Clock;
  logger: Logger;
  closing: AbortSignal;
}

async function isDurable(
  durable: Promise<boolean>,
  { clock, logger, closing }: IsDurableOptions,
): Promise<boolean> {
  const known = new AbortController();
  const patience = sleep(clock, DURABLE_MS, AbortSignal.any([closing, known.signal]));
  try {
    return await Promise.race([durable, patience.then(() => false, () => false)]);
  } catch (error) {
    logger.error("local.durability_unknown", { error });
    return false;
  } finally {
    known.abort();
  }
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status });
}
