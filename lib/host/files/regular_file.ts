/** Opening files that others may exchange at any moment: regular ones only, and the very one that was asked for. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { FactUnavailableError } from "../host_facts.ts";

/** What tells one file from another, and one state of it from the next. */
export interface FileState {
  readonly device: number;
  readonly inode: number;
  readonly sizeBytes: number;
  /** When its content changed. */
  readonly modifiedMs: number;
  /** When anything of it changed, in whole seconds; nobody can set this back. */
  readonly changedMs: number;
  /** When it was made; missing where the file system does not tell. */
  readonly bornMs?: number;
}

/** An open file. Reads may be under way side by side. */
export interface RegularFile extends AsyncDisposable {
  /** As it was when it was opened. */
  readonly state: FileState;
  /** Fills `buffer` from `position` on, as far as there is something. Returns how many bytes that is. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** As it is now. */
  now(): Promise<FileState>;
}

/**
 * Opens `path`, which must be resolved already: a link at its end is refused. Neither waits for a FIFO's other end nor
 * touches a device.
 * @throws TypeError for what is no regular file, Error when it was exchanged meanwhile, FactUnavailableError for lack
 *   of permission, `Deno.errors.NotFound`.
 */
export async function openRegular(path: string): Promise<RegularFile> {
  const before = await inspect(path);
  // Whatever stands there by now: O_NONBLOCK does not wait, O_NOFOLLOW does not go elsewhere.
  const handle = await named(
    path,
    () => open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW),
  );
  try {
    const stat = await handle.stat();
    const state = stateOf(stat);
    if (!stat.isFile() || state.inode !== before.inode || state.device !== before.device) {
      throw new Error(`cannot read ${path}: it was exchanged while it was opened; try again`);
    }
    return regularFile(handle, state);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The state of a regular file, without opening it; as {@linkcode openRegular} otherwise. */
export async function inspect(path: string): Promise<FileState> {
  const info = await named(path, () => Deno.lstat(path));
  if (!info.isFile) throw new TypeError(`cannot read ${path}: it is ${kindOf(info)}, not a regular file`);
  return {
    device: info.dev,
    inode: info.ino ?? 0,
    sizeBytes: info.size,
    modifiedMs: info.mtime?.getTime() ?? 0,
    changedMs: wholeSecond(info.ctime?.getTime() ?? info.mtime?.getTime() ?? 0),
    ...(info.birthtime != null && { bornMs: info.birthtime.getTime() }),
  };
}

/** Runs a call on a file; what the system or the sandbox refuses is told as what cannot be seen. */
export async function named<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (error instanceof Deno.errors.NotCapable || code === "ERR_ACCESS_DENIED") {
      throw new FactUnavailableError(
        `cannot read ${path}: the sandbox does not let it be read; grant --allow-read=${path}`,
        { cause: error },
      );
    }
    if (error instanceof Deno.errors.PermissionDenied || code === "EACCES" || code === "EPERM") {
      throw new FactUnavailableError(`cannot read ${path}: permission denied; let the agent's user read it`, {
        cause: error,
      });
    }
    if (error instanceof Deno.errors.NotFound || code === "ENOENT" || code === "ENOTDIR") {
      throw new Deno.errors.NotFound(`cannot read ${path}: there is no such file`, { cause: error });
    }
    if (code === "ELOOP" || error instanceof Deno.errors.FilesystemLoop) {
      throw new Error(`cannot read ${path}: it became a link, or its links go in a circle`, { cause: error });
    }
    throw new Error(`cannot read ${path}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

function regularFile(handle: FileHandle, state: FileState): RegularFile {
  return {
    state,
    async read(buffer, position) {
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    now: async () => stateOf(await handle.stat()),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

function stateOf(stat: Awaited<ReturnType<FileHandle["stat"]>>): FileState {
  return {
    device: Number(stat.dev),
    inode: Number(stat.ino),
    sizeBytes: Number(stat.size),
    modifiedMs: Math.trunc(Number(stat.mtimeMs)),
    changedMs: wholeSecond(Number(stat.ctimeMs)),
    ...(Number(stat.birthtimeMs) > 0 && { bornMs: Math.trunc(Number(stat.birthtimeMs)) }),
  };
}

/** The runtime tells no more of it by one of its two calls, and may by the other. */
function wholeSecond(timeMs: number): number {
  return timeMs - timeMs % 1000;
}

function kindOf(info: Deno.FileInfo): string {
  if (info.isDirectory) return "a folder";
  if (info.isSymlink) return "a link";
  if (info.isFifo) return "a FIFO";
  if (info.isSocket) return "a socket";
  return info.isBlockDevice || info.isCharDevice ? "a device" : "something else";
}
