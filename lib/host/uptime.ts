/** `/proc/uptime`. */
import { decimalOf, wordsOf } from "./kernel_text.ts";

/** Seconds since boot. Never throws; undefined where the text is no such file's. */
export function parseUptime(text: string): number | undefined {
  const seconds = decimalOf(wordsOf(text)[0]);
  return seconds !== undefined && seconds >= 0 ? seconds : undefined;
}
