/** Tools that read the kernel's log. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { duration } from "../config/fields.ts";
import { bytesText } from "../host/figure_text.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { findOomKills, type KernelRecord, LOG_LEVELS } from "../host/kernel_log.ts";
import { type KernelLogReader, kernelLogReader } from "../host/kernel_log_reader.ts";
import { parseVmstat } from "../host/vmstat.ts";
import { wholeNumber } from "./arguments.ts";
import { given, textIfReadable } from "./kernel_reads.ts";
import { ageText } from "./processes.ts";
import { columns, table } from "./table.ts";
import { defineTool, type ToolDefinition } from "./tool.ts";

/** The tools that read the kernel's log, with where they get it from. */
export function kernelLogTools(read: KernelLogReader = kernelLogReader()): readonly ToolDefinition[] {
  const kernelLog = defineTool({
    name: "kernel_log",
    family: "kernel",
    description:
      "The kernel's messages, the newest last: hardware faults, file system errors, crashes, OOM kills",
    args: {
      level: about(
        z._default(z.enum(LOG_LEVELS), "warning"),
        `Messages at least this bad: ${LOG_LEVELS.join(", ")}.`,
      ),
      since: about(
        z._default(duration("1s", "3650d"), 0),
        "Only the last so long, such as 1h; all of it without.",
      ),
      max_lines: about(wholeNumber(100, 1, 1000), "How many at most, the newest."),
    },
    needs: [{ read: "/dev/kmsg" }],
    reach: "host",
    async run({ level, since, max_lines }, { host, signal }) {
      const records = await read(signal);
      const uptimeSec = await uptimeOf(host, records);
      const worst = LOG_LEVELS.indexOf(level);
      const fromSec = since === 0 ? -Infinity : uptimeSec - since / 1000;
      const matching = records.filter((record) =>
        LOG_LEVELS.indexOf(record.level) <= worst && record.atSec >= fromSec
      );
      const shown = matching.slice(-max_lines).map(({ level, atSec, text }) => ({
        level,
        at_sec: atSec,
        age_sec: Math.max(0, Math.round(uptimeSec - atSec)),
        text,
      }));
      const rows = shown.map((one) => [`${ageText(one.age_sec)} ago`, one.level, one.text]);
      const cut = matching.length > shown.length ? `, the newest ${shown.length} shown` : "";
      const head = `${matching.length} of ${records.length} messages are of level ${level} or worse${cut}`;
      return {
        text: rows.length === 0 ? head : `${head}\n${table(columns(">when", "level", "message"), rows)}`,
        data: { messages: shown, matching: matching.length, messages_total: records.length },
      };
    },
  });
  const oomHistory = defineTool({
    name: "oom_history",
    family: "memory",
    description:
      "Processes that the kernel killed because memory ran out: when, who, how big, whose limit it was",
    args: { max_events: about(wholeNumber(20, 1, 200), "How many at most, the newest.") },
    needs: [{ read: "/dev/kmsg" }, { kernel: "/proc/vmstat", optional: true }],
    reach: "host",
    async run({ max_events }, { host, signal }) {
      const records = await read(signal);
      const uptimeSec = await uptimeOf(host, records);
      const all = findOomKills(records);
      const counted = parseVmstat(await textIfReadable(host, "/proc/vmstat") ?? "").get("oom_kill");
      const kills = all.slice(-max_events).reverse().map((kill) => ({
        pid: kill.pid,
        name: kill.name,
        scope: kill.scope,
        at_sec: kill.atSec,
        age_sec: Math.max(0, Math.round(uptimeSec - kill.atSec)),
        ...given({ anonymous_bytes: kill.anonBytes, cgroup: kill.cgroup }),
      }));
      const rows = kills.map((kill) => [
        `${ageText(kill.age_sec)} ago`,
        String(kill.pid),
        kill.name,
        kill.anonymous_bytes === undefined ? "" : bytesText(kill.anonymous_bytes),
        kill.cgroup ?? (kill.scope === "host" ? "the whole host" : "a control group"),
      ]);
      const told = counted === undefined ? "" : `; the kernel has counted ${counted} since boot`;
      return {
        text: `${all.length} kills in the kernel's log${told}` +
          (rows.length === 0
            ? ""
            : `\n${table(columns(">when", ">pid", "name", ">held", "out of memory"), rows)}`),
        data: { kills, kills_in_log: all.length, ...given({ kills_since_boot: counted }) },
      };
    },
  });
  return [kernelLog, oomHistory];
}

/** Over the real log of this host. */
export const KERNEL_LOG_TOOLS = kernelLogTools();

/** Ages need the present; without it the newest record is taken for now. */
async function uptimeOf(host: HostFacts, records: readonly KernelRecord[]): Promise<number> {
  const newest = records.at(-1)?.atSec ?? 0;
  return await host.uptimeSec().catch(() => newest);
}
