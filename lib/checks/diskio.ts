/** How long disks take to answer. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { nonEmpty, table } from "../config/fields.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

const limits = (kind: string, warn: number, critical: number) =>
  table(thresholdOptions({ warn, critical, unit: "milliseconds" }), `Thresholds for ${kind}.`);

const options = () => ({
  devices: about(
    z._default(z.array(nonEmpty()), []),
    "Patterns of the devices to watch, such as sd*; none: every disk, but no partition and no loop.",
  ),
  ignore_devices: about(z._default(z.array(nonEmpty()), []), "Patterns of devices not to watch."),
  min_requests: about(
    z._default(z.int().check(z.minimum(1)), 10),
    "A disk that finished fewer requests than this between two looks is idle: too few say nothing.",
  ),
  hdd: limits("disks that turn", 50, 200),
  ssd: limits("disks without moving parts", 20, 100),
  nvme: limits("NVMe disks", 10, 50),
  unknown: limits("disks of which the system does not tell", 100, 500),
});

/** The options of `[[check.diskio]]`, read. */
export type DiskioSettings = SettingsOf<typeof options>;

/** Waiting and serving together, per request finished since the last gather. */
export const DISKIO_CHECK = defineCheck({
  plugin: "diskio",
  summary: "how long disks take to answer",
  dimensions: [{
    dimension: "io_latency",
    target: "the device",
    figure: "time per request, by the kind of disk",
    source: "`/proc/diskstats`, `/sys/block/*/queue/rotational`",
    defaults: "HDD 50 and 200 ms, SSD 20 and 100 ms, NVMe 10 and 50 ms, unknown 100 and 500 ms",
  }],
  options,
  pace: { for: "1m" },
  byDefault: true,
  targets: ({ devices }) => devices.length === 0 ? ["*"] : devices,
  needs: () => [{ kernel: "/proc/diskstats" }, { kernel: "/sys/block", optional: true }],
  make: (settings, seams): Check[] => [
    lazyCheck({ plugin: "diskio", target: "disks" }, async () => {
      const { DiskioLook } = await import("./diskio_look.ts");
      return new DiskioLook(settings, seams);
    }),
  ],
});
