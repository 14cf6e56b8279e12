/** Tools about the processors. */
import { about } from "../zod.ts";
import { sleep } from "../clock.ts";
import { usagePercent } from "../host/cpu_usage.ts";
import { loadText, percentText } from "../host/figure_text.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { parseLoadavg } from "../host/loadavg.ts";
import {
  busyTicks,
  type CpuTicks,
  parseProcStat,
  type ProcStat,
  TICK_MS,
  totalTicks,
} from "../host/proc_stat.ts";
import type { ProcessStat } from "../host/process/process_stat.ts";
import { readProcessStat } from "../host/process/process_table.ts";
import { wholeNumber } from "./arguments.ts";
import { given, perSec, textIfReadable } from "./kernel_reads.ts";
import { commandsOf, scanData, scanNotes, scanProcesses } from "./process_scan.ts";
import { columns, table } from "./table.ts";
import { defineTool, type ToolContext } from "./tool.ts";

const delayMs = about(wholeNumber(500, 100, 5000), "Over how many milliseconds it measures.");

const SHARES = ["user", "nice", "system", "iowait", "irq", "softirq", "steal", "idle"] as const;

/** How the processors spend their time just now. */
export const CPU_OVERVIEW = defineTool({
  name: "cpu_overview",
  family: "cpu",
  description:
    "Processor usage now, by kind of work (user, system, iowait, steal) and by processor; load averages",
  args: { delay_ms: delayMs },
  needs: [{ fact: "cpuTimes" }, { fact: "loadAverages" }, { kernel: "/proc/stat", optional: true }],
  reach: "host",
  async run({ delay_ms }, context) {
    const { host, clock, signal } = context;
    const earlier = await readStat(context);
    const earlierTimes = await host.cpuTimes();
    const startMs = clock.monotonicMs();
    await sleep(clock, delay_ms, signal);
    const later = await readStat(context);
    const laterTimes = await host.cpuTimes();
    const elapsedMs = clock.monotonicMs() - startMs;
    const load = await host.loadAverages().catch((error) => {
      if (error instanceof FactUnavailableError) return undefined;
      throw error;
    });
    const shares = sharesBetween(earlier?.total, later?.total);
    const perCpu = [...later?.cpus ?? []].flatMap(([cpu, ticks]) => {
      const own = sharesBetween(earlier?.cpus.get(cpu), ticks);
      return own === undefined ? [] : [{ cpu, usage_pct: own.usage_pct, iowait_pct: own.iowait_pct ?? 0 }];
    }).sort((a, b) => b.usage_pct - a.usage_pct);
    const usage = shares?.usage_pct ?? usagePercent(earlierTimes, laterTimes);
    const data = {
      interval_ms: Math.round(elapsedMs),
      processors: laterTimes.processors,
      ...given({ usage_pct: usage }),
      ...shares,
      ...(load && { load_1m: load[0], load_5m: load[1], load_15m: load[2] }),
      ...given({
        running: later?.running,
        blocked: later?.blocked,
        context_switches_per_sec: perSec(earlier?.contextSwitches, later?.contextSwitches, elapsedMs),
        forks_per_sec: perSec(earlier?.forks, later?.forks, elapsedMs),
      }),
      per_cpu: perCpu,
    };
    const kinds = SHARES.flatMap((kind) =>
      shares?.[`${kind}_pct`] === undefined ? [] : [
        `${kind} ${percentText(shares[`${kind}_pct`] ?? 0)}`,
      ]
    );
    const lines = [
      `usage ${usage === undefined ? "unknown (the counters stood still)" : percentText(usage)} of ` +
      `${laterTimes.processors} processors over ${data.interval_ms} ms`,
      kinds.join(", "),
      load && `load ${load.map(loadText).join(", ")} (1, 5, 15 min)`,
      later?.running !== undefined && later.blocked !== undefined &&
      `${later.running} tasks running, ${later.blocked} blocked (waiting for a disk)`,
      perCpu.length > 1 &&
      table(
        columns("processor", ">usage", ">iowait"),
        perCpu.slice(0, 64).map((
          own,
        ) => [`cpu${own.cpu}`, percentText(own.usage_pct), percentText(own.iowait_pct)]),
      ),
    ];
    return { text: lines.filter(Boolean).join("\n"), data };
  },
});

/** The load averages alone. */
export const LOAD = defineTool({
  name: "load",
  family: "cpu",
  description:
    "Load averages over 1, 5 and 15 minutes, whole and per processor, and how many tasks there are",
  args: {},
  needs: [{ fact: "loadAverages" }, { fact: "cpuTimes" }],
  reach: "host",
  async run(_args, { host }) {
    const [one, five, fifteen] = await host.loadAverages();
    const { processors } = await host.cpuTimes();
    const tasks = parseLoadavg(await textIfReadable(host, "/proc/loadavg") ?? "");
    const data = {
      load_1m: one,
      load_5m: five,
      load_15m: fifteen,
      processors,
      load_1m_per_processor: one / Math.max(1, processors),
      load_5m_per_processor: five / Math.max(1, processors),
      load_15m_per_processor: fifteen / Math.max(1, processors),
      ...given({ runnable: tasks?.runnable, tasks: tasks?.tasks }),
    };
    const rows = ([["1 min", one], ["5 min", five], ["15 min", fifteen]] as const)
      .map(([period, load]) => [period, loadText(load), loadText(load / Math.max(1, processors))]);
    const more = tasks?.tasks === undefined ? "" : `\n${tasks.runnable ?? 0} of ${tasks.tasks} tasks can run`;
    return {
      text: `${processors} processors\n${table(columns("over", ">load", ">per processor"), rows)}${more}`,
      data,
    };
  },
});

/** Who uses the processors. */
export const TOP_CPU_PROCESSES = defineTool({
  name: "top_cpu_processes",
  family: "cpu",
  description:
    "The processes that use most processor time now, measured over an interval, with their command lines",
  args: {
    count: about(wholeNumber(10, 1, 100), "How many."),
    delay_ms: delayMs,
  },
  needs: [{ kernel: "/proc" }],
  reach: "host",
  async run({ count, delay_ms }, context) {
    const { host, clock, signal } = context;
    const first = await scanProcesses(context, (pid) => readProcessStat(host, pid));
    const startMs = clock.monotonicMs();
    await sleep(clock, delay_ms, signal);
    const elapsedMs = Math.max(1, clock.monotonicMs() - startMs);
    const second = await scanProcesses(context, (pid) => readProcessStat(host, pid));
    const { processors } = await host.cpuTimes();
    const earlier = new Map(first.found.map((stat) => [identityOf(stat), stat]));
    const busiest = second.found.map((stat) => {
      // One that has started since used all its time since.
      const usedTicks = timeOf(stat) - (timeOf(earlier.get(identityOf(stat))));
      return { stat, cpuPct: Math.max(0, 100 * usedTicks * TICK_MS / elapsedMs) };
    }).sort((a, b) => b.cpuPct - a.cpuPct || timeOf(b.stat) - timeOf(a.stat)).slice(0, count);
    const commands = await commandsOf(context, busiest.map(({ stat }) => stat));
    const processes = busiest.map(({ stat, cpuPct }) => {
      const more = commands.get(stat.pid);
      return {
        pid: stat.pid,
        ppid: stat.ppid,
        name: stat.name,
        state: stat.state,
        threads: stat.threads,
        cpu_pct: cpuPct,
        cpu_sec: timeOf(stat) * TICK_MS / 1000,
        ...given({ uid: more?.uid, rss_bytes: more?.rssBytes }),
        command: more?.command ?? `[${stat.name}]`,
      };
    });
    const rows = processes.map((one) => [
      String(one.pid),
      percentText(one.cpu_pct),
      `${one.cpu_sec.toFixed(1)} s`,
      one.state,
      String(one.threads),
      String(one.uid ?? "?"),
      one.command,
    ]);
    return {
      text: `over ${Math.round(elapsedMs)} ms; 100 % is one of ${processors} processors\n` +
        table(columns(">pid", ">cpu", ">in all", "state", ">threads", ">uid", "command"), rows) +
        scanNotes(second),
      data: { interval_ms: Math.round(elapsedMs), processors, processes, ...scanData(second) },
    };
  },
});

/** The family. */
export const CPU_TOOLS = [CPU_OVERVIEW, LOAD, TOP_CPU_PROCESSES];

async function readStat({ host }: ToolContext): Promise<ProcStat | undefined> {
  const text = await textIfReadable(host, "/proc/stat");
  return text === undefined ? undefined : parseProcStat(text);
}

type Shares = { usage_pct: number } & { [Kind in (typeof SHARES)[number] as `${Kind}_pct`]?: number };

function sharesBetween(earlier: CpuTicks | undefined, later: CpuTicks | undefined): Shares | undefined {
  if (earlier === undefined || later === undefined) return undefined;
  const total = totalTicks(later) - totalTicks(earlier);
  if (total <= 0) return undefined;
  const share = (ticks: number) => Math.min(100, Math.max(0, 100 * ticks / total));
  const kinds = SHARES.map((kind) => [`${kind}_pct`, share(later[kind] - earlier[kind])]);
  return { ...Object.fromEntries(kinds), usage_pct: share(busyTicks(later) - busyTicks(earlier)) };
}

function timeOf(stat: ProcessStat | undefined): number {
  return stat === undefined ? 0 : stat.userTicks + stat.systemTicks;
}

function identityOf({ pid, startTicks }: ProcessStat): string {
  return `${pid} ${startTicks}`;
}
