/** Whether the host was started lately. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { duration } from "../config/fields.ts";
import { durationText } from "../host/duration_text.ts";
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { rateState } from "./rating.ts";

const TARGET = "system";

/** A start that nobody asked for is worth knowing. */
export const UPTIME_CHECK = defineCheck({
  plugin: "uptime",
  summary: "whether the host was started lately",
  dimensions: [{
    dimension: "reboot_detected",
    target: TARGET,
    figure: "time since the host started",
    source: "`/proc/uptime`, or the runtime",
    defaults: "warning below 10m",
  }],
  options: () => ({
    within: about(
      z.prefault(duration("10s", "24h"), "10m"),
      "A host that started no longer ago than this was restarted lately.",
    ),
    severity: about(z._default(z.enum(["Info", "Warning", "Critical"]), "Warning"), "How bad a restart is."),
  }),
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ fact: "uptime" }],
  make: ({ within, severity }, { host }): Check[] => [{
    plugin: "uptime",
    target: TARGET,
    async gather() {
      const uptimeMs = 1000 * await host.uptimeSec();
      const ok = uptimeMs >= within;
      const current = durationText(uptimeMs);
      return [rateState({
        check: "uptime::reboot_detected",
        target: TARGET,
        ok,
        severity,
        description: `the host started ${current} ago${ok ? "" : `, less than ${durationText(within)}`}`,
        current,
        expected: `≥ ${durationText(within)}`,
      })];
    },
  }],
});
