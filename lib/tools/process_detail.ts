/** Tools about one process. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { bytesText } from "../host/figure_text.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { countOf } from "../host/kernel_text.ts";
import { isSecretName, maskValue } from "../host/mask_secrets.ts";
import { TICK_MS } from "../host/proc_stat.ts";
import { countOpenFiles, listOpenFiles } from "../host/process/process_fds.ts";
import { parseProcessIo } from "../host/process/process_io.ts";
import { OPEN_FILES, parseProcessLimits } from "../host/process/process_limits.ts";
import { parseProcessStat, type ProcessStat } from "../host/process/process_stat.ts";
import { parseProcessStatus } from "../host/process/process_status.ts";
import { readProcess, readProcessStat } from "../host/process/process_table.ts";
import { parseCgroupMembership } from "../host/cgroup.ts";
import { processId, wholeNumber } from "./arguments.ts";
import { given, textIfReadable } from "./kernel_reads.ts";
import { ageText } from "./processes.ts";
import { commandOf } from "./process_scan.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

const pid = about(processId(), "The process's id.");

/** Everything about one process. */
export const PROCESS_DETAIL = defineTool({
  name: "process_detail",
  family: "process",
  description:
    "One process in detail: command, parent, state, memory, faults, I/O, limits, open files, control group",
  args: { pid },
  needs: [{ kernel: "/proc" }],
  reach: "host",
  async run({ pid }, { host }) {
    const facts = await readProcess(host, pid);
    const stat = await readProcessStat(host, pid);
    if (facts === undefined || stat === undefined) throw gone(pid);
    const file = async (name: string) => await textIfReadable(host, `/proc/${pid}/${name}`) ?? "";
    const status = parseProcessStatus(await file("status"));
    const io = parseProcessIo(await file("io"));
    const openFiles = await orHidden(() => countOpenFiles(host, pid));
    const limit = parseProcessLimits(await file("limits")).get(OPEN_FILES)?.soft;
    const cgroups = parseCgroupMembership(await file("cgroup"));
    const group = cgroups.find(({ controllers }) => controllers.includes("memory")) ?? cgroups.at(-1);
    const parent = await readProcess(host, facts.ppid);
    const uptimeSec = await host.uptimeSec().catch(() => undefined);
    const data = {
      pid,
      ppid: facts.ppid,
      name: facts.name,
      command: commandOf(facts),
      state: facts.state,
      threads: facts.threads,
      nice: stat.nice,
      cpu_sec: facts.cpuTicks * TICK_MS / 1000,
      user_sec: stat.userTicks * TICK_MS / 1000,
      system_sec: stat.systemTicks * TICK_MS / 1000,
      rss_bytes: facts.rssBytes,
      virtual_bytes: stat.virtualBytes,
      major_faults: stat.majorFaults,
      minor_faults: stat.minorFaults,
      ...given({
        parent: parent === undefined ? undefined : commandOf(parent),
        uid: facts.uid,
        age_sec: uptimeSec === undefined
          ? undefined
          : Math.max(0, Math.round(uptimeSec - facts.startTicks * TICK_MS / 1000)),
        anonymous_bytes: status.rssAnonymousBytes,
        peak_rss_bytes: status.peakRssBytes,
        swap_bytes: status.swapBytes,
        voluntary_switches: status.voluntarySwitches,
        involuntary_switches: status.involuntarySwitches,
        read_bytes: io.readBytes,
        written_bytes: io.writeBytes,
        open_files: openFiles,
        open_files_limit: limit,
        oom_score: countOf((await file("oom_score")).trim()),
        cgroup: group?.path,
        program: await orHidden(() => host.link(`/proc/${pid}/exe`)),
        folder: await orHidden(() => host.link(`/proc/${pid}/cwd`)),
        waits_in: (await file("wchan")).replace(/^0$/, "") || undefined,
      }),
    };
    const bytes = (amount: number | undefined) => amount === undefined ? "unknown" : bytesText(amount);
    const rows: [string, string | undefined][] = [
      ["command", data.command],
      ["program", data.program],
      ["folder", data.folder],
      ["parent", `${data.ppid} ${data.parent ?? ""}`],
      ["state", `${data.state}${data.waits_in === undefined ? "" : `, waits in ${data.waits_in}`}`],
      ["user", data.uid === undefined ? undefined : String(data.uid)],
      ["age", data.age_sec === undefined ? undefined : ageText(data.age_sec)],
      [
        "cpu time",
        `${data.cpu_sec.toFixed(2)} s (user ${data.user_sec.toFixed(2)} s, system ${
          data.system_sec.toFixed(2)
        } s)`,
      ],
      ["threads", `${data.threads}, nice ${data.nice}`],
      [
        "memory",
        `${bytes(data.rss_bytes)} in RAM, peak ${bytes(data.peak_rss_bytes)}, own ${
          bytes(data.anonymous_bytes)
        }`,
      ],
      ["swap", data.swap_bytes === undefined ? undefined : bytes(data.swap_bytes)],
      ["faults", `${data.major_faults} that read from disk, ${data.minor_faults} others`],
      [
        "disk",
        data.read_bytes === undefined
          ? undefined
          : `read ${bytes(data.read_bytes)}, wrote ${bytes(data.written_bytes)}`,
      ],
      ["open files", openFiles === undefined ? "not readable" : `${openFiles} of ${limit ?? "any number"}`],
      [
        "switches",
        data.voluntary_switches === undefined
          ? undefined
          : `${data.voluntary_switches} voluntary, ${data.involuntary_switches ?? 0} involuntary`,
      ],
      ["oom score", data.oom_score === undefined ? undefined : String(data.oom_score)],
      ["cgroup", data.cgroup],
    ];
    const shown = rows.filter((row): row is [string, string] => row[1] !== undefined);
    return { text: `process ${pid} (${facts.name})\n${table(columns("", ""), shown).slice(1)}`, data };
  },
});

/** A process's threads. */
export const PROC_THREADS = defineTool({
  name: "proc_threads",
  family: "process",
  description: "The threads of one process: state, processor time, processor, what they wait in",
  args: { pid, max_threads: about(wholeNumber(50, 1, 500), "How many at most, by processor time.") },
  needs: [{ kernel: "/proc" }],
  reach: "host",
  async run({ pid, max_threads }, { host, signal }) {
    const ids = await host.list(`/proc/${pid}/task`).catch((error) => {
      throw error instanceof Deno.errors.NotFound ? gone(pid) : error;
    });
    const asked = ids.slice(0, 2000);
    const all: ProcessStat[] = [];
    for (const id of asked) {
      signal.throwIfAborted();
      const stat = parseProcessStat(await textIfReadable(host, `/proc/${pid}/task/${id}/stat`) ?? "");
      if (stat !== undefined) all.push(stat);
    }
    const time = (stat: ProcessStat) => stat.userTicks + stat.systemTicks;
    const busiest = all.sort((a, b) => time(b) - time(a) || a.pid - b.pid).slice(0, max_threads);
    const threads = await Promise.all(busiest.map(async (stat) => {
      const waits = (await textIfReadable(host, `/proc/${pid}/task/${stat.pid}/wchan`) ?? "").replace(
        /^0$/,
        "",
      );
      return {
        tid: stat.pid,
        name: stat.name,
        state: stat.state,
        cpu_sec: time(stat) * TICK_MS / 1000,
        ...given({ processor: stat.processor, waits_in: waits || undefined }),
      };
    }));
    const rows = threads.map((one) => [
      String(one.tid),
      one.state,
      `${one.cpu_sec.toFixed(2)} s`,
      one.processor === undefined ? "?" : String(one.processor),
      one.waits_in ?? "",
      one.name,
    ]);
    const states: Record<string, number> = {};
    for (const { state } of all) states[state] = (states[state] ?? 0) + 1;
    const summary = Object.entries(states).map(([state, number]) => `${number} ${state}`).join(", ");
    const cut = ids.length > asked.length ? `\n(looked at ${asked.length} of ${ids.length} threads)` : "";
    return {
      text: `${ids.length} threads: ${summary}\n` +
        table(columns(">tid", "state", ">cpu time", ">processor", "waits in", "name"), rows) + cut,
      data: { pid, threads_total: ids.length, by_state: states, threads },
    };
  },
});

/** A process's open files. */
export const OPEN_FILES_OF = defineTool({
  name: "open_files",
  family: "process",
  description: "What one process has open: files (also deleted ones that still take space), sockets, pipes",
  args: { pid, max_fds: about(wholeNumber(100, 1, 1000), "How many at most.") },
  needs: [{ kernel: "/proc" }],
  reach: "host",
  async run({ pid, max_fds }, { host }) {
    const open = await listOpenFiles(host, pid, max_fds);
    if (open === undefined) throw gone(pid);
    const limit = parseProcessLimits(await textIfReadable(host, `/proc/${pid}/limits`) ?? "").get(OPEN_FILES)
      ?.soft;
    const files = open.files.map(({ fd, target }) => ({ fd, kind: kindOf(target), target }));
    const kinds: Record<string, number> = {};
    for (const { kind } of files) kinds[kind] = (kinds[kind] ?? 0) + 1;
    const summary = Object.entries(kinds).sort(([, a], [, b]) => b - a)
      .map(([kind, number]) => `${number} ${kind}`).join(", ");
    const rows = files.map(({ fd, kind, target }) => [String(fd), kind, target]);
    const cut = open.total > files.length ? `\n(the first ${files.length} of ${open.total})` : "";
    return {
      text: `${open.total} open of ${limit ?? "any number"}: ${summary}\n` +
        table(columns(">fd", "kind", "target"), rows) + cut,
      data: { pid, open_files: open.total, ...given({ open_files_limit: limit }), by_kind: kinds, files },
    };
  },
});

/** A process's environment, without its secrets. */
export const ENV_INSPECT = defineTool({
  name: "env_inspect",
  family: "process",
  description: "The environment that one process was started with; values of secrets are masked",
  args: {
    pid,
    filter: about(
      z._default(z.string().check(z.trim(), z.maxLength(100)), ""),
      "Only variables whose name has this in it.",
    ),
  },
  needs: [{ kernel: "/proc" }],
  reach: "host",
  async run({ pid, filter }, { host }) {
    const text = await host.text(`/proc/${pid}/environ`, { maxBytes: 256 * 1024 }).catch((error) => {
      throw error instanceof Deno.errors.NotFound ? gone(pid) : error;
    });
    const wanted = filter.toLowerCase();
    const variables = text.split("\0").filter((entry) => entry.includes("=")).map((entry) => {
      const at = entry.indexOf("=");
      const name = entry.slice(0, at);
      return { name, shown: maskValue(name, entry.slice(at + 1)), hidden: isSecretName(name) };
    }).filter(({ name }) => name.toLowerCase().includes(wanted)).sort((a, b) => a.name < b.name ? -1 : 1);
    const head = `${variables.length} variables${wanted === "" ? "" : ` with "${filter}" in their name`}`;
    const lines = variables.map(({ name, shown }) => `${name}=${shown}`.replaceAll("\n", "\\n"));
    return { text: [head, ...lines].join("\n"), data: { pid, variables } };
  },
});

/** The family's part about one process. */
export const PROCESS_DETAIL_TOOLS = [PROCESS_DETAIL, PROC_THREADS, OPEN_FILES_OF, ENV_INSPECT];

function gone(pid: number): Error {
  return new Error(`cannot look at process ${pid}: there is none of this id (any more)`);
}

/** Undefined where this process may not see it, or where it has gone. */
async function orHidden<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof FactUnavailableError || error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function kindOf(target: string): string {
  if (target.endsWith(" (deleted)")) return "deleted file";
  if (target.startsWith("socket:")) return "socket";
  if (target.startsWith("pipe:")) return "pipe";
  if (target.startsWith("anon_inode:")) return "anonymous";
  if (target.startsWith("/dev/")) return "device";
  return target.startsWith("/") ? "file" : "other";
}
