/** One alert event as it travels in `alert_events`. */
import { z } from "zod";
import { number, optionalText, text, textMap } from "./payload_fields.ts";

/** How bad it is; `Ok` ends what an earlier event with the same key began. */
export const eventStatus = z.enum(["Critical", "Warning", "Info", "Ok"]);

/** The schema of {@linkcode AlertEvent}. `event_time` is in whole seconds since 1970. */
export const alertEventSchema = z.object({
  event_time: number,
  event_status: eventStatus,
  alert_key: text,
  labels: textMap,
  attrs: textMap.optional(),
  description: text,
  description_format: optionalText,
});

/** See {@linkcode eventStatus}. */
export type EventStatus = z.output<typeof eventStatus>;

/** See {@linkcode alertEventSchema}. */
export type AlertEvent = z.output<typeof alertEventSchema>;
