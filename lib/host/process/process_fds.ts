/** `/proc/<pid>/fd`: a process's open files. */
import type { HostFacts } from "../host_facts.ts";
import { vanished } from "./vanished.ts";

/** One open file. */
export interface OpenFile {
  readonly fd: number;
  /** A path, or `socket:[1234]`, `pipe:[1234]`, `anon_inode:[eventpoll]`. */
  readonly target: string;
}

/**
 * How many files a process has open.
 * @returns undefined where it has ended.
 * @throws FactUnavailableError for a process of another user, unless this one may look.
 */
export async function countOpenFiles(host: HostFacts, pid: number): Promise<number | undefined> {
  return await vanished(async () => (await host.list(`/proc/${pid}/fd`)).length);
}

/**
 * What a process has open, by number, `maxFiles` at most.
 * @returns undefined where it has ended.
 * @throws FactUnavailableError for a process of another user, unless this one may look.
 */
export async function listOpenFiles(
  host: HostFacts,
  pid: number,
  maxFiles: number = Infinity,
): Promise<{ files: OpenFile[]; total: number } | undefined> {
  return await vanished(async () => {
    const folder = `/proc/${pid}/fd`;
    const fds = (await host.list(folder)).map(Number).filter(Number.isSafeInteger).sort((a, b) => a - b);
    const files: OpenFile[] = [];
    for (const fd of fds.slice(0, maxFiles)) {
      const target = await vanished(() => host.link(`${folder}/${fd}`));
      if (target !== undefined) files.push({ fd, target }); // closed in between otherwise
    }
    return { files, total: fds.length };
  });
}
