/** The tree of control groups below `/sys/fs/cgroup`, of whichever version it is. */
import {
  type CgroupIo,
  type CpuQuota,
  parseCfsQuota,
  parseCgroupLimit,
  parseCpuMax,
  parseIoServiceBytes,
  parseIoStat,
} from "./cgroup.ts";
import { parseCounters } from "./counters.ts";
import { FactUnavailableError, type HostFacts } from "./host_facts.ts";
import { countOf } from "./kernel_text.ts";

const ROOT = "/sys/fs/cgroup";

/** What one group uses and may use; what its controllers do not count is left out. */
export interface CgroupUsage {
  readonly memoryBytes?: number;
  readonly memoryLimitBytes?: number | "max";
  readonly swapBytes?: number;
  readonly anonymousBytes?: number;
  readonly fileBytes?: number;
  /** Times that the group was at its limit and something had to be killed. */
  readonly oomKills?: number;
  /** Times that the group was at its limit. */
  readonly limitHits?: number;
  /** Since the group was made, in microseconds. */
  readonly cpuUsec?: number;
  readonly cpuQuota?: CpuQuota;
  readonly throttledPeriods?: number;
  readonly throttledUsec?: number;
  readonly tasks?: number;
  readonly tasksLimit?: number | "max";
  readonly io?: CgroupIo;
}

/** Reads groups by their path in the hierarchy, `/` being the root. */
export interface CgroupTree {
  readonly version: 1 | 2;
  /** Undefined where there is no such group. */
  usage(path: string): Promise<CgroupUsage | undefined>;
  /** The processor time alone, in microseconds. */
  cpuUsec(path: string): Promise<number | undefined>;
  /** The names in the group that may be those of groups below it. */
  children(path: string): Promise<string[]>;
}

/** Finds out which version there is. @throws FactUnavailableError where there are no groups to be seen. */
export async function openCgroups(host: HostFacts): Promise<CgroupTree> {
  const reader = new Reader(host);
  if (await reader.text(`${ROOT}/cgroup.controllers`) !== undefined) return new Version2(reader, ROOT);
  const memory = await reader.firstOf([`${ROOT}/memory`]);
  if (memory !== undefined) return new Version1(reader);
  if (await reader.text(`${ROOT}/unified/cgroup.controllers`) !== undefined) {
    return new Version2(reader, `${ROOT}/unified`);
  }
  throw new FactUnavailableError(`cannot see control groups: nothing is mounted at ${ROOT}`);
}

class Reader {
  readonly #host: HostFacts;

  constructor(host: HostFacts) {
    this.#host = host;
  }

  async text(path: string): Promise<string | undefined> {
    try {
      return await this.#host.text(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  async names(path: string): Promise<string[] | undefined> {
    try {
      return await this.#host.list(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** The first of the folders that is there. */
  async firstOf(folders: readonly string[]): Promise<string | undefined> {
    for (const folder of folders) if (await this.names(folder) !== undefined) return folder;
    return undefined;
  }

  async count(path: string): Promise<number | undefined> {
    return countOf((await this.text(path))?.trim());
  }

  async limit(path: string): Promise<number | "max" | undefined> {
    const text = await this.text(path);
    return text === undefined ? undefined : parseCgroupLimit(text);
  }

  async counters(path: string): Promise<Map<string, number>> {
    return parseCounters(await this.text(path) ?? "");
  }
}

class Version2 implements CgroupTree {
  readonly version = 2;
  readonly #read: Reader;
  readonly #root: string;

  constructor(read: Reader, root: string) {
    this.#read = read;
    this.#root = root;
  }

  async usage(path: string): Promise<CgroupUsage | undefined> {
    const folder = join(this.#root, path);
    const read = this.#read;
    if (await read.text(`${folder}/cgroup.procs`).catch(() => "") === undefined) return undefined;
    const memory = await read.counters(`${folder}/memory.stat`);
    const events = await read.counters(`${folder}/memory.events`);
    const cpu = await read.counters(`${folder}/cpu.stat`);
    const cpuMax = await read.text(`${folder}/cpu.max`);
    const io = await read.text(`${folder}/io.stat`);
    return present({
      memoryBytes: await read.count(`${folder}/memory.current`),
      memoryLimitBytes: await read.limit(`${folder}/memory.max`),
      swapBytes: await read.count(`${folder}/memory.swap.current`),
      anonymousBytes: memory.get("anon"),
      fileBytes: memory.get("file"),
      oomKills: events.get("oom_kill"),
      limitHits: events.get("max"),
      cpuUsec: cpu.get("usage_usec"),
      cpuQuota: cpuMax === undefined ? undefined : parseCpuMax(cpuMax),
      throttledPeriods: cpu.get("nr_throttled"),
      throttledUsec: cpu.get("throttled_usec"),
      tasks: await read.count(`${folder}/pids.current`),
      tasksLimit: await read.limit(`${folder}/pids.max`),
      io: io === undefined ? undefined : parseIoStat(io),
    });
  }

  async cpuUsec(path: string): Promise<number | undefined> {
    return (await this.#read.counters(`${join(this.#root, path)}/cpu.stat`)).get("usage_usec");
  }

  async children(path: string): Promise<string[]> {
    return groupNames(await this.#read.names(join(this.#root, path)) ?? []);
  }
}

class Version1 implements CgroupTree {
  readonly version = 1;
  readonly #read: Reader;

  constructor(read: Reader) {
    this.#read = read;
  }

  async usage(path: string): Promise<CgroupUsage | undefined> {
    const read = this.#read;
    const folder = async (...controllers: string[]) =>
      await read.firstOf(controllers.map((controller) => join(`${ROOT}/${controller}`, path)));
    const memory = await folder("memory");
    const cpu = await folder("cpu", "cpu,cpuacct");
    const pids = await folder("pids");
    const blkio = await folder("blkio");
    if (memory === undefined && cpu === undefined && pids === undefined) return undefined;
    const stat = await read.counters(`${memory}/memory.stat`);
    const oom = await read.counters(`${memory}/memory.oom_control`);
    const throttling = await read.counters(`${cpu}/cpu.stat`);
    const quota = await read.text(`${cpu}/cpu.cfs_quota_us`);
    const period = await read.text(`${cpu}/cpu.cfs_period_us`);
    const io = await read.text(`${blkio}/blkio.throttle.io_service_bytes`);
    const throttledNsec = throttling.get("throttled_time");
    return present({
      memoryBytes: await read.count(`${memory}/memory.usage_in_bytes`),
      memoryLimitBytes: await read.limit(`${memory}/memory.limit_in_bytes`),
      swapBytes: stat.get("total_swap"),
      anonymousBytes: stat.get("total_rss"),
      fileBytes: stat.get("total_cache"),
      oomKills: oom.get("oom_kill"),
      limitHits: await read.count(`${memory}/memory.failcnt`),
      cpuUsec: await this.cpuUsec(path),
      cpuQuota: quota === undefined || period === undefined ? undefined : parseCfsQuota(quota, period),
      throttledPeriods: throttling.get("nr_throttled"),
      throttledUsec: throttledNsec === undefined ? undefined : throttledNsec / 1000,
      tasks: await read.count(`${pids}/pids.current`),
      tasksLimit: await read.limit(`${pids}/pids.max`),
      io: io === undefined ? undefined : parseIoServiceBytes(io),
    });
  }

  async cpuUsec(path: string): Promise<number | undefined> {
    for (const controller of ["cpuacct", "cpu,cpuacct"]) {
      const nsec = await this.#read.count(`${join(`${ROOT}/${controller}`, path)}/cpuacct.usage`);
      if (nsec !== undefined) return nsec / 1000;
    }
    return undefined;
  }

  async children(path: string): Promise<string[]> {
    return groupNames(await this.#read.names(join(`${ROOT}/memory`, path)) ?? []);
  }
}

/** A group's own files have a controller's name before their first dot, but for a few of version 1. */
const OWN_FILE =
  /^(?:(?:cgroup|cpu|cpuacct|cpuset|memory|io|pids|hugetlb|rdma|misc|dmem|irq|blkio|devices|freezer|net_cls|net_prio|perf_event)\.|(?:tasks|notify_on_release|release_agent)$)/;

function groupNames(names: readonly string[]): string[] {
  return names.filter((name) => !OWN_FILE.test(name));
}

function join(root: string, path: string): string {
  const inner = path.split("/").filter((part) => part !== "").join("/");
  return inner === "" ? root : `${root}/${inner}`;
}

function present(usage: { [Key in keyof CgroupUsage]-?: CgroupUsage[Key] | undefined }): CgroupUsage {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== undefined));
}
