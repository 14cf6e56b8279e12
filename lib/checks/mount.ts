/** Whether what should be mounted is, and as it should be. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { absolutePath, nonEmpty } from "../config/fields.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { severity } from "./rating.ts";

const demand = () =>
  z.strictObject({
    path: absolutePath(),
    fstype: z.optional(nonEmpty()),
    options: z._default(z.array(nonEmpty()), []),
  });

const options = () => ({
  mounts: about(
    z._default(z.array(demand()), []),
    "What has to be mounted: path, and where they matter its fstype and the options that it must have.",
  ),
  fstab: about(z.optional(absolutePath()), {
    description:
      "A table whose entries have to be mounted, too; those that are noauto, nofail or swap need not.",
    example: "/etc/fstab",
  }),
  severity: about(z._default(severity(), "Warning"), "How bad a deviation is."),
});

/** The options of `[[check.mount]]`, read. */
export type MountSettings = SettingsOf<typeof options>;

/** A tree without any demand finds nothing. */
export const MOUNT_CHECK = defineCheck({
  plugin: "mount",
  summary: "whether what should be mounted is, with the type and options that it should have",
  dimensions: [{
    dimension: "compliance",
    target: "the mount point",
    figure: "how it is mounted",
    source: "`/proc/1/mounts`, on request `/etc/fstab`",
    defaults: "warning where it differs",
  }],
  options,
  pace: { interval: "1m" },
  byDefault: false,
  targets: (
    { mounts, fstab },
  ) => [...mounts.map(({ path }) => path), ...(fstab === undefined ? [] : [fstab])],
  needs: ({ fstab }) => [
    { kernel: "/proc/1/mounts" },
    ...(fstab === undefined ? [] : [{ read: fstab } as const]),
  ],
  make(settings, { host }): Check[] {
    const { mounts, fstab } = settings;
    if (mounts.length === 0 && fstab === undefined) {
      throw new RangeError("cannot set up the mount check: nothing has to be mounted; set mounts or fstab");
    }
    const target = fstab ?? mounts.map(({ path }) => path).join(", ");
    return [lazyCheck({ plugin: "mount", target }, async () => {
      const { look } = await import("./mount_look.ts");
      return { gather: () => look(settings, host) };
    })];
  },
});
