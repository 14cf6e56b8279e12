/** Tools about memory. */
import { about } from "../zod.ts";
import { bytesText, percentText } from "../host/figure_text.ts";
import { countOf, fieldsOf } from "../host/kernel_text.ts";
import { parseMeminfo } from "../host/meminfo.ts";
import { parseProcessStatus } from "../host/process/process_status.ts";
import { readProcess } from "../host/process/process_table.ts";
import { parseVmstat } from "../host/vmstat.ts";
import { wholeNumber } from "./arguments.ts";
import { given, textIfReadable } from "./kernel_reads.ts";
import { commandOf, scanData, scanNotes, scanProcesses } from "./process_scan.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

/** What of `/proc/meminfo` is worth a line, and what it says. */
const PARTS: readonly (readonly [key: string, name: string, says: string])[] = [
  ["MemFree", "free_bytes", "free"],
  ["Buffers", "buffers_bytes", "buffers of block devices"],
  ["Cached", "cached_bytes", "file cache, shared memory included"],
  ["AnonPages", "anonymous_bytes", "programs' own memory"],
  ["Shmem", "shared_bytes", "shared memory and tmpfs"],
  ["SReclaimable", "slab_reclaimable_bytes", "kernel caches that can be given up"],
  ["SUnreclaim", "slab_unreclaimable_bytes", "kernel caches that cannot"],
  ["KernelStack", "kernel_stack_bytes", "kernel stacks"],
  ["PageTables", "page_tables_bytes", "page tables"],
  ["Dirty", "dirty_bytes", "waiting to be written"],
  ["Writeback", "writeback_bytes", "being written"],
  ["Mlocked", "locked_bytes", "locked in memory"],
  ["Committed_AS", "committed_bytes", "promised to programs"],
  ["CommitLimit", "commit_limit_bytes", "most that is promised in strict mode"],
];

/** Memory as a whole. */
export const MEM_OVERVIEW = defineTool({
  name: "mem_overview",
  family: "memory",
  description:
    "Memory and swap: used, available, caches, shared memory, huge pages, what waits to be written, OOM kills",
  args: {},
  needs: [{ fact: "memory" }, { kernel: "/proc/meminfo", optional: true }, {
    kernel: "/proc/vmstat",
    optional: true,
  }],
  reach: "host",
  async run(_args, { host }) {
    const memory = await host.memory();
    const text = await textIfReadable(host, "/proc/meminfo") ?? "";
    const amounts = parseMeminfo(text);
    const fields = fieldsOf(text);
    const kills = parseVmstat(await textIfReadable(host, "/proc/vmstat") ?? "").get("oom_kill");
    const usedBytes = memory.totalBytes - memory.availableBytes;
    const swapUsedBytes = memory.swapTotalBytes - memory.swapFreeBytes;
    const pages = {
      total: countOf(fields.get("HugePages_Total")),
      free: countOf(fields.get("HugePages_Free")),
      sizeBytes: amounts.get("Hugepagesize"),
    };
    const data = {
      total_bytes: memory.totalBytes,
      available_bytes: memory.availableBytes,
      used_bytes: usedBytes,
      used_pct: share(usedBytes, memory.totalBytes),
      swap_total_bytes: memory.swapTotalBytes,
      swap_used_bytes: swapUsedBytes,
      swap_used_pct: share(swapUsedBytes, memory.swapTotalBytes),
      ...given(Object.fromEntries(PARTS.map(([key, name]) => [name, amounts.get(key)]))),
      ...given({
        huge_pages_total: pages.total,
        huge_pages_free: pages.free,
        huge_page_bytes: pages.sizeBytes,
        oom_kills_since_boot: kills,
      }),
    };
    const rows = PARTS.flatMap(([key, , says]) => {
      const bytes = amounts.get(key);
      return bytes === undefined ? [] : [[key, bytesText(bytes), says]];
    });
    const lines = [
      `memory ${percentText(data.used_pct)} used: ${bytesText(usedBytes)} of ${
        bytesText(memory.totalBytes)
      }, ` +
      `${bytesText(memory.availableBytes)} available`,
      memory.swapTotalBytes === 0
        ? "no swap"
        : `swap ${percentText(data.swap_used_pct)} used: ${bytesText(swapUsedBytes)} of ${
          bytesText(memory.swapTotalBytes)
        }`,
      kills !== undefined && `${kills} processes killed for want of memory since boot`,
      pages.total !== undefined && pages.total > 0 && pages.sizeBytes !== undefined &&
      `huge pages: ${pages.free ?? 0} of ${pages.total} free, ${bytesText(pages.sizeBytes)} each`,
      rows.length > 0 && table(columns("part", ">amount", "what it is"), rows),
    ];
    return { text: lines.filter(Boolean).join("\n"), data };
  },
});

/** Who holds memory. */
export const TOP_MEM_PROCESSES = defineTool({
  name: "top_mem_processes",
  family: "memory",
  description:
    "The processes that hold most memory in RAM, with what they have in swap and their command lines",
  args: { count: about(wholeNumber(10, 1, 100), "How many.") },
  needs: [{ kernel: "/proc" }],
  reach: "host",
  async run({ count }, context) {
    const { host } = context;
    const { totalBytes } = await host.memory();
    const scan = await scanProcesses(context, (pid) => readProcess(host, pid, { cmdline: false }));
    const biggest = scan.found.sort((a, b) => b.rssBytes - a.rssBytes || a.pid - b.pid).slice(0, count);
    const processes = await Promise.all(biggest.map(async (facts) => {
      const full = await readProcess(host, facts.pid);
      const status = parseProcessStatus(await textIfReadable(host, `/proc/${facts.pid}/status`) ?? "");
      return {
        pid: facts.pid,
        ppid: facts.ppid,
        name: facts.name,
        state: facts.state,
        threads: facts.threads,
        rss_bytes: facts.rssBytes,
        rss_pct: share(facts.rssBytes, totalBytes),
        ...given({
          uid: facts.uid,
          anonymous_bytes: status.rssAnonymousBytes,
          swap_bytes: status.swapBytes,
          peak_rss_bytes: status.peakRssBytes,
        }),
        command: commandOf(full ?? facts),
      };
    }));
    const rows = processes.map((one) => [
      String(one.pid),
      bytesText(one.rss_bytes),
      percentText(one.rss_pct),
      bytesText(one.swap_bytes ?? 0),
      String(one.uid ?? "?"),
      one.command,
    ]);
    return {
      text: `of ${bytesText(totalBytes)} in all; memory that processes share is counted for each of them\n` +
        table(columns(">pid", ">in RAM", ">share", ">in swap", ">uid", "command"), rows) + scanNotes(scan),
      data: { total_bytes: totalBytes, processes, ...scanData(scan) },
    };
  },
});

/** The family. */
export const MEMORY_TOOLS = [MEM_OVERVIEW, TOP_MEM_PROCESSES];

function share(part: number, whole: number): number {
  return whole > 0 ? 100 * part / whole : 0;
}
