/** Figures of the tools about file systems, devices and pressure. */
import type { Evidence, Resource } from "../evidence.ts";
import { active, figure, objectOf, type Reading, rowsOf, textOf } from "./reading.ts";

const diskOverview: Reading = (data, tool) => [
  ...rowsOf(objectOf(data).file_systems).flatMap((row): Evidence[] => {
    const mount = textOf(row.mount_point);
    if (mount === undefined) return [];
    // Images and disks that are read-only are full by nature.
    if (row.read_only === true) return [];
    return [
      ...figure(tool, "disk space", "fs.used", row.used_pct, "%", { mount }),
      ...figure(tool, "disk space", "fs.available", row.available_bytes, "bytes", { mount }),
      ...(row.inodes_total === 0
        ? []
        : figure(tool, "disk space", "fs.inodes", row.inodes_used_pct, "%", { mount })),
    ];
  }),
  ...rowsOf(objectOf(data).not_answering).flatMap((row): Evidence[] => {
    const mount = textOf(row.mount_point);
    return mount === undefined || row.hung !== true ? [] : [{
      resource: "disk space",
      name: "fs.hung",
      value: 1,
      unit: "id",
      text: "no answer",
      tool,
      subject: { mount },
    }];
  }),
];

const diskLatency: Reading = (data, tool) =>
  rowsOf(objectOf(data).devices).flatMap((row) => {
    const device = textOf(row.device);
    if (device === undefined) return [];
    return [
      ...figure(tool, "disk io", "disk.busy", row.busy_pct, "%", { device }),
      ...figure(tool, "disk io", "disk.await", row.latency_ms, "ms", { device }),
    ];
  });

const PRESSED: readonly (readonly [key: string, resource: Resource])[] = [
  ["cpu", "cpu"],
  ["memory", "memory"],
  ["io", "disk io"],
];

const pressure: Reading = (data, tool) => {
  const all = objectOf(objectOf(data).pressure);
  return PRESSED.flatMap(([key, resource]) =>
    ["some", "full"].flatMap((kind) =>
      figure(tool, resource, `psi.${key}.${kind}`, objectOf(objectOf(all[key])[kind]).avg60_pct, "%")
    )
  );
};

const vmstat: Reading = (data, tool) => {
  const { swapped_in_pages_per_sec: came, swapped_out_pages_per_sec: went } = objectOf(data);
  return [
    ...active(tool, "memory", "swap.traffic", came, "per s"),
    ...active(tool, "memory", "swap.traffic", went, "per s"),
  ];
};

/** See `all_readings.ts`. */
export const DISK_READINGS: readonly (readonly [tool: string, reading: Reading])[] = [
  ["disk_overview", diskOverview],
  ["disk_io_latency", diskLatency],
  ["psi_check", pressure],
  ["vmstat_overview", vmstat],
];
