/** Looking through a log from its end, within bounds. */
import type { Clock } from "../clock.ts";
import { backwardLines, type BackwardProgress } from "../host/files/backward_lines.ts";
import { openBelow } from "../host/files/below_roots.ts";
import { bytesText } from "../host/figure_text.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { maskSecrets } from "../host/mask_secrets.ts";
import { type LinePattern, linePattern } from "../host/pattern/line_pattern.ts";
import { ToolError } from "./tool_error.ts";

/** Options of {@linkcode readBackwards}. */
export interface ReadBackwardsOptions {
  file: string;
  /** As {@linkcode linePattern} takes it; every line without one. */
  pattern: string | undefined;
  maxLines: number;
  roots: readonly string[];
  clock: Clock;
  signal: AbortSignal;
  /**
   * How far back is looked.
   * @default 67108864
   */
  maxBytes?: number;
}

/** What was found. */
export interface LogLines {
  /** The file, its links followed. */
  readonly path: string;
  readonly sizeBytes: number;
  /** The newest first; cleaned, masked. */
  readonly lines: readonly string[];
  /** How much of the file was looked at, from its end. */
  readonly scannedBytes: number;
  /** What kept it from looking further: enough lines, its bounds, or the file's start. */
  readonly stopped: "lines" | "bytes" | "time" | "start";
}

const MAX_BYTES = 64 * 1024 * 1024;
/** Shorter than a tool's deadline, so that what was found by then is shown. */
const MAX_MS = 5000;
const MAX_CHARS = 2000;
const MATCHED_CHARS = 8192;
const LINES_PER_TURN = 2000;

/** The newest lines of a log below the allowed folders. Looks no further back than it has to. */
export async function readBackwards(options: ReadBackwardsOptions): Promise<LogLines> {
  const { file: asked, pattern, maxLines, roots, clock, signal, maxBytes = MAX_BYTES } = options;
  const wanted = pattern === undefined ? undefined : compiled(pattern);
  await using file = await openBelow(asked, roots);
  const progress: BackwardProgress = { atBytes: 0 };
  const decoder = new TextDecoder();
  const lines: string[] = [];
  let looked = 0;
  for await (const bytes of backwardLines(file, { maxBytes, maxMs: MAX_MS, clock, signal }, progress)) {
    // Masking and matching keep the loop busy: others get their turn.
    if (++looked % LINES_PER_TURN === 0) await new Promise<void>((resolve) => clock.setTimeout(resolve, 0));
    const line = decoder.decode(bytes).slice(0, MATCHED_CHARS);
    if (wanted !== undefined && !wanted.matches(line)) continue;
    lines.push(maskSecrets(cleanLine(line, MAX_CHARS)));
    if (lines.length >= maxLines) break;
  }
  const { sizeBytes } = file.state;
  const stopped = progress.stopped ?? (progress.atBytes > 0 ? "lines" : "start");
  return { path: file.path, sizeBytes, lines, scannedBytes: sizeBytes - progress.atBytes, stopped };
}

/** How far it looked, in words; empty where that was the whole file. */
export function reachText({ sizeBytes, scannedBytes, stopped }: LogLines): string {
  if (stopped === "start") return "";
  const why = { lines: "enough lines", bytes: "as far back as it looks", time: "its time is up" }[stopped];
  return `[looked at the last ${bytesText(scannedBytes)} of ${bytesText(sizeBytes)}: ${why}]`;
}

function compiled(pattern: string): LinePattern {
  try {
    return linePattern(pattern);
  } catch (error) {
    throw new ToolError("bad_arguments", error instanceof Error ? error.message : String(error));
  }
}
