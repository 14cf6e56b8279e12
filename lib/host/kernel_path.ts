/** The usual names of the kernel's files, and which of them may be read as text. */

/** Where one of the kernel's files lies: below `/proc` or below `/sys`, under a relative name. */
export interface KernelPath {
  readonly tree: "proc" | "sys";
  /** Without a leading `/`; empty for the tree itself. */
  readonly name: string;
}

/** A part that is empty, `.` or `..`. */
const UNPLAIN = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * Takes a usual path apart.
 * @throws RangeError for a path that lies in neither tree, or that is not in its plain form.
 */
export function kernelPath(path: string): KernelPath {
  const [, tree, name = ""] = /^\/(proc|sys)(?:\/(.*))?$/s.exec(path) ?? [];
  if (tree !== "proc" && tree !== "sys") {
    throw new RangeError(`cannot read ${path}: it lies neither in /proc nor in /sys`);
  }
  if (name !== "" && (UNPLAIN.test(name) || name.includes("\0"))) {
    throw new RangeError(`cannot read ${path}: not a plain path; leave out "..", "." and empty parts`);
  }
  return { tree, name };
}

/**
 * Below a process lie doors to the rest of the host: its root, its working folder, its program and its open files.
 * Reading through them would be reading any file.
 */
const DOOR = /^(?:\d+|self|thread-self)\/(?:task\/\d+\/)?(?:(?:root|cwd|exe)(?:\/|$)|(?:fd|map_files)\/.)/;

/** @throws RangeError as {@linkcode kernelPath} does, and for a path that leads out: its link may be read, no more. */
export function insidePath(path: string): KernelPath {
  const place = kernelPath(path);
  const leadsOut = place.tree === "proc" &&
    (DOOR.test(place.name) || /^(?:kcore|kpage\w+)$/.test(place.name));
  if (leadsOut) throw new RangeError(`cannot read ${path}: it leads out of the kernel's files`);
  return place;
}

/** Small files of a process that the kernel answers at once, without waiting for the process's memory. */
const PROMPT =
  /^\/proc\/\d+\/(?:task\/\d+\/)?(?:stat|status|statm|comm|limits|schedstat|oom_score|oom_score_adj|cgroup)$/;

/**
 * The name of such a file of a process or thread, undefined for any other path. It is plain, no door and no link, and
 * {@linkcode answersAtOnce} holds for it.
 */
export function promptNameOf(path: string): string | undefined {
  return PROMPT.test(path) ? path.slice("/proc/".length) : undefined;
}

/** Figures of the whole host that the kernel keeps ready: no table to walk, no device to ask. */
const READY =
  /^(?:stat|meminfo|loadavg|uptime|vmstat|diskstats|pressure\/\w+|net\/(?:dev|netstat|snmp6?|sockstat6?|softnet_stat|stat\/\w+)|sys\/fs\/file-nr|sys\/net\/netfilter\/nf_conntrack_(?:count|max)|sys\/net\/ipv[46]\/neigh\/default\/gc_thresh[123])$/;

/** Whether it can be read without leaving the loop, which is several times cheaper. */
export function answersAtOnce({ tree, name }: KernelPath): boolean {
  return tree === "proc" && (READY.test(name) || PROMPT.test(`/proc/${name}`));
}

/** Whether it belongs to one process or thread, and so may vanish at any time. */
export function ofProcess({ tree, name }: KernelPath): boolean {
  return tree === "proc" && /^\d+\//.test(name);
}
