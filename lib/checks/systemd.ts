/** Whether units are in the state that they should be in, and whether any has failed. */
import { lazyCheck } from "./lazy_check.ts";
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { absolutePath, table } from "../config/fields.ts";
import type { Need } from "../host/need.ts";
import { socketNeeds } from "../host/probes/service_address.ts";
import { SYSTEM_BUS_SOCKET } from "../host/probes/service_places.ts";
import { isUnitName } from "../host/probes/unit_name.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { severity, thresholdOptions } from "./rating.ts";

const unit = () =>
  z.string().check(z.refine(isUnitName, 'must be a unit\'s name such as "ssh" or "backup.timer"'));

const options = () => ({
  units: about(
    z._default(z.array(unit()).check(z.maxLength(200)), []),
    "Units that have to be in `expected_active_state`; a name without a suffix is a service.",
  ),
  expected_active_state: about(
    z._default(z.enum(["active", "inactive", "failed", "activating", "deactivating", "reloading"]), "active"),
    "The state that `units` have to be in; `active` takes `reloading` too.",
  ),
  severity: about(
    z._default(severity(), "Critical"),
    "How bad it is when one of `units` is in another state.",
  ),
  all_failed: about(z._default(z.boolean(), true), "Whether to tell of every unit that has failed."),
  failed_severity: about(
    z._default(severity(), "Warning"),
    "How bad it is when a unit has failed that is not among `units`.",
  ),
  ignore: about(
    z._default(z.array(z.string().check(z.minLength(1))).check(z.maxLength(200)), []),
    "Units whose failure is not told of, with `*` and `?`.",
  ),
  failed_units: table(
    thresholdOptions({ warn: 0, critical: 0, unit: "units" }),
    "Thresholds of how many units have failed; off unless set.",
  ),
  socket: about(
    z._default(absolutePath(), SYSTEM_BUS_SOCKET),
    "The bus's socket; systemd's own is tried where that cannot be spoken to.",
  ),
  systemctl: about(
    z.optional(absolutePath()),
    "The program to ask where no socket answers, such as `/usr/bin/systemctl`; none unless set.",
  ),
});

/** The options of `[[check.systemd]]`, read. */
export type SystemdSettings = SettingsOf<typeof options>;

const source = "systemd over D-Bus";

/** What is told of no single unit. */
export const TARGET = "systemd";

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
      target: TARGET,
      figure: "how many units have failed",
      source,
      defaults: "off",
    },
  ],
  options,
  byDefault: false,
  targets: () => [TARGET],
  needs: ({ socket, systemctl }): Need[] => [
    ...socketNeeds(socket),
    ...(systemctl === undefined ? [] : [{ run: systemctl }]),
  ],
  make(settings, seams): Check[] {
    return [lazyCheck({ plugin: "systemd", target: TARGET }, async () => {
      const { SystemdLook } = await import("./systemd_look.ts");
      return new SystemdLook(settings, seams);
    })];
  },
});
