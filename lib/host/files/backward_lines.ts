/** The lines of a file from its end. */
import type { Clock } from "../../clock.ts";
import type { RegularFile } from "./regular_file.ts";

/** Options of {@linkcode backwardLines}. */
export interface BackwardLinesOptions {
  /** How far back is looked, in bytes. */
  maxBytes: number;
  /** How long is looked. */
  maxMs: number;
  clock: Clock;
  signal: AbortSignal;
}

/** How far a reader came; changes while it reads. */
export interface BackwardProgress {
  /** Where in the file it stands. */
  atBytes: number;
  /** What kept it from going on to the start of the file. */
  stopped?: "bytes" | "time";
}

const BLOCK_BYTES = 64 * 1024;
/** Of a longer line only the start is kept. */
const MAX_LINE_BYTES = 64 * 1024;

/** Yields the lines from the last to the first, as bytes without their ends, and notes in `progress` how far it is. */
export async function* backwardLines(
  file: RegularFile,
  options: BackwardLinesOptions,
  progress: BackwardProgress,
): AsyncGenerator<Uint8Array> {
  const { maxBytes, maxMs, clock, signal } = options;
  const untilMs = clock.monotonicMs() + maxMs;
  const endBytes = file.state.sizeBytes;
  const firstBytes = Math.max(0, endBytes - maxBytes);
  progress.atBytes = endBytes;
  let tail: Uint8Array<ArrayBufferLike> = new Uint8Array();
  let isLast = true; // what follows the file's last line end is no line
  for (let at = endBytes; at > firstBytes;) {
    signal.throwIfAborted();
    if (clock.monotonicMs() >= untilMs) {
      progress.stopped = "time";
      return;
    }
    const start = Math.max(firstBytes, at - BLOCK_BYTES);
    const buffer = new Uint8Array(at - start + tail.length);
    const readBytes = await file.read(buffer.subarray(0, at - start), start);
    if (readBytes < at - start) throw new Error("cannot read on: the file was cut meanwhile; try again");
    buffer.set(tail, at - start);
    let end = buffer.length;
    for (
      let mark = buffer.lastIndexOf(10, end - 1);
      mark !== -1 && end > 0;
      mark = end > 0 ? buffer.lastIndexOf(10, end - 1) : -1
    ) {
      const line = buffer.subarray(mark + 1, end);
      end = mark;
      progress.atBytes = start + mark + 1;
      if (!isLast || line.length > 0) yield line;
      isLast = false;
    }
    tail = buffer.subarray(0, Math.min(end, MAX_LINE_BYTES));
    at = start;
  }
  if (firstBytes > 0) {
    progress.stopped = "bytes";
    return;
  }
  progress.atBytes = 0;
  if (tail.length > 0 || (!isLast && endBytes > 0)) yield tail;
}
