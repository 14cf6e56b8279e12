/** Figures of the tools about processors, memory and pressure. */
import { active, figure, objectOf, processOf, type Reading, rowsOf } from "./reading.ts";

const cpuOverview: Reading = (data, tool) => {
  const all = objectOf(data);
  return [
    ...figure(tool, "cpu", "cpu.usage", all.usage_pct, "%"),
    ...figure(tool, "cpu", "cpu.iowait", all.iowait_pct, "%"),
    ...figure(tool, "cpu", "cpu.steal", all.steal_pct, "%"),
    ...figure(tool, "cpu", "load.five_minutes", all.load_5m, "ratio"),
    ...figure(tool, "cpu", "processes.blocked", all.blocked, "times"),
  ];
};

const load: Reading = (data, tool) =>
  figure(tool, "cpu", "load.per_core", objectOf(data).load_5m_per_processor, "ratio");

const topCpu: Reading = (data, tool) =>
  rowsOf(objectOf(data).processes).flatMap((row) =>
    active(tool, "cpu", "process.cpu", row.cpu_pct, "%", processOf(row))
  );

const memOverview: Reading = (data, tool) => {
  const all = objectOf(data);
  const hasSwap = typeof all.swap_total_bytes === "number" && all.swap_total_bytes > 0;
  return [
    ...figure(tool, "memory", "memory.used", all.used_pct, "%"),
    ...figure(tool, "memory", "memory.available", all.available_bytes, "bytes"),
    ...(hasSwap ? figure(tool, "memory", "swap.used", all.swap_used_pct, "%") : []),
    ...figure(tool, "memory", "oom.kills", all.oom_kills_since_boot, "times"),
  ];
};

const topMemory: Reading = (data, tool) =>
  rowsOf(objectOf(data).processes).flatMap((row) => [
    ...figure(tool, "memory", "process.memory", row.rss_bytes, "bytes", processOf(row)),
    ...figure(tool, "memory", "process.memory_share", row.rss_pct, "%", processOf(row)),
    ...active(tool, "memory", "process.swap", row.swap_bytes, "bytes", processOf(row)),
  ]);

/** See `all_readings.ts`. */
export const PROCESSOR_READINGS: readonly (readonly [tool: string, reading: Reading])[] = [
  ["cpu_overview", cpuOverview],
  ["load", load],
  ["top_cpu_processes", topCpu],
  ["mem_overview", memOverview],
  ["top_mem_processes", topMemory],
];
