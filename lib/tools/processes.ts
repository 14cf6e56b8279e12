/** Tools that find processes. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { bytesText } from "../host/figure_text.ts";
import { TICK_MS } from "../host/proc_stat.ts";
import { type ProcessFacts, readProcess, readProcessStat } from "../host/process/process_table.ts";
import { wholeNumber } from "./arguments.ts";
import { given } from "./kernel_reads.ts";
import { commandOf, scanData, scanNotes, scanProcesses } from "./process_scan.ts";
import { columns, table } from "./table.ts";
import { defineTool, type ToolContext } from "./tool.ts";

const ORDERS = ["cpu", "memory", "threads", "newest", "pid"] as const;

type Order = (typeof ORDERS)[number];

const COMPARE: Readonly<Record<Order, (a: ProcessFacts, b: ProcessFacts) => number>> = {
  cpu: (a, b) => b.cpuTicks - a.cpuTicks,
  memory: (a, b) => b.rssBytes - a.rssBytes,
  threads: (a, b) => b.threads - a.threads,
  newest: (a, b) => b.startTicks - a.startTicks,
  pid: (a, b) => a.pid - b.pid,
};

const count = about(wholeNumber(30, 1, 500), "How many at most.");

/** All processes. */
export const PROCESS_LIST = defineTool({
  name: "process_list",
  family: "process",
  description:
    "Processes with state, parent, age, memory and command line, and how many there are in each state",
  args: {
    count,
    sort_by: about(
      z._default(z.enum(ORDERS), "cpu"),
      "By what: cpu (time in all), memory, threads, newest, pid.",
    ),
  },
  needs: [{ kernel: "/proc" }],
  reach: "host",
  async run({ count, sort_by }, context) {
    const scan = await scanProcesses(context, (pid) => readProcess(context.host, pid, { cmdline: false }));
    const byState: Record<string, number> = {};
    for (const { state } of scan.found) byState[state] = (byState[state] ?? 0) + 1;
    const states = Object.entries(byState).sort(([, a], [, b]) => b - a).map(([state, number]) =>
      `${number} ${STATES[state] ?? state}`
    );
    const chosen = scan.found.sort((a, b) => COMPARE[sort_by](a, b) || a.pid - b.pid).slice(0, count);
    const processes = await described(context, await withCommands(context, chosen));
    return {
      text: `${scan.found.length} processes: ${states.join(", ")}\n${listing(processes)}${scanNotes(scan)}`,
      data: { processes, by_state: byState, ...scanData(scan) },
    };
  },
});

/** Processes by what they are called. */
export const PROCESS_SEARCH = defineTool({
  name: "process_search",
  family: "process",
  description: "Finds processes by a part of their name or command line (case does not matter)",
  args: {
    pattern: about(
      z.string().check(z.trim(), z.minLength(1), z.maxLength(200)),
      "A part of the name or of the command line, as it stands.",
    ),
    count,
  },
  needs: [{ kernel: "/proc" }],
  reach: "host",
  async run({ pattern, count }, context) {
    const wanted = pattern.toLowerCase();
    const scan = await scanProcesses(context, async (pid) => {
      const facts = await readProcess(context.host, pid);
      // What is masked is not searched either: a search would tell a secret letter by letter.
      return facts !== undefined && `${facts.name} ${commandOf(facts)}`.toLowerCase().includes(wanted)
        ? facts
        : undefined;
    });
    const processes = await described(context, scan.found.sort(COMPARE.cpu).slice(0, count));
    const found = scan.found.length;
    const text = found === 0
      ? "no process matches"
      : `${found} ${found === 1 ? "process matches" : "processes match"}\n${listing(processes)}`;
    return { text: text + scanNotes(scan), data: { processes, matching: found, ...scanData(scan) } };
  },
});

/** Processes that have ended and that nobody has asked about. */
export const ZOMBIES = defineTool({
  name: "zombies",
  family: "process",
  description: "Zombie processes by the parent that does not collect them",
  args: { count },
  needs: [{ kernel: "/proc" }],
  reach: "host",
  async run({ count }, context) {
    const { host } = context;
    const scan = await scanProcesses(context, (pid) => readProcessStat(host, pid));
    const byParent = new Map<number, { pid: number; name: string }[]>();
    for (const { pid, ppid, name } of scan.found.filter(({ state }) => state === "Z")) {
      byParent.set(ppid, [...byParent.get(ppid) ?? [], { pid, name }]);
    }
    const sorted = [...byParent].sort(([, a], [, b]) => b.length - a.length).slice(0, count);
    const parents = await Promise.all(sorted.map(async ([pid, zombies]) => {
      const parent = await readProcess(host, pid);
      return {
        pid,
        name: parent?.name ?? "gone",
        command: parent === undefined ? "[gone]" : commandOf(parent),
        zombies: zombies.length,
        examples: zombies.slice(0, 5),
      };
    }));
    const total = scan.found.filter(({ state }) => state === "Z").length;
    const rows = parents.map((parent) => [
      String(parent.pid),
      String(parent.zombies),
      parent.examples.map(({ pid, name }) => `${pid} ${name}`).join(", "),
      parent.command,
    ]);
    return {
      text: (total === 0
        ? "no zombies"
        : `${total} zombies\n${table(columns(">parent", ">zombies", "such as", "parent's command"), rows)}`) +
        scanNotes(scan),
      data: { zombies: total, parents, ...scanData(scan) },
    };
  },
});

const STATES: Readonly<Record<string, string>> = {
  R: "running",
  S: "sleeping",
  D: "waiting for a disk (D)",
  Z: "zombies",
  T: "stopped",
  t: "being traced",
  I: "idle kernel threads",
};

/** Command lines cost most: they are read for those alone that are shown. */
async function withCommands({ host }: ToolContext, chosen: readonly ProcessFacts[]): Promise<ProcessFacts[]> {
  return await Promise.all(chosen.map(async (facts) => await readProcess(host, facts.pid) ?? facts));
}

async function described({ host }: ToolContext, processes: readonly ProcessFacts[]) {
  const uptimeSec = await host.uptimeSec().catch(() => undefined);
  return processes.map((facts) => ({
    pid: facts.pid,
    ppid: facts.ppid,
    name: facts.name,
    state: facts.state,
    threads: facts.threads,
    rss_bytes: facts.rssBytes,
    cpu_sec: facts.cpuTicks * TICK_MS / 1000,
    ...given({
      uid: facts.uid,
      age_sec: uptimeSec === undefined
        ? undefined
        : Math.max(0, Math.round(uptimeSec - facts.startTicks * TICK_MS / 1000)),
    }),
    command: commandOf(facts),
  }));
}

function listing(processes: Awaited<ReturnType<typeof described>>): string {
  return table(
    columns(">pid", ">parent", "state", ">age", ">cpu time", ">memory", ">threads", ">uid", "command"),
    processes.map((one) => [
      String(one.pid),
      String(one.ppid),
      one.state,
      one.age_sec === undefined ? "?" : ageText(one.age_sec),
      `${one.cpu_sec.toFixed(1)} s`,
      bytesText(one.rss_bytes),
      String(one.threads),
      String(one.uid ?? "?"),
      one.command,
    ]),
  );
}

/** `3d 4h`, `12m 5s`: the two greatest units. */
export function ageText(seconds: number): string {
  const parts = ([["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]] as const).map(
    ([unit, size], index, units) => {
      const whole = index === 0 ? seconds : seconds % (units[index - 1]?.[1] ?? 1);
      return [Math.floor(whole / size), unit] as const;
    },
  );
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first === -1) return "0s";
  return parts.slice(first, first + 2).filter(([amount]) => amount > 0).map(([amount, unit]) =>
    `${amount}${unit}`
  )
    .join(" ");
}
