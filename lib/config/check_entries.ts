/** From `[check]` to the checks that run. */
import type { ConfiguredCheck } from "../checks/make_checks.ts";
import type { CheckSettings } from "./check_schema.ts";

/** `[check]`, check by check, in the order of the schema. */
export function checkEntries(tables: CheckSettings): ConfiguredCheck[] {
  return Object.entries(tables).flatMap(([plugin, entries]) =>
    entries.map((entry): ConfiguredCheck => {
      const {
        interval,
        timeout,
        for: forMs,
        repeat_interval,
        repeat_count,
        recovery,
        hold,
        labels,
        ...settings
      } = entry;
      return {
        plugin,
        settings,
        pace: {
          intervalMs: interval,
          timeoutMs: Math.min(timeout, interval),
          forMs,
          repeatIntervalMs: repeat_interval,
          repeatCount: repeat_count === "forever" ? Infinity : repeat_count,
          recovery,
          holdMs: hold,
          labels,
        },
      };
    })
  );
}
