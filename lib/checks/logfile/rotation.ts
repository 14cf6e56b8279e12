/** Where the earlier parts of a log went. */
import { basename, dirname, extname, join } from "node:path";
import { type FileState, inspect } from "../../host/files/regular_file.ts";

/** One file on disk. */
export interface LogFile {
  readonly path: string;
  readonly state: FileState;
}

const COMPRESSED = /\.(?:gz|bz2|xz|zst|lz4|Z)$/;
/** A number, or a date and time. */
const MARK = /^[._-]\d[\d._T:Z+-]*$/;
const MAX_SIBLINGS = 200;

/** Whether the name is that of a compressed file, which is no log that one reads. */
export function isCompressed(path: string): boolean {
  return COMPRESSED.test(path);
}

/** Whether `path` is named as an earlier part of the log `logPath`: `app.log.1`, `app.log-20240131`, `app-2024-01-31.log`. */
export function isEarlierPart(path: string, logPath: string): boolean {
  if (dirname(path) !== dirname(logPath)) return false;
  const [name, log] = [basename(path), basename(logPath)];
  if (name.startsWith(log)) return MARK.test(name.slice(log.length));
  const extension = extname(log);
  const stem = log.slice(0, log.length - extension.length);
  return extension !== "" && name.startsWith(stem) && name.endsWith(extension) &&
    MARK.test(name.slice(stem.length, name.length - extension.length));
}

/** The earlier parts of a log that can be read, in the order in which they were written last. */
export async function earlierParts(logPath: string): Promise<LogFile[]> {
  const found: LogFile[] = [];
  for (const path of await namesOfParts(logPath)) {
    try {
      found.push({ path, state: await inspect(path) });
    } catch {
      // no regular file, gone, or not ours
    }
  }
  return found.sort(byAge);
}

async function namesOfParts(logPath: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dirname(logPath))) {
      const path = join(dirname(logPath), name);
      if (isEarlierPart(path, logPath)) paths.push(path);
      if (paths.length >= MAX_SIBLINGS) break;
    }
    return paths;
  } catch {
    return [`${logPath}.1`]; // a folder that may not be listed: the name that rotation gives first
  }
}

/** The oldest first. What names say is surer than times, which programs set. */
function byAge(a: LogFile, b: LogFile): number {
  const [one, other] = [numbers(a.path), numbers(b.path)];
  if (one.length === other.length && one !== other) {
    // A count goes up with age, a date goes down.
    const isCount = one.length <= 3;
    return (one < other) === isCount ? 1 : -1;
  }
  if (one.length <= 3 && other.length <= 3) return other.length - one.length;
  return a.state.modifiedMs - b.state.modifiedMs;
}

function numbers(path: string): string {
  return (/[._-](\d[\d._T:Z+-]*)(?:\.[^.]*)?$/.exec(basename(path))?.[1] ?? "").replace(/\D/g, "");
}
