/** One alert event as it travels in `alert_events`. */
import * as z from "zod/mini";
import { once } from "../once.ts";
import { number, optionalText, text, textMap } from "./payload_fields.ts";

/** How bad it is; `Ok` ends what an earlier event with the same key began. */
export const eventStatus = once(() => z.enum(["Critical", "Warning", "Info", "Ok"]));

/** The schema of {@linkcode AlertEvent}. */
export const alertEventSchema = once(() =>
  z.object({
    event_time: number(),
    event_status: eventStatus(),
    alert_key: text(),
    labels: textMap(),
    attrs: z.optional(textMap()),
    description: text(),
    description_format: optionalText(),
  })
);

/** See {@linkcode eventStatus}. */
export type EventStatus = "Critical" | "Warning" | "Info" | "Ok";

/** One alert event, in the words of the protocol. */
export interface AlertEvent {
  /** Whole seconds since 1970. */
  event_time: number;
  /** How bad it is; `Ok` ends what an earlier event with the same key began. */
  event_status: EventStatus;
  /** Identifies the problem: the MD5 of the labels. */
  alert_key: string;
  /** What names the problem. */
  labels: Record<string, string>;
  /** What is worth knowing about it besides. */
  attrs?: Record<string, string> | undefined;
  /** For people. */
  description: string;
  /** `markdown`, or left out for plain text. */
  description_format?: string | undefined;
}
