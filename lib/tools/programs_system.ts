/** Tools that ask programs about the system. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { duration } from "../config/fields.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { bytesText } from "../host/figure_text.ts";
import { findOomKills, type KernelRecord, LOG_LEVELS } from "../host/kernel_log.ts";
import { allowedPath, lastLines, requireSuccess, runAllowed } from "./allowed_program.ts";
import { wholeNumber } from "./arguments.ts";
import { textIfReadable } from "./kernel_reads.ts";
import { columns, table } from "./table.ts";
import { defineTool, type ToolContext } from "./tool.ts";

const since = about(
  z.optional(duration("1s", "365d")),
  "Only the last so long, such as 1h; all of it without.",
);

/** What `dmesg --raw` prints: `<6>[  12.345678] text`, what goes on over a line end indented or bare. */
export function parseRawKernelLog(text: string): KernelRecord[] {
  const records: KernelRecord[] = [];
  for (const line of text.split("\n")) {
    const [, priority, seconds, message = ""] = /^<(\d{1,3})>\[ *(\d{1,12}\.\d{1,9})\] ?(.*)$/.exec(line) ??
      [];
    const level = priority === undefined ? undefined : LOG_LEVELS[Number(priority) % 8];
    if (level === undefined) continue;
    records.push({ level, sequence: records.length, atSec: Number(seconds), text: message });
  }
  return records;
}

/** The kernel's messages, where the device itself may not be read. */
export const DMESG_RECENT = defineTool({
  name: "dmesg_recent",
  family: "kernel",
  description:
    "The kernel's messages by dmesg, the newest last, with OOM kills: where kernel_log may not read the device",
  args: {
    since,
    level: about(
      z._default(z.enum(LOG_LEVELS), "warning"),
      `Messages at least this bad: ${LOG_LEVELS.join(", ")}.`,
    ),
    max_lines: about(wholeNumber(100, 1, 1000), "How many at most, the newest."),
  },
  needs: [{ run: "dmesg" }],
  reach: "program",
  async run({ since, level, max_lines }, context) {
    const result = await runAllowed(["dmesg"], ["--raw"], context);
    requireSuccess(result);
    const records = parseRawKernelLog(result.stdout);
    const uptimeSec = await context.host.uptimeSec().catch(() => undefined);
    const nowSec = uptimeSec ?? records.at(-1)?.atSec ?? 0;
    const fromSec = since === undefined ? -Infinity : nowSec - since / 1000;
    const worst = LOG_LEVELS.indexOf(level); // the list begins with the worst
    const recent = records.filter(({ atSec }) => atSec >= fromSec);
    const matching = recent.filter((record) => LOG_LEVELS.indexOf(record.level) <= worst);
    const shown = matching.slice(-max_lines).map(({ level, atSec, text }) => ({
      level,
      at_sec: atSec,
      text: cleanLine(text, 500),
    }));
    const kills = findOomKills(recent);
    const head = `${matching.length} of ${recent.length} messages are of level ${level} or worse` +
      (matching.length > shown.length ? `, the newest ${shown.length} shown` : "");
    const oom = kills.length === 0
      ? []
      : [`${kills.length} processes were killed for want of memory, the last: ${kills.at(-1)?.name}`];
    const rows = shown.map(({ level, at_sec, text }) => [`${at_sec.toFixed(3)} s`, level, text]);
    return {
      text: [
        head,
        ...oom,
        ...(rows.length > 0 ? [table(columns(">since boot", "level", "message"), rows)] : []),
      ].join("\n"),
      data: {
        messages: shown,
        matching: matching.length,
        messages_total: recent.length,
        oom_kills: kills.length,
      },
    };
  },
});

const PRIORITIES = LOG_LEVELS;

/** What a unit wrote. */
export const JOURNAL_QUERY = defineTool({
  name: "journal_query",
  family: "services",
  description: "What a systemd unit wrote to the journal, the newest last",
  args: {
    unit: about(
      z.string().check(z.regex(/^[A-Za-z0-9@_][A-Za-z0-9@_.:-]{0,254}$/, "must be a unit's name")),
      "The unit: `nginx.service`, `nginx`.",
    ),
    since,
    priority: about(
      z._default(z.enum(PRIORITIES), "info"),
      `Messages at least this bad: ${PRIORITIES.join(", ")}.`,
    ),
    max_lines: about(wholeNumber(100, 1, 1000), "How many at most, the newest."),
  },
  needs: [{ run: "journalctl" }],
  reach: "program",
  async run({ unit, since, priority, max_lines }, context) {
    const args = [
      "--no-pager",
      "--quiet",
      "--output=short-iso",
      `--unit=${unit}`,
      `--priority=${priority}`,
      `--lines=${max_lines}`,
      ...(since === undefined ? [] : [`--since=@${Math.floor((context.clock.wallMs() - since) / 1000)}`]),
    ];
    const result = await runAllowed(["journalctl"], args, context);
    requireSuccess(result);
    const { lines } = lastLines(result.stdout, max_lines, result.truncated);
    // Without any journal it says so, and means that there is nothing.
    const complaint = lines.length === 0 ? cleanLine(result.stderr, 300) : "";
    const head = `${lines.length} lines of ${unit} at ${priority} or worse${
      complaint === "" ? "" : `: ${complaint}`
    }`;
    return { text: [head, ...lines].join("\n"), data: { unit, lines } };
  },
});

/** Crashes whose memory was kept. */
export const COREDUMP_LIST = defineTool({
  name: "coredump_list",
  family: "process",
  description: "Programs that crashed, by coredumpctl, the newest last: when, which, by what signal",
  args: { max_entries: about(wholeNumber(20, 1, 200), "How many at most, the newest.") },
  needs: [{ run: "coredumpctl" }],
  reach: "program",
  async run({ max_entries }, context) {
    const result = await runAllowed(["coredumpctl"], ["list", "--no-pager", "--no-legend"], context);
    const none = result.code === 1 && /No coredumps found/i.test(result.stderr + result.stdout);
    requireSuccess(result, result.code === 0 || none);
    const { lines, note } = lastLines(none ? "" : result.stdout, max_entries, result.truncated);
    return { text: [`${lines.length} crashes${note}`, ...lines].join("\n"), data: { crashes: lines } };
  },
});

const reportSchema = z.object({
  report: z.array(z.record(z.string(), z.array(z.record(z.string(), z.string())))),
});

/** Volume groups and logical volumes. */
export const LVM_STATUS = defineTool({
  name: "lvm_status",
  family: "disk",
  description:
    "LVM: volume groups with their free space, logical volumes, and how full thin pools and snapshots are",
  args: {},
  needs: [{ run: "vgs" }, { run: "lvs" }],
  reach: "program",
  async run(_args, context) {
    const groups = await lvmReport("vgs", "vg", "vg_name,vg_size,vg_free,pv_count,lv_count", context);
    const volumes = await lvmReport(
      "lvs",
      "lv",
      "vg_name,lv_name,lv_size,lv_attr,data_percent,metadata_percent",
      context,
    );
    const bytes = (text: string | undefined) => Number(text ?? 0) || 0;
    const groupRows = groups.map((
      row,
    ) => [row.vg_name ?? "", bytesText(bytes(row.vg_size)), bytesText(bytes(row.vg_free))]);
    const volumeRows = volumes.map((row) => [
      row.vg_name ?? "",
      row.lv_name ?? "",
      bytesText(bytes(row.lv_size)),
      row.data_percent ?? "",
      row.metadata_percent ?? "",
      row.lv_attr ?? "",
    ]);
    return {
      text: [
        `${groups.length} volume groups, ${volumes.length} logical volumes`,
        ...(groupRows.length > 0 ? [table(columns("group", ">size", ">free"), groupRows)] : []),
        ...(volumeRows.length > 0
          ? [table(columns("group", "volume", ">size", ">data %", ">meta %", "attributes"), volumeRows)]
          : []),
      ].join("\n"),
      data: {
        groups: groups.map((row) => ({
          name: row.vg_name ?? "",
          size_bytes: bytes(row.vg_size),
          free_bytes: bytes(row.vg_free),
        })),
        volumes: volumes.map((row) => ({
          group: row.vg_name ?? "",
          name: row.lv_name ?? "",
          size_bytes: bytes(row.lv_size),
          attributes: row.lv_attr ?? "",
          ...(row.data_percent ? { data_pct: bytes(row.data_percent) } : {}),
          ...(row.metadata_percent ? { metadata_pct: bytes(row.metadata_percent) } : {}),
        })),
      },
    };
  },
});

async function lvmReport(program: "vgs" | "lvs", kind: "vg" | "lv", fields: string, context: ToolContext) {
  const args = ["--reportformat", "json", "--units", "b", "--nosuffix", "--options", fields];
  const result = await runAllowed([program], args, context);
  requireSuccess(result);
  try {
    return reportSchema.parse(JSON.parse(result.stdout)).report.flatMap((report) => report[kind] ?? []);
  } catch (error) {
    throw new Error(`cannot use what ${program} says: it is no report`, { cause: error });
  }
}

/** Mandatory access control. */
export const SELINUX_STATUS = defineTool({
  name: "selinux_status",
  family: "kernel",
  description:
    "SELinux and AppArmor: whether they are on and enforcing, and, where ausearch may be run, recent denials",
  args: { max_denials: about(wholeNumber(20, 1, 200), "How many denials at most, the newest.") },
  needs: [{ kernel: "/sys/fs/selinux/enforce" }, { kernel: "/sys/module/apparmor/parameters/enabled" }],
  reach: "host",
  async run({ max_denials }, context) {
    const enforce = (await textIfReadable(context.host, "/sys/fs/selinux/enforce"))?.trim();
    const selinux = enforce === "1" ? "enforcing" : enforce === "0" ? "permissive" : "not there";
    const enabled = (await textIfReadable(context.host, "/sys/module/apparmor/parameters/enabled"))?.trim();
    const apparmor = enabled === "Y" ? "enabled" : enabled === "N" ? "disabled" : "not there";
    const data = { selinux, apparmor };
    const head = `SELinux: ${selinux}; AppArmor: ${apparmor}`;
    if (allowedPath("ausearch", context) === undefined) {
      return {
        text:
          `${head}\ndenials were not looked for: allow ausearch with [remote] allow_run = ["/usr/sbin/ausearch"]`,
        data,
      };
    }
    const result = await runAllowed(["ausearch"], [
      "--input-logs",
      "--message",
      "AVC,USER_AVC",
      "--start",
      "recent",
      "--raw",
    ], context);
    const none = result.code === 1 && /no matches/.test(result.stderr + result.stdout);
    requireSuccess(result, result.code === 0 || none);
    const { lines, note } = lastLines(none ? "" : result.stdout, max_denials, result.truncated);
    return {
      text: [head, `${lines.length} denials in the last 10 minutes${note}`, ...lines].join("\n"),
      data: { ...data, denials: lines },
    };
  },
});

/** Those that ask about the system. */
export const PROGRAM_SYSTEM_TOOLS = [DMESG_RECENT, JOURNAL_QUERY, COREDUMP_LIST, LVM_STATUS, SELINUX_STATUS];
