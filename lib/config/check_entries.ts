/** From `[check]` to the checks that run. */
import type { ConfiguredCheck } from "../checks/configured.ts";
import { CHECKS } from "../checks/registry.ts";
import type { CheckSettings } from "./check_schema.ts";

/** `[check]`, check by check. */
export function checkEntries(tables: CheckSettings): ConfiguredCheck[] {
  return CHECKS.flatMap((definition) =>
    (tables[definition.plugin] ?? []).map((entry): ConfiguredCheck => {
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
        plugin: definition.plugin,
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
