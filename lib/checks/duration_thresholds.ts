/** Thresholds that are durations. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { duration, table } from "../config/fields.ts";

const longest = "1h";

/** The options `warn_ge` and `critical_ge` as durations, of milliseconds once read; `"0s"` is off. */
export function durationThresholds({ warn, critical }: { warn: string; critical: string }) {
  return {
    warn_ge: about(
      z.prefault(duration("0s", longest), warn),
      'Warning at or above this duration; `"0s"` turns it off.',
    ),
    critical_ge: about(
      z.prefault(duration("0s", longest), critical),
      'Critical at or above this duration; `"0s"` turns it off.',
    ),
  };
}

/** The table `response_time`, off unless it is set. */
export function responseTimeOption(subject: string) {
  return table(
    durationThresholds({ warn: "0s", critical: "0s" }),
    `When ${subject} is too slow; off by default.`,
  );
}
