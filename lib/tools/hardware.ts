/** Tools about interrupts, memory nodes and temperatures. */
import { about } from "../zod.ts";
import { sleep } from "../clock.ts";
import { parseCounters } from "../host/counters.ts";
import { bytesText, percentText } from "../host/figure_text.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { type InterruptLine, type InterruptTable, parseInterrupts } from "../host/interrupts.ts";
import { parseNodeMeminfo, parseNumberList } from "../host/numa.ts";
import { parseMillidegrees } from "../host/thermal.ts";
import { wholeNumber } from "./arguments.ts";
import { given, namesIn, textIfAny, textIfReadable } from "./kernel_reads.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

/** What interrupts the processors. */
export const INTERRUPTS = defineTool({
  name: "interrupts",
  family: "kernel",
  description:
    "Which devices interrupt the processors most now, whether one processor takes them all, and softirqs",
  args: {
    top: about(wholeNumber(15, 1, 200), "How many sources."),
    delay_ms: about(wholeNumber(500, 100, 5000), "Over how many milliseconds it measures."),
  },
  needs: [{ kernel: "/proc/interrupts" }, { kernel: "/proc/softirqs" }],
  reach: "host",
  async run({ top, delay_ms }, { host, clock, signal }) {
    const read = async () => ({
      hard: parseInterrupts(await host.text("/proc/interrupts")),
      soft: parseInterrupts(await textIfReadable(host, "/proc/softirqs") ?? ""),
    });
    const earlier = await read();
    const startMs = clock.monotonicMs();
    await sleep(clock, delay_ms, signal);
    const later = await read();
    const elapsedMs = Math.max(1, clock.monotonicMs() - startMs);
    const sources = ratesBetween(earlier.hard, later.hard, elapsedMs).slice(0, top);
    const softirqs = ratesBetween(earlier.soft, later.soft, elapsedMs);
    const rowOf = (one: Rated) => [
      one.irq,
      `${one.per_sec.toFixed(1)}/s`,
      String(one.total),
      one.busiest_cpu === undefined ? "" : `cpu${one.busiest_cpu} ${percentText(one.busiest_share_pct ?? 0)}`,
      one.label,
    ];
    const titles = columns("irq", ">now", ">since boot", "mostly on", "source");
    const soft = softirqs.filter((one) => one.total > 0);
    return {
      text: `over ${Math.round(elapsedMs)} ms, ${later.hard.cpus.length} processors\n` +
        table(titles, sources.map(rowOf)) +
        (soft.length === 0 ? "" : `\nsoftirqs\n${table(titles, soft.map(rowOf))}`),
      data: {
        interval_ms: Math.round(elapsedMs),
        processors: later.hard.cpus.length,
        interrupts: sources,
        softirqs,
      },
    };
  },
});

/** Memory by node. */
export const NUMA_STAT = defineTool({
  name: "numa_stat",
  family: "memory",
  description: "Memory of each NUMA node: free, used, and allocations that had to go to another node",
  args: {},
  needs: [{ kernel: "/sys/devices/system/node" }],
  reach: "host",
  async run(_args, { host }) {
    const folder = "/sys/devices/system/node";
    const names = (await namesIn(host, folder)).filter((name) => /^node\d{1,5}$/.test(name)).slice(0, 256);
    const nodes = await Promise.all(names.map(async (name) => {
      const amounts = parseNodeMeminfo(await textIfAny(host, `${folder}/${name}/meminfo`) ?? "");
      const counters = parseCounters(await textIfAny(host, `${folder}/${name}/numastat`) ?? "");
      const cpus = parseNumberList(await textIfAny(host, `${folder}/${name}/cpulist`) ?? "");
      return {
        node: Number(name.slice(4)),
        processors: cpus.length,
        ...given({
          total_bytes: amounts.get("MemTotal"),
          free_bytes: amounts.get("MemFree"),
          used_bytes: amounts.get("MemUsed"),
          file_bytes: amounts.get("FilePages"),
          anonymous_bytes: amounts.get("AnonPages"),
          hits: counters.get("numa_hit"),
          misses: counters.get("numa_miss"),
          foreign: counters.get("numa_foreign"),
          from_other_nodes: counters.get("other_node"),
        }),
      };
    }));
    nodes.sort((a, b) => a.node - b.node);
    const rows = nodes.map((one) => [
      String(one.node),
      String(one.processors),
      bytesText(one.total_bytes ?? 0),
      bytesText(one.free_bytes ?? 0),
      bytesText(one.anonymous_bytes ?? 0),
      bytesText(one.file_bytes ?? 0),
      String(one.misses ?? 0),
      String(one.from_other_nodes ?? 0),
    ]);
    const titles = columns(
      ">node",
      ">processors",
      ">memory",
      ">free",
      ">programs'",
      ">files'",
      ">missed",
      ">from other nodes",
    );
    return {
      text: nodes.length === 0 ? "this system has no memory nodes" : table(titles, rows),
      data: { nodes },
    };
  },
});

/** How hot it is. */
export const THERMAL_ZONE = defineTool({
  name: "thermal_zone",
  family: "kernel",
  description: "Temperatures of processors, boards and disks, and how far each is from its critical point",
  args: {},
  needs: [{ kernel: "/sys/class/thermal" }, { kernel: "/sys/class/hwmon" }],
  reach: "host",
  async run(_args, { host }) {
    const sensors = [...await thermalZones(host), ...await hardwareMonitors(host)];
    sensors.sort((a, b) => b.celsius - a.celsius);
    const rows = sensors.map((one) => [
      one.sensor,
      `${one.celsius.toFixed(1)} °C`,
      one.critical_celsius === undefined ? "" : `${one.critical_celsius.toFixed(1)} °C`,
      one.kind,
    ]);
    return {
      text: sensors.length === 0
        ? "no temperature sensors (virtual machines have none)"
        : table(columns("sensor", ">now", ">critical", "kind"), rows),
      data: { sensors },
    };
  },
});

/** The family's part about hardware. */
export const HARDWARE_TOOLS = [INTERRUPTS, NUMA_STAT, THERMAL_ZONE];

type Rated = ReturnType<typeof rated>;

function ratesBetween(earlier: InterruptTable, later: InterruptTable, elapsedMs: number): Rated[] {
  const before = new Map(earlier.lines.map((line) => [line.irq, line]));
  return later.lines.map((line) => rated(before.get(line.irq), line, later.cpus, elapsedMs))
    .sort((a, b) => b.per_sec - a.per_sec || b.total - a.total);
}

function rated(
  before: InterruptLine | undefined,
  after: InterruptLine,
  cpus: readonly number[],
  elapsedMs: number,
) {
  // A processor that came or went makes the columns incomparable.
  const comparable = before !== undefined && before.counts.length === after.counts.length;
  const grown = after.counts.map((count, index) =>
    comparable ? Math.max(0, count - (before.counts[index] ?? 0)) : 0
  );
  const sum = grown.reduce((total, count) => total + count, 0);
  const most = Math.max(0, ...grown);
  const busiest = sum > 0 && after.counts.length > 1 ? cpus[grown.indexOf(most)] : undefined;
  return {
    irq: after.irq,
    label: after.label,
    total: after.total,
    per_sec: 1000 * sum / elapsedMs,
    ...given({
      busiest_cpu: busiest,
      busiest_share_pct: busiest === undefined ? undefined : 100 * most / sum,
    }),
  };
}

interface Sensor {
  readonly sensor: string;
  readonly kind: "zone" | "monitor";
  readonly celsius: number;
  readonly critical_celsius?: number;
}

async function thermalZones(host: HostFacts): Promise<Sensor[]> {
  const folder = "/sys/class/thermal";
  const zones = (await namesIn(host, folder)).filter((name) => name.startsWith("thermal_zone")).slice(0, 100);
  const found = await Promise.all(zones.map(async (zone): Promise<Sensor[]> => {
    const celsius = await temperature(host, `${folder}/${zone}/temp`);
    if (celsius === undefined) return [];
    const type = (await textIfReadable(host, `${folder}/${zone}/type`))?.trim();
    const points = (await namesIn(host, `${folder}/${zone}`)).flatMap((name) =>
      /^trip_point_(\d{1,3})_type$/.exec(name)?.[1] ?? []
    );
    for (const point of points) {
      const kind = (await textIfReadable(host, `${folder}/${zone}/trip_point_${point}_type`))?.trim();
      if (kind !== "critical") continue;
      const critical = await temperature(host, `${folder}/${zone}/trip_point_${point}_temp`);
      return [{ sensor: type ?? zone, kind: "zone", celsius, ...given({ critical_celsius: critical }) }];
    }
    return [{ sensor: type ?? zone, kind: "zone", celsius }];
  }));
  return found.flat();
}

async function hardwareMonitors(host: HostFacts): Promise<Sensor[]> {
  const folder = "/sys/class/hwmon";
  const monitors = (await namesIn(host, folder)).slice(0, 100);
  const found = await Promise.all(monitors.map(async (monitor): Promise<Sensor[]> => {
    const chip = (await textIfReadable(host, `${folder}/${monitor}/name`))?.trim() ?? monitor;
    const inputs = (await namesIn(host, `${folder}/${monitor}`)).flatMap((name) =>
      /^(temp\d{1,3})_input$/.exec(name)?.[1] ?? []
    );
    const readings = await Promise.all(inputs.map(async (input): Promise<Sensor[]> => {
      const celsius = await temperature(host, `${folder}/${monitor}/${input}_input`);
      if (celsius === undefined) return [];
      const label = (await textIfReadable(host, `${folder}/${monitor}/${input}_label`))?.trim() ?? input;
      const critical = await temperature(host, `${folder}/${monitor}/${input}_crit`);
      return [{
        sensor: `${chip} ${label}`,
        kind: "monitor",
        celsius,
        ...given({ critical_celsius: critical }),
      }];
    }));
    return readings.flat();
  }));
  return found.flat();
}

/** A sensor that is asleep or broken does not give its file's text: it has no temperature then. */
async function temperature(host: HostFacts, path: string): Promise<number | undefined> {
  const text = await textIfReadable(host, path).catch(() => undefined);
  return text === undefined ? undefined : parseMillidegrees(text);
}
