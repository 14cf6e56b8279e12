/** Tools about block devices. */
import { about } from "../zod.ts";
import { sleep } from "../clock.ts";
import { type DiskStats, parseDiskstats, SECTOR_BYTES } from "../host/diskstats.ts";
import { bytesText, percentText } from "../host/figure_text.ts";
import { countOf } from "../host/kernel_text.ts";
import { parseMountinfo } from "../host/mounts.ts";
import { flag, wholeNumber } from "./arguments.ts";
import { given, namesIn, perSec, textIfReadable } from "./kernel_reads.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

/** More devices than these are not looked at one by one. */
const MAX_DEVICES = 200;

/** What the devices did since boot. */
export const DISK_IO_COUNTERS = defineTool({
  name: "disk_io_counters",
  family: "disk",
  description:
    "What each block device has read and written since boot, and its average latency over that time",
  args: { show_idle: about(flag(false), "Also devices that have done nothing.") },
  needs: [{ kernel: "/proc/diskstats" }],
  reach: "host",
  async run({ show_idle }, { host }) {
    const all = parseDiskstats(await host.text("/proc/diskstats"));
    const shown = all.filter((stats) => show_idle || stats.reads + stats.writes > 0)
      .sort((a, b) => b.busyMs - a.busyMs);
    const devices = shown.map((stats) => ({
      device: stats.device,
      reads: stats.reads,
      writes: stats.writes,
      read_bytes: stats.sectorsRead * SECTOR_BYTES,
      written_bytes: stats.sectorsWritten * SECTOR_BYTES,
      ...given({
        read_latency_ms: average(stats.readMs, stats.reads),
        write_latency_ms: average(stats.writeMs, stats.writes),
      }),
      busy_ms: stats.busyMs,
      in_flight: stats.inFlight,
    }));
    const rows = devices.map((one) => [
      one.device,
      String(one.reads),
      bytesText(one.read_bytes),
      millis(one.read_latency_ms),
      String(one.writes),
      bytesText(one.written_bytes),
      millis(one.write_latency_ms),
      `${(one.busy_ms / 1000).toFixed(0)} s`,
    ]);
    const titles = columns("device", ">reads", ">read", ">each", ">writes", ">written", ">each", ">busy");
    return {
      text: `since boot; ${all.length - shown.length} idle devices not shown\n${table(titles, rows)}`,
      data: { devices },
    };
  },
});

/** How busy and how slow the devices are. */
export const DISK_IO_LATENCY = defineTool({
  name: "disk_io_latency",
  family: "disk",
  description:
    "Latency, throughput, queue and utilization of each block device now, measured over an interval",
  args: {
    delay_ms: about(wholeNumber(1000, 100, 5000), "Over how many milliseconds it measures."),
    show_idle: about(flag(false), "Also devices that did nothing in that time."),
  },
  needs: [{ kernel: "/proc/diskstats" }],
  reach: "host",
  async run({ delay_ms, show_idle }, { host, clock, signal }) {
    const earlier = byDevice(await host.text("/proc/diskstats"));
    const startMs = clock.monotonicMs();
    await sleep(clock, delay_ms, signal);
    const later = byDevice(await host.text("/proc/diskstats"));
    const elapsedMs = Math.max(1, clock.monotonicMs() - startMs);
    const measured = [...later.values()].flatMap((stats) => {
      const before = earlier.get(stats.device);
      return before === undefined ? [] : [ratesOf(before, stats, elapsedMs)];
    });
    const devices = measured.filter((one) =>
      show_idle || one.busy_pct > 0 || one.requests > 0 || one.in_flight > 0
    )
      .sort((a, b) => b.busy_pct - a.busy_pct || b.requests - a.requests);
    const rows = devices.map((one) => [
      one.device,
      percentText(one.busy_pct),
      one.reads_per_sec.toFixed(1),
      `${bytesText(one.read_bytes_per_sec)}/s`,
      millis(one.read_latency_ms),
      one.writes_per_sec.toFixed(1),
      `${bytesText(one.written_bytes_per_sec)}/s`,
      millis(one.write_latency_ms),
      one.queue.toFixed(2),
    ]);
    const titles = columns(
      "device",
      ">busy",
      ">reads/s",
      ">read",
      ">each",
      ">writes/s",
      ">written",
      ">each",
      ">queue",
    );
    const head = `over ${Math.round(elapsedMs)} ms`;
    return {
      text: rows.length === 0 ? `${head}: no device did anything` : `${head}\n${table(titles, rows)}`,
      data: { interval_ms: Math.round(elapsedMs), devices },
    };
  },
});

/** What block devices there are. */
export const BLOCK_DEVICES = defineTool({
  name: "block_devices",
  family: "disk",
  description:
    "Block devices and their partitions: size, kind (HDD, SSD, NVMe), model, scheduler, where mounted",
  args: { show_all: about(flag(false), "Also loop and RAM devices of no size.") },
  needs: [{ kernel: "/sys/block" }, { kernel: "/proc/self/mountinfo", optional: true }],
  reach: "host",
  async run({ show_all }, { host }) {
    const names = (await host.list("/sys/block")).slice(0, MAX_DEVICES);
    const mounts = parseMountinfo(await textIfReadable(host, "/proc/self/mountinfo") ?? "");
    const mountsOf = (device: string | undefined) =>
      [
        ...new Set(mounts.filter((mount) => mount.device === device).map(({ mountPoint }) => mountPoint)),
      ].slice(0, 10);
    const read = async (path: string) => (await textIfReadable(host, path))?.trim();
    const all = await Promise.all(names.map(async (device) => {
      const folder = `/sys/block/${device}`;
      const sectors = countOf(await read(`${folder}/size`)) ?? 0;
      const rotational = await read(`${folder}/queue/rotational`);
      const model = await read(`${folder}/device/model`);
      const scheduler = /\[([^\]]+)\]/.exec(await read(`${folder}/queue/scheduler`) ?? "")?.[1];
      const partitions = await Promise.all(
        (await namesIn(host, folder)).filter((name) => name.startsWith(device)).map(async (name) => ({
          device: name,
          size_bytes: (countOf(await read(`${folder}/${name}/size`)) ?? 0) * SECTOR_BYTES,
          mounted_on: mountsOf(await read(`${folder}/${name}/dev`)),
        })),
      );
      return {
        device,
        kind: kindOf(device, rotational),
        size_bytes: sectors * SECTOR_BYTES,
        read_only: await read(`${folder}/ro`) === "1",
        removable: await read(`${folder}/removable`) === "1",
        ...given({ model, scheduler }),
        mounted_on: mountsOf(await read(`${folder}/dev`)),
        partitions,
      };
    }));
    const devices = all.filter((one) => show_all || one.size_bytes > 0);
    const rows = devices.flatMap((one) => [
      [
        one.device,
        one.kind,
        bytesText(one.size_bytes),
        [one.read_only && "ro", one.removable && "removable"].filter(Boolean).join(" "),
        one.scheduler ?? "",
        one.mounted_on.join(" "),
        one.model ?? "",
      ],
      ...one.partitions.map((part) => [
        `  ${part.device}`,
        "",
        bytesText(part.size_bytes),
        "",
        "",
        part.mounted_on.join(" "),
        "",
      ]),
    ]);
    const rest = all.length - devices.length;
    return {
      text: table(columns("device", "kind", ">size", "", "scheduler", "mounted on", "model"), rows) +
        (rest > 0 ? `\n(${rest} of no size not shown)` : ""),
      data: { devices },
    };
  },
});

/** The family's part about block devices. */
export const DISK_IO_TOOLS = [DISK_IO_COUNTERS, DISK_IO_LATENCY, BLOCK_DEVICES];

function byDevice(text: string): Map<string, DiskStats> {
  return new Map(parseDiskstats(text).map((stats) => [stats.device, stats]));
}

function ratesOf(before: DiskStats, after: DiskStats, elapsedMs: number) {
  const rate = (key: keyof DiskStats) =>
    perSec(Number(before[key] ?? 0), Number(after[key] ?? 0), elapsedMs) ?? 0;
  const grown = (key: keyof DiskStats) => Math.max(0, Number(after[key] ?? 0) - Number(before[key] ?? 0));
  return {
    device: after.device,
    // Counted in whole milliseconds of the kernel's own, which may be a few more than ours.
    busy_pct: Math.min(100, 100 * grown("busyMs") / elapsedMs),
    requests: grown("reads") + grown("writes"),
    reads_per_sec: rate("reads"),
    writes_per_sec: rate("writes"),
    read_bytes_per_sec: rate("sectorsRead") * SECTOR_BYTES,
    written_bytes_per_sec: rate("sectorsWritten") * SECTOR_BYTES,
    ...given({
      read_latency_ms: average(grown("readMs"), grown("reads")),
      write_latency_ms: average(grown("writeMs"), grown("writes")),
      latency_ms: average(grown("readMs") + grown("writeMs"), grown("reads") + grown("writes")),
    }),
    queue: grown("weightedMs") / elapsedMs,
    in_flight: after.inFlight,
  };
}

function average(totalMs: number, requests: number): number | undefined {
  return requests > 0 ? totalMs / requests : undefined;
}

function millis(figure: number | undefined): string {
  return figure === undefined ? "" : `${figure.toFixed(2)} ms`;
}

function kindOf(device: string, rotational: string | undefined): string {
  if (/^(?:loop|ram|zram|fd|sr)\d/.test(device)) return device.replace(/\d+$/, "");
  if (device.startsWith("nvme")) return "NVMe";
  if (/^(?:dm-|md)/.test(device)) return device.startsWith("dm-") ? "mapped" : "RAID";
  if (/^(?:vd|xvd)[a-z]/.test(device)) return "virtual"; // what it tells of itself is a guess of the hypervisor's
  return rotational === "1" ? "HDD" : rotational === "0" ? "SSD" : "unknown";
}
