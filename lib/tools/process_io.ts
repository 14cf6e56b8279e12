/** Tools about what processes read, write and hold open. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { sleep } from "../clock.ts";
import { bytesText, percentText } from "../host/figure_text.ts";
import { parseFileNr } from "../host/file_nr.ts";
import { countOpenFiles } from "../host/process/process_fds.ts";
import { parseProcessIo } from "../host/process/process_io.ts";
import { OPEN_FILES, parseProcessLimits } from "../host/process/process_limits.ts";
import { readProcessStat } from "../host/process/process_table.ts";
import { wholeNumber } from "./arguments.ts";
import { given, perSec, textIfAny, textIfReadable } from "./kernel_reads.ts";
import { commandsOf, scanData, scanNotes, scanProcesses } from "./process_scan.ts";
import { columns, table } from "./table.ts";
import { defineTool, type ToolContext } from "./tool.ts";

const count = about(wholeNumber(10, 1, 100), "How many.");

const ORDERS = ["total", "read", "write"] as const;

/** Who reads from and writes to disks. */
export const IO_TOP = defineTool({
  name: "io_top",
  family: "disk",
  description: "The processes that read from or write to block devices now, in bytes per second",
  args: {
    count,
    sort_by: about(z._default(z.enum(ORDERS), "total"), "By what: total, read, write."),
    delay_ms: about(wholeNumber(1000, 100, 5000), "Over how many milliseconds it measures."),
  },
  needs: [{ kernel: "/proc" }],
  reach: "host",
  async run({ count, sort_by, delay_ms }, context) {
    const { clock, signal } = context;
    const first = await scanProcesses(context, (pid) => ioOf(context, pid));
    const startMs = clock.monotonicMs();
    await sleep(clock, delay_ms, signal);
    const elapsedMs = Math.max(1, clock.monotonicMs() - startMs);
    const second = await scanProcesses(context, (pid) => ioOf(context, pid));
    const earlier = new Map(first.found.map((one) => [`${one.pid} ${one.startTicks}`, one]));
    const rates = second.found.map((one) => {
      const before = earlier.get(`${one.pid} ${one.startTicks}`);
      // Of one that has started since, all of it is new.
      const read = perSec(before?.io.readBytes ?? 0, one.io.readBytes, elapsedMs) ?? 0;
      const write = perSec(before?.io.writeBytes ?? 0, one.io.writeBytes, elapsedMs) ?? 0;
      return { ...one, read, write, total: read + write };
    }).filter(({ total }) => total > 0).sort((a, b) => b[sort_by] - a[sort_by] || a.pid - b.pid).slice(
      0,
      count,
    );
    const commands = await commandsOf(context, rates);
    const processes = rates.map((one) => ({
      pid: one.pid,
      name: one.name,
      state: one.state,
      read_bytes_per_sec: one.read,
      written_bytes_per_sec: one.write,
      read_bytes: one.io.readBytes ?? 0,
      written_bytes: one.io.writeBytes ?? 0,
      command: commands.get(one.pid)?.command ?? `[${one.name}]`,
    }));
    const rows = processes.map((one) => [
      String(one.pid),
      `${bytesText(one.read_bytes_per_sec)}/s`,
      `${bytesText(one.written_bytes_per_sec)}/s`,
      bytesText(one.read_bytes),
      bytesText(one.written_bytes),
      one.state,
      one.command,
    ]);
    const head = `over ${Math.round(elapsedMs)} ms`;
    return {
      text:
        (rows.length === 0 ? `${head}: no process read from or wrote to a block device` : `${head}\n${
          table(
            columns(">pid", ">reads", ">writes", ">read in all", ">written in all", "state", "command"),
            rows,
          )
        }`) + scanNotes(second),
      data: { interval_ms: Math.round(elapsedMs), processes, ...scanData(second) },
    };
  },
});

/** Open files of the whole system. */
export const FILEFD_USAGE = defineTool({
  name: "filefd_usage",
  family: "process",
  description: "Open files of the whole system against the kernel's limit",
  args: {},
  needs: [{ kernel: "/proc/sys/fs/file-nr" }],
  reach: "host",
  async run(_args, { host }) {
    const figures = parseFileNr(await host.text("/proc/sys/fs/file-nr"));
    if (figures === undefined) {
      throw new Error("cannot read /proc/sys/fs/file-nr: its text is not what a kernel writes");
    }
    const used = figures.allocated - figures.free;
    const usedPct = figures.max > 0 ? 100 * used / figures.max : 0;
    const perProcess = Number((await textIfAny(host, "/proc/sys/fs/nr_open") ?? "").trim() || NaN);
    return {
      text: `${used} of ${figures.max} open files in use (${percentText(usedPct)})` +
        (Number.isFinite(perProcess) ? `; one process may have up to ${perProcess}` : ""),
      data: {
        used,
        max: figures.max,
        used_pct: usedPct,
        ...given({ max_per_process: Number.isFinite(perProcess) ? perProcess : undefined }),
      },
    };
  },
});

/** Who has most files open. */
export const FILEFD_TOP_PROCS = defineTool({
  name: "filefd_top_procs",
  family: "process",
  description: "The processes that have most files open, and how near each is to its own limit",
  args: {
    count,
    sort_by: about(
      z._default(z.enum(["open", "share"]), "open"),
      "By what: open (how many), share (of the own limit).",
    ),
  },
  needs: [{ kernel: "/proc" }],
  reach: "host",
  async run({ count, sort_by }, context) {
    const { host } = context;
    const scan = await scanProcesses(context, async (pid) => {
      const open = await countOpenFiles(host, pid);
      const stat = open === undefined ? undefined : await readProcessStat(host, pid);
      if (open === undefined || stat === undefined) return undefined;
      const limit = parseProcessLimits(await textIfReadable(host, `/proc/${pid}/limits`) ?? "").get(
        OPEN_FILES,
      )?.soft;
      const sharePct = limit === undefined || limit === 0 ? undefined : 100 * open / limit;
      return { pid, name: stat.name, startTicks: stat.startTicks, open, limit, sharePct };
    });
    const figure = (one: (typeof scan.found)[number]) => sort_by === "open" ? one.open : one.sharePct ?? 0;
    const top = scan.found.sort((a, b) => figure(b) - figure(a) || a.pid - b.pid).slice(0, count);
    const commands = await commandsOf(context, top);
    const processes = top.map(({ pid, name, open, limit, sharePct }) => ({
      pid,
      name,
      open_files: open,
      ...given({ open_files_limit: limit, used_pct: sharePct }),
      command: commands.get(pid)?.command ?? `[${name}]`,
    }));
    const rows = processes.map((one) => [
      String(one.pid),
      String(one.open_files),
      String(one.open_files_limit ?? "none"),
      one.used_pct === undefined ? "" : percentText(one.used_pct),
      one.command,
    ]);
    return {
      text: table(columns(">pid", ">open", ">limit", ">share", "command"), rows) + scanNotes(scan),
      data: { processes, ...scanData(scan) },
    };
  },
});

async function ioOf({ host }: ToolContext, pid: number) {
  const text = await textIfAny(host, `/proc/${pid}/io`);
  const stat = text === undefined ? undefined : await readProcessStat(host, pid);
  if (text === undefined || stat === undefined) return undefined;
  return { pid, name: stat.name, state: stat.state, startTicks: stat.startTicks, io: parseProcessIo(text) };
}
