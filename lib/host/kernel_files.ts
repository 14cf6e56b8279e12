/** The kernel's files below a pair of roots. */
import type { Clock } from "../clock.ts";
import { FactUnavailableError, type KernelTextOptions } from "./host_facts.ts";
import {
  answersAtOnce,
  insidePath,
  type KernelPath,
  kernelPath,
  ofProcess,
  promptNameOf,
} from "./kernel_path.ts";
import { readCapped, readPrompt, readWhole } from "./read_capped.ts";
import { SingleFlight } from "./single_flight.ts";

/** What would let a process see the kernel's files that may not. */
export const PROCFS_HINT =
  "set [host] procfs to a bind mount of /proc that the process may read, e.g. -v /proc:/host/proc:ro " +
  "or BindReadOnlyPaths=/proc:/host/proc";

const SYSFS_HINT =
  "set [host] sysfs to a bind mount of /sys that the process may read, e.g. -v /sys:/host/sys:ro " +
  "or BindReadOnlyPaths=/sys:/host/sys";

/** Options of {@linkcode KernelFiles}. */
export interface KernelFilesOptions {
  /** Where `/proc` is, absolute. */
  procfs: string;
  /** Where `/sys` is, absolute. */
  sysfs: string;
  clock: Clock;
  /** How long a file may take. */
  deadlineMs: number;
}

/** Reads them, each path at most once at a time. The roots are never left. */
export class KernelFiles {
  readonly #roots: Readonly<Record<KernelPath["tree"], string>>;
  readonly #texts: SingleFlight<string>;
  readonly #lists: SingleFlight<string[]>;
  readonly #links: SingleFlight<string>;
  /** The trees of which something was read: a mount does not go away under a process. */
  readonly #seen = new Set<KernelPath["tree"]>();
  readonly #mounted: SingleFlight<boolean>;

  constructor({ procfs, sysfs, clock, deadlineMs }: KernelFilesOptions) {
    const trimmed = (root: string) => root.replace(/(?<=.)\/+$/, "");
    this.#roots = { proc: trimmed(procfs), sys: trimmed(sysfs) };
    this.#texts = new SingleFlight({ clock, deadlineMs });
    this.#lists = new SingleFlight({ clock, deadlineMs });
    this.#links = new SingleFlight({ clock, deadlineMs });
    this.#mounted = new SingleFlight({ clock, deadlineMs });
  }

  /** As {@linkcode HostFacts.text}. @throws RangeError for a path that is not the kernel's or leads out of it. */
  async text(path: string, { maxBytes = 4 * 1024 ** 2 }: KernelTextOptions = {}): Promise<string> {
    const name = promptNameOf(path);
    if (name !== undefined) return await this.#promptText(path, name, maxBytes);
    const place = insidePath(path);
    if (answersAtOnce(place)) {
      return await this.#ask(path, place, (file) => readPrompt(this.#insideNow(file, place), maxBytes));
    }
    return await this.#texts.ask({
      key: `${maxBytes} ${path}`,
      call: () =>
        this.#ask(path, place, async (file) => readCapped(await this.#inside(file, place), maxBytes)),
      ...waiting(path),
    });
  }

  /** What is read of every process several times a minute takes the shortest way: it has no other name, nor links. */
  #promptText(path: string, name: string, maxBytes: number): string | Promise<never> {
    try {
      const text = readWhole(join(this.#roots.proc, name), maxBytes);
      this.#seen.add("proc");
      return text;
    } catch (error) {
      return this.#explained(path, { tree: "proc", name }, error).then((explained) =>
        Promise.reject(explained)
      );
    }
  }

  /** As {@linkcode HostFacts.list}. */
  async list(path: string): Promise<string[]> {
    const place = insidePath(path);
    if (place.tree === "proc" && place.name === "") return await this.#ask(path, place, listNow);
    if (ofProcess(place) && OPEN_FILES.test(place.name)) {
      const few = await this.#ask(path, place, listFew);
      if (few !== undefined) return few;
    }
    const call = () =>
      this.#ask(path, place, async (folder) => {
        const names: string[] = [];
        for await (const { name } of Deno.readDir(await this.#inside(folder, place))) names.push(name);
        return names.sort();
      });
    return [...await this.#lists.ask({ key: path, call, ...waiting(path) })];
  }

  /** As {@linkcode HostFacts.link}. */
  async link(path: string): Promise<string> {
    const place = kernelPath(path);
    if (ofProcess(place)) return await this.#ask(path, place, (link) => Deno.readLinkSync(link));
    const call = () => this.#ask(path, place, (link) => Deno.readLink(link));
    return await this.#links.ask({ key: path, call, ...waiting(path) });
  }

  async #ask<T>(path: string, place: KernelPath, read: (file: string) => T | Promise<T>): Promise<T> {
    let failure: unknown;
    for (const name of this.#namesOf(place)) {
      try {
        const answer = await read(join(this.#roots[place.tree], name));
        this.#seen.add(place.tree);
        return answer;
      } catch (error) {
        failure = error;
        // Refused is not absent: another place would show another network.
        if (!(error instanceof Deno.errors.NotFound)) break;
      }
    }
    throw await this.#explained(path, place, failure);
  }

  /**
   * A mount of the host's `/proc` inside a container shows, as `/proc/net`, the container's own network: the host's is
   * that of its first process.
   */
  #namesOf({ tree, name }: KernelPath): string[] {
    const isHosts = tree === "proc" && this.#roots.proc !== "/proc" && /^net(?:\/|$)/.test(name);
    return isHosts ? [`1/${name}`, name] : [name];
  }

  /** Where the links on the way lead: a link out of the root, which no kernel makes, is not followed. */
  async #inside(file: string, place: KernelPath): Promise<string> {
    if (ofProcess(place)) return file; // its only links are the doors, which are shut
    const root = this.#roots[place.tree];
    const real = await Deno.realPath(file);
    return isBelow(root, real) ? real : confined(file, real, root, await Deno.realPath(root));
  }

  /** The same at once. */
  #insideNow(file: string, place: KernelPath): string {
    if (ofProcess(place)) return file;
    const root = this.#roots[place.tree];
    const real = Deno.realPathSync(file);
    return isBelow(root, real) ? real : confined(file, real, root, Deno.realPathSync(root));
  }

  async #explained(path: string, place: KernelPath, cause: unknown): Promise<unknown> {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const root = this.#roots[place.tree];
    if (cause instanceof Deno.errors.NotCapable) {
      return new FactUnavailableError(`cannot read ${path}: not permitted; ${unlocking(place, root)}`, {
        cause,
      });
    }
    if (cause instanceof Deno.errors.PermissionDenied || code === "EACCES" || code === "EPERM") {
      const message = `cannot read ${path}: the system does not let this user; run the agent as root, ` +
        "or give it CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH";
      return new FactUnavailableError(message, { cause });
    }
    // A process that ended in between, a figure that the kernel was told not to keep, or that a device has not just now.
    // For some reads the runtime knows the system's number alone: 3 is ESRCH.
    const isGone = code === undefined && cause instanceof Error && /\(os error 3\)/.test(cause.message);
    const vanished = isGone || code === "ESRCH" || code === "EOPNOTSUPP" || code === "ENOTSUP" ||
      code === "ENODEV" ||
      code === "ENODATA" ||
      (code === "EINVAL" && (place.tree === "sys" || ofProcess(place)));
    if (cause instanceof Deno.errors.NotFound || vanished) {
      if (!await this.#isMounted(place.tree)) {
        const message = `cannot read ${path}: there is no /${place.tree} mounted at ${root}; ` +
          (place.tree === "proc" ? PROCFS_HINT : SYSFS_HINT);
        return new FactUnavailableError(message, { cause });
      }
      return new Deno.errors.NotFound(`cannot read ${path}: the kernel has no such file`, { cause });
    }
    return new Error(`cannot read ${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }

  /**
   * An empty folder lacks every file: taking that for "nothing to watch" would be silence about a missing mount. Asked
   * once for all who wait for the answer.
   */
  async #isMounted(tree: KernelPath["tree"]): Promise<boolean> {
    if (this.#seen.has(tree)) return true;
    const root = this.#roots[tree];
    return await this.#mounted.ask({ key: tree, call: () => hasEntries(root), ...waiting(root) });
  }
}

/** One that must not be listed counts as full: it is there. */
async function hasEntries(folder: string): Promise<boolean> {
  try {
    for await (const _ of Deno.readDir(folder)) return true;
    return false;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

/** The folder of a process's open files, of which every process is asked, too. */
const OPEN_FILES = /^\d+\/fd$/;

/** More than this are not listed without leaving the loop. */
const FEW = 1000;

/** @returns undefined where there are many, or where the kernel (before 6.2) does not tell how many there are. */
function listFew(folder: string): string[] | undefined {
  const { size } = Deno.statSync(folder);
  if (size === 0 || size > FEW) return undefined;
  return listNow(folder);
}

/** All processes are one of these lists: leaving the loop for it, and coming back for each name, costs most of it. */
function listNow(folder: string): string[] {
  const names: string[] = [];
  for (const { name } of Deno.readDirSync(folder)) names.push(name);
  return names.sort();
}

/** @throws RangeError where a link leads out of the root, which may itself be a link. */
function confined(file: string, real: string, root: string, realRoot: string): string {
  if (isBelow(realRoot, real)) return real;
  throw new RangeError(`cannot read ${file}: it is a link that leads out of ${root}`);
}

function isBelow(root: string, real: string): boolean {
  return real === root || real.startsWith(root === "/" ? "/" : `${root}/`);
}

/** What lets a file be read that lies where the sandbox does not look. */
function unlocking({ tree, name }: KernelPath, root: string): string {
  if (root !== `/${tree}`) return `allow it with --allow-read=${root}`;
  if (tree === "sys") return SYSFS_HINT;
  // The one folder that the runtime opens to those who may not read everything.
  return /^pressure(?:\/|$)/.test(name) ? "allow it with --allow-read=/proc/pressure" : PROCFS_HINT;
}

function waiting(path: string) {
  return { failure: `cannot read ${path}`, hint: "the kernel does not answer" };
}

function join(root: string, name: string): string {
  return name === "" ? root : root === "/" ? `/${name}` : `${root}/${name}`;
}
