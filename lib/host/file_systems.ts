/** How full file systems are, asked of the runtime. */
import { statfs } from "node:fs/promises";
import type { Clock } from "../clock.ts";
import { FactUnavailableError, type FileSystemFacts } from "./host_facts.ts";
import { SingleFlight } from "./single_flight.ts";

/** What `statfs` answers, in blocks and inodes. `frsize`, where there is one, is the unit of the block counts. */
export interface RawFileSystem {
  readonly bsize: number;
  readonly frsize?: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/** The call behind {@linkcode FileSystems}: may hang for ever, and throw what the runtime throws. */
export type StatFileSystem = (path: string) => Promise<RawFileSystem>;

/** The runtime's own, which waits in a thread of its own: a hung mount holds up neither the loop nor the exit. */
export const statFileSystem: StatFileSystem = (path) => statfs(path);

/** Options of {@linkcode FileSystems}. */
export interface FileSystemsOptions {
  clock: Clock;
  /** How long a file system may take to answer. */
  deadlineMs: number;
  /** By mount point, a file on it to ask in its place where the sandbox does not let it be read. */
  probeFiles: Readonly<Record<string, string>>;
  statfs: StatFileSystem;
}

/** Asks file systems, each at most once at a time. */
export class FileSystems {
  readonly #flights: SingleFlight<FileSystemFacts>;
  readonly #probeFiles: Readonly<Record<string, string>>;
  readonly #statfs: StatFileSystem;

  constructor({ clock, deadlineMs, probeFiles, statfs }: FileSystemsOptions) {
    this.#flights = new SingleFlight({ clock, deadlineMs });
    this.#probeFiles = probeFiles;
    this.#statfs = statfs;
  }

  /**
   * The file system that `path` lies on.
   * @throws FactUnavailableError where the sandbox refuses, a `TimeoutError` at the deadline, Error else.
   */
  async ask(path: string): Promise<FileSystemFacts> {
    return await this.#flights.ask({
      key: path,
      call: () => this.#call(path),
      failure: `cannot ask the file system of ${path}`,
      hint: "the mount may hang",
    });
  }

  async #call(path: string): Promise<FileSystemFacts> {
    try {
      return inBytes(await this.#statfs(path));
    } catch (error) {
      const probeFile = this.#probeFiles[path];
      if (!(error instanceof Deno.errors.NotCapable)) throw unreadable(path, error);
      if (probeFile === undefined) throw refused(path, path, error);
      try {
        return inBytes(await this.#statfs(probeFile));
      } catch (probeError) {
        if (probeError instanceof Deno.errors.NotCapable) throw refused(path, probeFile, probeError);
        // The probe file merely is not there: what would help is the grant for the mount point.
        throw refused(path, path, error);
      }
    }
  }
}

function refused(path: string, readable: string, cause: unknown): FactUnavailableError {
  const message = `cannot ask the file system of ${path}: not permitted; ` +
    `allow it with --allow-sys=statfs --allow-read=${readable}`;
  return new FactUnavailableError(message, { cause });
}

function unreadable(path: string, cause: unknown): Error {
  return new Error(
    `cannot ask the file system of ${path}: ${cause instanceof Error ? cause.message : cause}`,
    { cause },
  );
}

function inBytes(raw: RawFileSystem): FileSystemFacts {
  const blockBytes = raw.frsize || raw.bsize;
  return {
    totalBytes: raw.blocks * blockBytes,
    freeBytes: raw.bfree * blockBytes,
    availableBytes: raw.bavail * blockBytes,
    inodes: raw.files,
    inodesFree: raw.ffree,
  };
}
