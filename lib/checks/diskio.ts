/** How long disks take to answer. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { type Clock, sleep } from "../clock.ts";
import { nonEmpty } from "../config/fields.ts";
import { type DiskStats, finishedRequests, parseDiskstats } from "../host/diskstats.ts";
import { type DiskKind, diskKind, isWholeDisk } from "../host/disk_kind.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { matchesText } from "../host/text_glob.ts";
import type { Check, Finding } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { rateFigure, thresholdOptions } from "./rating.ts";

/** How long the first gather measures; later ones measure since the one before. */
const SHORT_INTERVAL_MS = 500;

const limits = (kind: string, warn: number, critical: number) =>
  about(
    z.prefault(z.strictObject(thresholdOptions({ warn, critical, unit: "milliseconds" })), {}),
    `Thresholds for ${kind}.`,
  );

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
type Settings = z.output<z.ZodMiniObject<ReturnType<typeof options>, z.core.$strict>>;

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
  make(settings, { host, clock }): Check[] {
    let before: ReadonlyMap<string, DiskStats> | undefined;
    return [{
      plugin: "diskio",
      target: "disks",
      async gather(signal) {
        before ??= await firstLook(host, clock, settings, signal);
        const earlier = before;
        const later = await readStats(host, settings);
        before = later;
        const kinds = await Promise.all([...later.keys()].map((device) => diskKind(host, device)));
        return [...later.values()].flatMap((now, index) => {
          const then = earlier.get(now.device);
          return then === undefined ? [] : rated(then, now, kinds[index] ?? "unknown", settings);
        });
      },
    }];
  },
});

async function firstLook(host: HostFacts, clock: Clock, settings: Settings, signal: AbortSignal) {
  const stats = await readStats(host, settings);
  if (stats.size > 0) await sleep(clock, SHORT_INTERVAL_MS, signal);
  return stats;
}

async function readStats(host: HostFacts, settings: Settings): Promise<Map<string, DiskStats>> {
  const all = parseDiskstats(await host.text("/proc/diskstats"));
  const whole = await wholeDisks(host);
  const watched = all.filter(({ device }) => {
    if (settings.ignore_devices.some((pattern) => matchesText(device, pattern))) return false;
    return settings.devices.length > 0
      ? settings.devices.some((pattern) => matchesText(device, pattern))
      : isWholeDisk(device, whole);
  });
  return new Map(watched.map((stats) => [stats.device, stats]));
}

/** The devices that are no partitions; undefined where the system does not tell. */
async function wholeDisks(host: HostFacts): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set(await host.list("/sys/block"));
  } catch (error) {
    if (error instanceof FactUnavailableError || error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function rated(then: DiskStats, now: DiskStats, kind: DiskKind, settings: Settings): Finding[] {
  const [from, to] = [finishedRequests(then), finishedRequests(now)];
  const requests = to.requests - from.requests;
  const waitMs = to.waitMs - from.waitMs;
  // Another device under the same name, or counters that started anew: the next gather compares like with like.
  if (requests < 0 || waitMs < 0) return [];
  const idle = requests < settings.min_requests;
  const perRequestMs = idle ? 0 : waitMs / requests;
  return [rateFigure({
    check: "diskio::io_latency",
    target: now.device,
    subject: `time per request of ${now.device}`,
    value: perRequestMs,
    show: (value) => `${value.toFixed(1)} ms`,
    showThreshold: (value) => `${value} ms`,
    detail: `${kind === "unknown" ? "kind unknown" : kind.toUpperCase()}, ${requests} requests` +
      (idle ? ": idle" : `, ${now.inFlight} under way`),
  }, settings[kind])];
}
