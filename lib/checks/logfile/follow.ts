/** Reads a log on from where it was left, over rotations: nothing twice, nothing left out that is still on disk. */
import type { Clock } from "../../clock.ts";
import { type FileState, inspect, openRegular, type RegularFile } from "../../host/files/regular_file.ts";
import { LineSplitter, type LogEncoding } from "./line_splitter.ts";
import { holds, isSameFile, type LogPosition, positionAt } from "./position.ts";
import { earlierParts, type LogFile } from "./rotation.ts";

/** Options of {@linkcode followLog}. */
export interface FollowLogOptions {
  /** The log, resolved. */
  path: string;
  /** Where it was left; undefined where it was never read. */
  position: LogPosition | undefined;
  /** Where to begin a log that was never read. */
  initial: "start" | "end";
  encoding: LogEncoding;
  /** How much is read at most; the rest is for the next time. */
  maxBytes: number;
  /** On the clock's monotonic reading: when to leave the rest for the next time. */
  untilMs: number;
  /** Takes each line in order. */
  onLine: (line: string) => void;
  clock: Clock;
  signal: AbortSignal;
}

/** How far it came. */
export interface Followed {
  /** Where to go on. */
  readonly position: LogPosition;
  /** Whether more was there than could be read this time. */
  readonly behind: boolean;
}

const CHUNK_BYTES = 64 * 1024;
/** How far back the start of a line is looked for that was half written when the log was first seen. */
const LAST_LINE_BYTES = 8192;

/** @throws Deno.errors.NotFound where neither the log nor what was left of it is there, and what opening a file throws. */
export async function followLog(options: FollowLogOptions): Promise<Followed> {
  const run = new Run(options);
  return await run.follow();
}

class Run {
  readonly #options: FollowLogOptions;
  #leftBytes: number;
  /** Listed when it is needed, and then once. */
  #earlier: LogFile[] | undefined;

  constructor(options: FollowLogOptions) {
    this.#options = options;
    this.#leftBytes = options.maxBytes;
  }

  async follow(): Promise<Followed> {
    const { path, initial, position } = this.#options;
    if (position === undefined) {
      await using file = await openRegular(path);
      const start = initial === "start" ? await positionAt(file, 0) : await this.#lastLine(file);
      return await this.#read(file, start, false);
    }
    let place = await this.#locate(position);
    let followed: Followed = { position, behind: true };
    for (;;) {
      // Before the last look at an earlier part: whoever writes to its successor writes to it no more.
      const successor = place.path === path ? undefined : await this.#successor(place);
      await using file = await openRegular(place.path);
      // Renamed between two looks: the next time will find it.
      if (file.state.inode !== place.state.inode) return { ...followed, behind: true };
      const start = place.position ?? await positionAt(file, 0);
      followed = await this.#read(file, start, successor !== undefined);
      if (successor === undefined || followed.behind) return followed;
      place = successor;
    }
  }

  /** Where what the position speaks of is by now. */
  async #locate(position: LogPosition): Promise<Place> {
    const { path } = this.#options;
    const state = await stateOf(path);
    const same = state !== undefined && isSameFile(state, position);
    if (same && await this.#holds(path, position)) return { path, state, position };
    for (const part of await this.#parts()) {
      // Renamed; or, where the log itself was cut to nothing, copied before that.
      const mayBe = same
        ? position.headBytes > 0 && part.state.sizeBytes >= position.offset
        : isSameFile(part.state, position);
      if (mayBe && await this.#holds(part.path, position)) return { ...part, position };
    }
    if (state === undefined) throw new Deno.errors.NotFound(`cannot read ${path}: there is no such file`);
    // Written anew with the same content, as editors do.
    if (!same && position.offset > 0 && await this.#holds(path, position)) return { path, state, position };
    return { path, state, position: undefined };
  }

  /** What was written after an earlier part: another one, or the log itself once there is something in it. */
  async #successor(place: Place): Promise<Place | undefined> {
    const parts = await this.#parts();
    const index = parts.findIndex((part) => part.path === place.path);
    const later = parts.slice(index + 1).find(({ state }) => state.inode !== place.state.inode);
    if (later !== undefined) return { ...later, position: undefined };
    const { path } = this.#options;
    const state = await stateOf(path);
    return state !== undefined && state.sizeBytes > 0 ? { path, state, position: undefined } : undefined;
  }

  async #read(file: RegularFile, start: LogPosition, isOver: boolean): Promise<Followed> {
    const { clock, signal, untilMs, encoding, onLine } = this.#options;
    const splitter = new LineSplitter({ encoding, skipping: start.skipping });
    const buffer = new Uint8Array(CHUNK_BYTES);
    let at = start.offset;
    let behind = false;
    for (;;) {
      if (this.#leftBytes <= 0 || clock.monotonicMs() >= untilMs) {
        behind = at < (await file.now()).sizeBytes;
        break;
      }
      const readBytes = await file.read(buffer.subarray(0, Math.min(CHUNK_BYTES, this.#leftBytes)), at);
      signal.throwIfAborted();
      for (const line of splitter.push(buffer.subarray(0, readBytes))) onLine(line);
      at += readBytes;
      // A log that was cut under its writer begins with a hole: that is quickly passed over.
      if (!isHole(buffer.subarray(0, readBytes))) this.#leftBytes -= readBytes;
      if (readBytes === 0) break;
    }
    const rest = isOver && !behind ? splitter.finish() : [];
    for (const line of rest) onLine(line);
    const offset = start.offset + splitter.consumedBytes;
    const unchanged = offset === start.offset && start.headBytes === Math.min(256, file.state.sizeBytes) &&
      isSameFile(file.state, start);
    return { position: unchanged ? start : await positionAt(file, offset, splitter.skipping), behind };
  }

  async #lastLine(file: RegularFile): Promise<LogPosition> {
    const { sizeBytes } = file.state;
    const back = Math.max(0, sizeBytes - LAST_LINE_BYTES);
    const from = back - back % 2; // where a unit of two bytes begins
    const bytes = new Uint8Array(sizeBytes - from);
    const splitter = new LineSplitter({ encoding: this.#options.encoding });
    splitter.push(bytes.subarray(0, await file.read(bytes, from)));
    if (splitter.consumedBytes === 0 && from > 0) return await positionAt(file, sizeBytes, true);
    return await positionAt(file, from + splitter.consumedBytes);
  }

  async #holds(path: string, position: LogPosition): Promise<boolean> {
    try {
      await using file = await openRegular(path);
      return await holds(file, position);
    } catch (error) {
      if (path === this.#options.path) throw error;
      return false;
    }
  }

  async #parts(): Promise<LogFile[]> {
    return this.#earlier ??= await earlierParts(this.#options.path);
  }
}

/** A file, and where in it; without a position from its start. */
interface Place extends LogFile {
  readonly position: LogPosition | undefined;
}

/** Eight bytes at a time: holes are large. What is left over at the end need not be looked at. */
function isHole(chunk: Uint8Array<ArrayBuffer>): boolean {
  if (chunk[0] !== 0 || chunk.at(-1) !== 0) return false;
  const words = new BigUint64Array(chunk.buffer, 0, Math.floor(chunk.length / 8));
  for (let index = 0; index < words.length; index++) if (words[index] !== 0n) return false;
  return true;
}

async function stateOf(path: string): Promise<FileState | undefined> {
  try {
    return await inspect(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
