/** Whether units are in the state that they should be in, and whether any has failed. */
import { lazyCheck } from "./lazy_check.ts";
import * as z from "zod";
import { absolutePath } from "../config/fields.ts";
import type { Need } from "../host/need.ts";
import { socketNeeds } from "../host/probes/service_address.ts";
import { SYSTEM_BUS_SOCKET } from "../host/probes/service_places.ts";
import { isUnitName } from "../host/probes/unit_name.ts";
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { thresholdOptions } from "./rating.ts";

const unit = () => z.string().refine(isUnitName, 'must be a unit\'s name such as "ssh" or "backup.timer"');

const options = () => ({
  units: z.array(unit()).max(200).default([])
    .describe("Units that have to be in `expected_active_state`; a name without a suffix is a service."),
  expected_active_state: z.enum(["active", "inactive", "failed", "activating", "deactivating", "reloading"])
    .default("active").describe("The state that `units` have to be in; `active` takes `reloading` too."),
  severity: z.enum(["Info", "Warning", "Critical"]).default("Critical")
    .describe("How bad it is when one of `units` is in another state."),
  all_failed: z.boolean().default(true).describe("Whether to tell of every unit that has failed."),
  failed_severity: z.enum(["Info", "Warning", "Critical"]).default("Warning")
    .describe("How bad it is when a unit has failed that is not among `units`."),
  ignore: z.array(z.string().min(1)).max(200).default([])
    .describe("Units whose failure is not told of, with `*` and `?`."),
  failed_units: z.strictObject(thresholdOptions({ warn: 0, critical: 0, unit: "units" })).prefault({})
    .describe("Thresholds of how many units have failed; off unless set."),
  socket: absolutePath().default(SYSTEM_BUS_SOCKET)
    .describe("The bus's socket; systemd's own is tried where that cannot be spoken to."),
  systemctl: absolutePath().optional()
    .describe("The program to ask where no socket answers, such as `/usr/bin/systemctl`; none unless set."),
});

/** The options of `[[check.systemd]]`, read. */
export type SystemdSettings = z.output<z.ZodObject<ReturnType<typeof options>, z.core.$strict>>;

const source = "systemd over D-Bus";

/** systemd's units. */
export const SYSTEMD_CHECK = defineCheck({
  plugin: "systemd",
  summary: "whether units run, and whether any has failed",
  dimensions: [
    {
      dimension: "state",
      target: "the unit",
      figure: "the active state of `units`",
      source,
      defaults: "critical where not active",
    },
    {
      dimension: "failed",
      target: "the unit",
      figure: "any other unit that failed",
      source,
      defaults: "warning",
    },
    {
      dimension: "failed_units",
      target: "systemd",
      figure: "how many units have failed",
      source,
      defaults: "off",
    },
  ],
  options,
  byDefault: false,
  targets: () => ["systemd"],
  needs: ({ socket, systemctl }): Need[] => [
    ...socketNeeds(socket),
    ...(systemctl === undefined ? [] : [{ run: systemctl }]),
  ],
  make(settings, seams): Check[] {
    return [lazyCheck({ plugin: "systemd", target: "systemd" }, async () => {
      const { SystemdLook } = await import("./systemd_look.ts");
      return new SystemdLook(settings, seams);
    })];
  },
});
