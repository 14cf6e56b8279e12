import type { AlertEvent } from "../event.ts";

/** The last second of the year 9999: what comes later has no form that others read. */
const MAX_SEC = 253_402_300_799;

/**
 * When the event happened, as others read it: `2026-01-31T12:00:00.000Z`. An event without a usable time happened at
 * `wallMs`, in milliseconds since 1970.
 */
export function isoTime(event: AlertEvent, wallMs: number): string {
  const { event_time: sec } = event;
  return new Date(sec > 0 && sec <= MAX_SEC ? sec * 1000 : wallMs).toISOString();
}
