/** Whether the host was started lately. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { duration } from "../config/fields.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { severity } from "./rating.ts";

/** There is one system that starts. */
export const TARGET = "system";

const options = () => ({
  within: about(
    z.prefault(duration("10s", "24h"), "10m"),
    "A host that started no longer ago than this was restarted lately.",
  ),
  severity: about(z._default(severity(), "Warning"), "How bad a restart is."),
});

/** The options of `[[check.uptime]]`, read. */
export type UptimeSettings = SettingsOf<typeof options>;

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
  options,
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ fact: "uptime" }],
  make: (settings, { host }): Check[] => [
    lazyCheck({ plugin: "uptime", target: TARGET }, async () => {
      const { look } = await import("./uptime_look.ts");
      return { gather: () => look(settings, host) };
    }),
  ],
});
