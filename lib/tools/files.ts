/** Tools that read logs, below the folders that the configuration names. */
import { join } from "node:path";
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { resolveBelow } from "../host/files/below_roots.ts";
import { inspect, named } from "../host/files/regular_file.ts";
import { bytesText } from "../host/figure_text.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { MAX_PATTERN_CHARS } from "../host/pattern/line_pattern.ts";
import { wholeNumber } from "./arguments.ts";
import { reachText, readBackwards } from "./log_reading.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

const file = about(
  z.string().check(z.minLength(1), z.maxLength(4096)),
  "The log, absolute or below a log folder: `/var/log/syslog`, `syslog`.",
);
const PATTERN_TEXT = "a text that stands in the line, or `/a regular expression/`, `/…/i` for either case";
const pattern = () => z.string().check(z.minLength(1), z.maxLength(MAX_PATTERN_CHARS));

/** The end of a log. */
export const LOG_TAIL = defineTool({
  name: "log_tail",
  family: "files",
  description: "The last lines of a log file, or the last that match: what a program said most recently",
  args: {
    file,
    lines: about(wholeNumber(100, 1, 1000), "How many lines at most."),
    pattern: about(z.optional(pattern()), `Only lines that match: ${PATTERN_TEXT}.`),
  },
  needs: [{ read: "/var/log" }],
  reach: "files",
  async run({ file, lines: maxLines, pattern }, { logRoots, clock, signal }) {
    const found = await readBackwards({ file, pattern, maxLines, roots: logRoots, clock, signal });
    const { path, sizeBytes, scannedBytes, stopped } = found;
    const lines = [...found.lines].reverse();
    const matching = pattern === undefined ? "" : ` that match ${pattern}`;
    const head = `${path}, ${bytesText(sizeBytes)}: the last ${lines.length} lines${matching}`;
    return {
      text: [head, ...lines, stopped === "lines" ? "" : reachText(found)].filter((line) => line !== "").join(
        "\n",
      ),
      data: { path, size_bytes: sizeBytes, lines, scanned_bytes: scannedBytes, stopped },
    };
  },
});

/** Lines of a log. */
export const LOG_GREP = defineTool({
  name: "log_grep",
  family: "files",
  description:
    "Lines of a log file that match a text or expression, the newest first: when something was last said",
  args: {
    file,
    pattern: about(pattern(), `What to look for: ${PATTERN_TEXT}.`),
    max_matches: about(wholeNumber(50, 1, 1000), "How many lines at most."),
  },
  needs: [{ read: "/var/log" }],
  reach: "files",
  async run({ file, pattern, max_matches }, { logRoots, clock, signal }) {
    const found = await readBackwards({
      file,
      pattern,
      maxLines: max_matches,
      roots: logRoots,
      clock,
      signal,
    });
    const { path, sizeBytes, lines, scannedBytes, stopped } = found;
    const head = lines.length === 0
      ? `${path}, ${bytesText(sizeBytes)}: no line matches ${pattern}`
      : `${path}, ${bytesText(sizeBytes)}: ${lines.length} lines match ${pattern}, the newest first`;
    return {
      text: [head, ...lines, reachText(found)].filter((line) => line !== "").join("\n"),
      data: { path, size_bytes: sizeBytes, lines, scanned_bytes: scannedBytes, stopped },
    };
  },
});

const MAX_LISTED = 200;
const MAX_NAMES = 5000;

/** What lies in a log folder. */
export const LOG_LIST = defineTool({
  name: "log_list",
  family: "files",
  description:
    "The log files that log_tail and log_grep can read, the one written last first, with size and age",
  args: {
    dir: about(
      z.optional(z.string().check(z.minLength(1), z.maxLength(4096))),
      "A folder, absolute or below a log folder; every log folder without it.",
    ),
  },
  needs: [{ read: "/var/log" }],
  reach: "files",
  async run({ dir }, { logRoots, clock, signal }) {
    const entries: LogEntry[] = [];
    const unseen: string[] = [];
    for (const folder of dir === undefined ? logRoots : [dir]) {
      try {
        entries.push(...await listed(folder, logRoots, signal));
      } catch (error) {
        // One of several folders may be missing; the one that was asked for may not.
        const isNone = error instanceof FactUnavailableError || error instanceof Deno.errors.NotFound;
        if (dir !== undefined || !isNone) throw error;
        unseen.push(error.message);
      }
    }
    const [reason] = unseen;
    if (entries.length === 0 && reason !== undefined) throw new FactUnavailableError(reason);
    entries.sort((a, b) => (b.modifiedMs ?? -1) - (a.modifiedMs ?? -1) || (a.path < b.path ? -1 : 1));
    const shown = entries.slice(0, MAX_LISTED);
    const rows = shown.map(({ path, sizeBytes, modifiedMs }) => [
      sizeBytes === undefined ? "folder" : bytesText(sizeBytes),
      modifiedMs === undefined ? "" : new Date(modifiedMs).toISOString().slice(0, 19) + "Z",
      sizeBytes === undefined ? `${path}/` : path,
    ]);
    const cut = entries.length > shown.length ? `, ${shown.length} shown` : "";
    const head = `${entries.length} files and folders below ${dir ?? logRoots.join(", ")}${cut}`;
    return {
      text: [
        rows.length === 0 ? head : `${head}\n${table(columns(">size", "written", "path"), rows)}`,
        ...unseen,
      ].join("\n"),
      data: {
        entries: shown.map(({ path, sizeBytes, modifiedMs }) =>
          sizeBytes === undefined ? { path, kind: "folder" } : {
            path,
            kind: "file",
            size_bytes: sizeBytes,
            modified_ms: modifiedMs ?? null,
            age_sec: modifiedMs === undefined
              ? null
              : Math.max(0, Math.round((clock.wallMs() - modifiedMs) / 1000)),
          }
        ),
        total: entries.length,
      },
    };
  },
});

interface LogEntry {
  readonly path: string;
  /** Missing for a folder. */
  readonly sizeBytes?: number;
  readonly modifiedMs?: number;
}

/** What can be read in one folder: links that lead elsewhere, pipes and devices are left out. */
async function listed(folder: string, roots: readonly string[], signal: AbortSignal): Promise<LogEntry[]> {
  const { path: real } = await resolveBelow(folder, roots);
  const entries: LogEntry[] = [];
  const names = await named(real, async () => {
    const found: Deno.DirEntry[] = [];
    for await (const entry of Deno.readDir(real)) {
      if (found.length < MAX_NAMES) found.push(entry);
    }
    return found;
  });
  for (const { name, isDirectory } of names) {
    signal.throwIfAborted();
    const path = join(real, name);
    if (isDirectory) {
      entries.push({ path });
      continue;
    }
    try {
      const { sizeBytes, modifiedMs } = await inspect((await resolveBelow(path, roots)).path);
      entries.push({ path, sizeBytes, modifiedMs });
    } catch {
      signal.throwIfAborted();
    }
  }
  return entries;
}

/** The family. */
export const FILES_TOOLS = [LOG_TAIL, LOG_GREP, LOG_LIST];
