/** PagerDuty, by its Events API, version 2. */
import { systemClock } from "../../clock.ts";
import { type AlertEvent, alertKey, type EventStatus } from "../event.ts";
import { isoTime } from "./event_time.ts";
import { HttpEndpoint, type HttpTransportOptions } from "./http_request.ts";
import type { Sender } from "./sender.ts";

/** Options of {@linkcode pagerdutySender}. */
export interface PagerdutyOptions extends HttpTransportOptions {
  /** The integration's key. A secret: it shows in no message. */
  routingKey: string;
  /**
   * What is affected, for events whose labels have neither `instance`, `hostname` nor `host`: this host's name.
   * @default "pawl"
   */
  source?: string;
  /** For accounts in another region. @default "https://events.pagerduty.com/v2/enqueue" */
  url?: string | URL;
  /** Sent with each request. @default {} */
  headers?: Readonly<Record<string, string>>;
}

const DEFAULT_URL = "https://events.pagerduty.com/v2/enqueue";

/** The status that says that an event is queued there; any other 2xx came from something else. */
const QUEUED = 202;

const MAX_SUMMARY_BYTES = 1024;
const MAX_DEDUP_KEY_CHARS = 255;

const SEVERITIES: Readonly<Record<Exclude<EventStatus, "Ok">, string>> = {
  Critical: "critical",
  Warning: "warning",
  Info: "info",
};

/**
 * Opens, updates and resolves one incident per alert key, one event a request.
 *
 * @throws TypeError for an empty key, and for an address or header that cannot be used.
 */
export function pagerdutySender(options: PagerdutyOptions): Sender {
  const { routingKey, source = "pawl", url = DEFAULT_URL, clock = systemClock } = options;
  if (routingKey === "") throw new TypeError("cannot send to PagerDuty: the routing key is empty; set it");
  const endpoint = new HttpEndpoint({
    ...options,
    url,
    method: "POST",
    secrets: [routingKey],
    isDelivered: (status) => status === QUEUED,
  });
  return {
    maxBatch: 1,
    async send([event], signal) {
      if (event === undefined) return;
      await endpoint.send(
        () => ({ routing_key: routingKey, ...pagerdutyEvent(event, { source, wallMs: clock.wallMs() }) }),
        signal,
      );
    },
  };
}

/** The body of the request for one event, without the key. Pure. */
export function pagerdutyEvent(
  event: AlertEvent,
  { source, wallMs }: { source: string; wallMs: number },
): Record<string, unknown> {
  const { event_status: status, labels, attrs, description } = event;
  const dedup = { dedup_key: dedupKey(event) };
  if (status === "Ok") return { event_action: "resolve", ...dedup };
  const summary = firstBytes(description.trim() || subject(event), MAX_SUMMARY_BYTES);
  return {
    event_action: "trigger",
    ...dedup,
    payload: {
      summary,
      source: labels["instance"] || labels["hostname"] || labels["host"] || source,
      severity: SEVERITIES[status],
      timestamp: isoTime(event, wallMs),
      ...(labels["target"] && { component: labels["target"] }),
      ...(labels["check"] && { class: labels["check"] }),
      custom_details: { description, labels, ...(attrs && { attrs }) },
    },
  };
}

/** The alert key; for one that is longer than PagerDuty takes, or missing, one of equal worth. */
function dedupKey({ alert_key: key, labels }: AlertEvent): string {
  if (key === "") return alertKey(labels);
  return key.length <= MAX_DEDUP_KEY_CHARS ? key : alertKey({ key });
}

function subject({ event_status: status, labels }: AlertEvent): string {
  return [status, labels["check"], labels["target"]].filter(Boolean).join(" ");
}

/** As much of `text` as fits into `maxBytes` of UTF-8, never ending inside a character. */
function firstBytes(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}
