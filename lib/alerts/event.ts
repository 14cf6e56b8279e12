/** Alert events: their shape, the key that identifies the problem they speak of, and how one is made. */
import { hash } from "node:crypto";
import type { AlertEvent, EventStatus } from "../protocol/alert_event.ts";

export { type AlertEvent, alertEventSchema, type EventStatus } from "../protocol/alert_event.ts";

/**
 * The key of the problem that `labels` name: the MD5, in lower-case hex, of the labels sorted by key, each written
 * `key:value:` and put end to end. Events with equal labels have equal keys; attributes do not take part.
 */
export function alertKey(labels: Readonly<Record<string, string>>): string {
  // Code-unit order, not locale order: every agent and server must sort alike.
  const text = Object.keys(labels).sort().map((key) => `${key}:${labels[key]}:`).join("");
  // In one go: hash objects leave memory behind that only a collection gives back.
  return hash("md5", text, "hex");
}

/** What {@linkcode alertEvent} needs to know. `timeSec` is in seconds since 1970; a fraction is cut off. */
export interface AlertEventOptions {
  /** Seconds since 1970; a fraction is cut off. */
  timeSec: number;
  /** How bad it is. */
  status: EventStatus;
  /** What names the problem. */
  labels: Readonly<Record<string, string>>;
  /** For people. */
  description: string;
  /** What is worth knowing besides; takes no part in the key. */
  attrs?: Readonly<Record<string, string>>;
  /** `markdown`, or left out for plain text. */
  descriptionFormat?: string;
}

/** Makes an event whose key fits its labels. */
export function alertEvent(options: AlertEventOptions): AlertEvent {
  const { timeSec, status, labels, description, attrs, descriptionFormat } = options;
  return {
    event_time: Math.floor(timeSec),
    event_status: status,
    alert_key: alertKey(labels),
    labels: { ...labels },
    ...(attrs && { attrs: { ...attrs } }),
    description,
    ...(descriptionFormat && { description_format: descriptionFormat }),
  };
}
