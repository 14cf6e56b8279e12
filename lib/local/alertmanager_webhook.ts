/** The webhook body of Prometheus Alertmanager, version 4: each alert in it becomes one event. */
import * as z from "zod/mini";
import { type AlertEvent, alertKey, type EventStatus } from "../alerts/event.ts";
import { HttpError } from "./http_error.ts";
import { type BadEvent, unprocessable } from "./intake.ts";
import { EVENT_BOUNDS, withinBounds } from "./intake_event.ts";
import type { EventDefaults } from "./local_port.ts";

const texts = z.record(z.string(), z.string());

// Foreign, and growing with each version of its sender: what is not known is passed over.
const webhookBody = z.object({
  version: z.literal("4"),
  truncatedAlerts: z.nullish(z.number()),
  alerts: z.array(z.object({
    status: z.enum(["firing", "resolved"]),
    labels: texts,
    annotations: z.nullish(texts),
    startsAt: z.nullish(z.string()),
    endsAt: z.nullish(z.string()),
    generatorURL: z.nullish(z.string()),
  })),
});

type WebhookAlert = z.output<typeof webhookBody>["alerts"][number];

/** What a webhook body comes to. */
export interface WebhookReading {
  readonly events: AlertEvent[];
  /** How many alerts the sender left out because there were too many. */
  readonly truncatedAlerts: number;
}

/** By the label `severity`; any other, and none, is a warning. */
const statuses: ReadonlyMap<string, EventStatus> = new Map([
  ["critical", "Critical"],
  ["error", "Critical"],
  ["page", "Critical"],
  ["info", "Info"],
]);

/**
 * Reads the body. An alert keeps its labels, and with them its key, from firing to resolved; annotations that are too
 * long are cut, for the sender would not send a refused alert again.
 *
 * @throws HttpError 400 for what is no JSON, 422 for what is no webhook body of version 4 and for alerts that are too
 * long even so; then nothing of it may be taken in.
 */
export function parseAlertmanagerWebhook(body: string, defaults: EventDefaults): WebhookReading {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new HttpError(400, "the body is not JSON; configure Alertmanager's webhook_configs to send here", {
      cause,
    });
  }
  const result = webhookBody.safeParse(value);
  if (!result.success) throw notAWebhook(result.error);
  const events: AlertEvent[] = [];
  const bad: BadEvent[] = [];
  for (const [index, alert] of result.data.alerts.entries()) {
    const reading = withinBounds(eventOf(alert, defaults));
    if ("event" in reading) events.push(reading.event);
    else bad.push(...reading.problems.map((problem) => ({ index, ...problem })));
  }
  if (bad.length > 0) throw unprocessable(bad.slice(0, 20), bad.length);
  return { events, truncatedAlerts: result.data.truncatedAlerts ?? 0 };
}

function notAWebhook(error: z.core.$ZodError): HttpError {
  const [issue] = error.issues;
  const field = issue?.path.join(".").slice(0, 100) ?? "";
  const message = field === ""
    ? "the body is not a webhook body of Alertmanager"
    : `the body is not a webhook body of Alertmanager, version 4: ${field} is missing or not what it should be`;
  return new HttpError(422, message);
}

function eventOf(alert: WebhookAlert, defaults: EventDefaults): AlertEvent {
  const labels = { ...defaults.labels, ...alert.labels };
  const { summary = "", description = "", ...others } = alert.annotations ?? {};
  const text = [summary, description].filter((part) => part !== "").join("\n");
  const attrs = Object.entries({
    ...others,
    ...(alert.generatorURL && { generator_url: alert.generatorURL }),
  });
  const resolved = alert.status === "resolved";
  return {
    event_time: timeOf(resolved ? alert.endsAt : alert.startsAt) ?? Math.floor(defaults.timeSec),
    event_status: resolved ? "Ok" : statuses.get(labels["severity"]?.toLowerCase() ?? "") ?? "Warning",
    alert_key: alertKey(labels),
    labels,
    ...(attrs.length > 0 && {
      attrs: Object.fromEntries(
        attrs.slice(0, EVENT_BOUNDS.entries)
          .map(([name, value]) => [name, cut(value, EVENT_BOUNDS.valueBytes)]),
      ),
    }),
    description: cut(text || labels["alertname"] || "", EVENT_BOUNDS.descriptionBytes),
  };
}

/** Seconds since 1970; the year 1 stands for "not known" there. */
function timeOf(text: string | null | undefined): number | undefined {
  const timeMs = Date.parse(text ?? "");
  return timeMs >= 0 ? Math.floor(timeMs / 1000) : undefined;
}

/** At most `maxBytes` of UTF-8, with a mark where something is missing. */
function cut(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= maxBytes) return text;
  // Streaming, the decoder leaves out the character that the cut went through.
  return `${new TextDecoder().decode(bytes.subarray(0, maxBytes - 3), { stream: true })}…`;
}
