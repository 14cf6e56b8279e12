/** Tools about the kernel as a whole. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { sleep } from "../clock.ts";
import { bytesText, loadText, percentText } from "../host/figure_text.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { parsePressure, type Pressure } from "../host/pressure.ts";
import { parseProcStat } from "../host/proc_stat.ts";
import { listPids } from "../host/process/process_table.ts";
import { parseVmstat } from "../host/vmstat.ts";
import { wholeNumber } from "./arguments.ts";
import { given, namesIn, perSec, textIfAny, textIfReadable } from "./kernel_reads.ts";
import { ageText } from "./processes.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

const RESOURCES = ["cpu", "memory", "io", "irq"] as const;

/** Who waits for what. */
export const PSI_CHECK = defineTool({
  name: "psi_check",
  family: "kernel",
  description: "Pressure: how much of the time tasks waited for processor, memory or I/O (saturation)",
  args: {
    resource: about(z._default(z.enum(["all", ...RESOURCES]), "all"), "Which: all, cpu, memory, io, irq."),
  },
  needs: [{ kernel: "/proc/pressure/cpu" }, { kernel: "/proc/pressure/memory" }, {
    kernel: "/proc/pressure/io",
  }],
  reach: "host",
  async run({ resource }, { host }) {
    const asked = resource === "all" ? RESOURCES : [resource];
    const pressures: Record<string, Pressure> = {};
    for (const name of asked) {
      const text = await textIfAny(host, `/proc/pressure/${name}`).catch(notCounted);
      if (text !== undefined) pressures[name] = parsePressure(text);
    }
    if (Object.keys(pressures).length === 0) {
      throw new FactUnavailableError(
        "cannot read /proc/pressure: this kernel does not count it; boot Linux 4.20 or later with psi=1",
      );
    }
    const rows = Object.entries(pressures).flatMap(([name, pressure]) =>
      (["some", "full"] as const).flatMap((kind) => {
        const line = pressure[kind];
        return line === undefined ? [] : [[
          name,
          kind,
          percentText(line.avg10),
          percentText(line.avg60),
          percentText(line.avg300),
          `${(line.totalUs / 1e6).toFixed(1)} s`,
        ]];
      })
    );
    const data = Object.fromEntries(
      Object.entries(pressures).map(([name, pressure]) => [
        name,
        Object.fromEntries(
          Object.entries(pressure).map(([kind, line]) => [kind, {
            avg10_pct: line.avg10,
            avg60_pct: line.avg60,
            avg300_pct: line.avg300,
            total_sec: line.totalUs / 1e6,
          }]),
        ),
      ]),
    );
    return {
      text: "share of the time that some tasks, or all (full), waited\n" +
        table(columns("resource", "who", ">10 s", ">60 s", ">300 s", ">since boot"), rows),
      data: { pressure: data },
    };
  },
});

/** The kernel says "not supported" when it was built with pressure and booted without. */
function notCounted(error: unknown): undefined {
  if (error instanceof FactUnavailableError) throw error;
  return undefined;
}

/** For how long it has been up, and what runs there. */
export const UPTIME_INFO = defineTool({
  name: "uptime_info",
  family: "kernel",
  description: "Uptime, time of the last boot, kernel version, load averages, number of processes",
  args: {},
  needs: [{ fact: "uptime" }, { fact: "loadAverages" }, { kernel: "/proc/stat", optional: true }],
  reach: "host",
  async run(_args, { host, clock }) {
    const uptimeSec = await host.uptimeSec();
    const load = await host.loadAverages().catch(() => undefined);
    const version = (await textIfReadable(host, "/proc/sys/kernel/osrelease"))?.trim();
    const bootSec = parseProcStat(await textIfReadable(host, "/proc/stat") ?? "").bootSec ??
      Math.round(clock.wallMs() / 1000 - uptimeSec);
    const processes = await listPids(host).then((pids) => pids.length, () => undefined);
    const bootTime = new Date(Math.min(bootSec, 8e12) * 1000).toISOString();
    const data = {
      uptime_sec: Math.round(uptimeSec),
      boot_time: bootTime,
      ...given({ kernel: version, processes }),
      ...(load && { load_1m: load[0], load_5m: load[1], load_15m: load[2] }),
    };
    const lines = [
      `up ${ageText(uptimeSec)}, since ${bootTime}`,
      version !== undefined && `kernel ${version}`,
      load && `load ${load.map(loadText).join(", ")} (1, 5, 15 min)`,
      processes !== undefined && `${processes} processes`,
    ];
    return { text: lines.filter(Boolean).join("\n"), data };
  },
});

/** What the memory manager does, and whether a page is one of the kernel's. */
const RATES: readonly (readonly [key: string, name: string, says: string, unitBytes: number])[] = [
  ["pgpgin", "paged_in_bytes_per_sec", "read from block devices", 1024],
  ["pgpgout", "paged_out_bytes_per_sec", "written to block devices", 1024],
  ["pswpin", "swapped_in_pages_per_sec", "pages swapped in", 0],
  ["pswpout", "swapped_out_pages_per_sec", "pages swapped out", 0],
  ["pgfault", "faults_per_sec", "page faults", 0],
  ["pgmajfault", "major_faults_per_sec", "page faults that read from disk", 0],
  ["pgscan_direct", "direct_scans_per_sec", "pages that programs scanned to get memory", 0],
  ["pgscan_kswapd", "background_scans_per_sec", "pages scanned in the background", 0],
  ["allocstall_normal", "allocation_stalls_per_sec", "programs that had to wait for memory", 0],
  ["compact_stall", "compaction_stalls_per_sec", "programs that waited for memory in one piece", 0],
];

/** What goes on per second. */
export const VMSTAT_OVERVIEW = defineTool({
  name: "vmstat_overview",
  family: "kernel",
  description:
    "Activity per second: paging, swapping, faults, memory stalls, context switches, interrupts, forks",
  args: { delay_ms: about(wholeNumber(1000, 100, 5000), "Over how many milliseconds it measures.") },
  needs: [{ kernel: "/proc/vmstat" }, { kernel: "/proc/stat" }],
  reach: "host",
  async run({ delay_ms }, { host, clock, signal }) {
    const read = async () => ({
      vm: parseVmstat(await host.text("/proc/vmstat")),
      stat: parseProcStat(await host.text("/proc/stat")),
    });
    const earlier = await read();
    const startMs = clock.monotonicMs();
    await sleep(clock, delay_ms, signal);
    const later = await read();
    const elapsedMs = Math.max(1, clock.monotonicMs() - startMs);
    const ofVm = RATES.flatMap(([key, name, says, unitBytes]) => {
      const rate = perSec(earlier.vm.get(key), later.vm.get(key), elapsedMs);
      return rate === undefined
        ? []
        : [{ name, says, rate: rate * (unitBytes || 1), inBytes: unitBytes > 0 }];
    });
    const ofStat = ([
      ["contextSwitches", "context_switches_per_sec", "context switches"],
      ["interrupts", "interrupts_per_sec", "interrupts"],
      ["forks", "forks_per_sec", "processes and threads started"],
    ] as const).flatMap(([key, name, says]) => {
      const rate = perSec(earlier.stat[key], later.stat[key], elapsedMs);
      return rate === undefined ? [] : [{ name, says, rate, inBytes: false }];
    });
    const rates = [...ofVm, ...ofStat];
    const levels = given({
      running: later.stat.running,
      blocked: later.stat.blocked,
      oom_kills_since_boot: later.vm.get("oom_kill"),
    });
    const rows = rates.map((
      { says, rate, inBytes },
    ) => [says, inBytes ? `${bytesText(rate)}/s` : `${rate.toFixed(1)}/s`]);
    return {
      text: `over ${Math.round(elapsedMs)} ms; ${later.stat.running ?? "?"} tasks running, ` +
        `${later.stat.blocked ?? "?"} blocked\n${table(columns("what", ">rate"), rows)}`,
      data: {
        interval_ms: Math.round(elapsedMs),
        ...Object.fromEntries(rates.map(({ name, rate }) => [name, rate])),
        ...levels,
      },
    };
  },
});

/** Which modules the kernel has loaded. */
export const KERNEL_MODULES = defineTool({
  name: "kernel_modules",
  family: "kernel",
  description: "Kernel modules that are loaded, the biggest first, and what uses them",
  args: { count: about(wholeNumber(50, 1, 500), "How many at most.") },
  needs: [{ kernel: "/proc/modules" }],
  reach: "host",
  async run({ count }, { host }) {
    const text = await textIfAny(host, "/proc/modules");
    const names = text === undefined ? await namesIn(host, "/sys/module") : [];
    const all = (text ?? "").split("\n").flatMap((line) => {
      const [, name, bytes, users, by] = /^(\S{1,64}) (\d{1,15}) (\d{1,9}) (\S{0,2000})/.exec(line) ?? [];
      if (name === undefined || by === undefined) return [];
      return [{
        name,
        size_bytes: Number(bytes),
        users: Number(users),
        used_by: by.split(",").filter((word) => word !== "" && word !== "-"),
      }];
    }).sort((a, b) => b.size_bytes - a.size_bytes);
    const modules = all.slice(0, count);
    const rows = modules.map((
      one,
    ) => [one.name, bytesText(one.size_bytes), String(one.users), one.used_by.join(" ")]);
    return {
      text: text === undefined
        ? `this kernel loads no modules (${names.length} are built in)`
        : `${all.length} modules\n${table(columns("module", ">size", ">users", "used by"), rows)}`,
      data: { modules, loaded: all.length },
    };
  },
});

/** The family's part about activity. */
export const KERNEL_TOOLS = [PSI_CHECK, UPTIME_INFO, VMSTAT_OVERVIEW, KERNEL_MODULES];
