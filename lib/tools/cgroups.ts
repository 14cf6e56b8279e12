/** Tools about control groups: containers and services. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { sleep } from "../clock.ts";
import { parseCgroupMembership } from "../host/cgroup.ts";
import { type CgroupTree, type CgroupUsage, openCgroups } from "../host/cgroup_tree.ts";
import { bytesText, percentText } from "../host/figure_text.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { processId, wholeNumber } from "./arguments.ts";
import { given } from "./kernel_reads.ts";
import { columns, table } from "./table.ts";
import { defineTool, type ToolContext } from "./tool.ts";

/** More groups than these are not compared. */
const MAX_CHILDREN = 200;

/** How many of them are shown. */
const SHOWN_CHILDREN = 20;

/** What a group uses of what it may use. */
export const CGROUP_USAGE = defineTool({
  name: "cgroup_usage",
  family: "kernel",
  description:
    "Memory, processor, tasks and I/O of a control group (container, service) against its limits, and of " +
    "the groups in it: throttling, OOM kills",
  args: {
    path: about(
      z._default(
        z.string().check(
          z.maxLength(1024),
          z.refine(
            (path) => !path.split("/").some((part) => part === "." || part === "..") && !path.includes("\0"),
            'must be a path such as "/system.slice"',
          ),
        ),
        "/",
      ),
      "The group's path in the hierarchy.",
    ),
    pid: about(z.optional(processId()), "In place of a path: the group that this process is in."),
    delay_ms: about(wholeNumber(500, 100, 5000), "Over how many milliseconds it measures processor use."),
  },
  needs: [{ kernel: "/sys/fs/cgroup" }],
  reach: "host",
  async run({ path: asked, pid, delay_ms }, context) {
    const { host } = context;
    const tree = await openCgroups(host);
    const path = pid === undefined ? `/${asked.replace(/^\/+|\/+$/g, "")}` : await groupOf(host, tree, pid);
    const usage = await tree.usage(path);
    if (usage === undefined) {
      throw new Error(`cannot look at the control group ${path}: there is none of this path`);
    }
    const names = await tree.children(path);
    const below = names.slice(0, MAX_CHILDREN).map((name) => path === "/" ? `/${name}` : `${path}/${name}`);
    const cpuPct = await cpuShares(context, tree, [path, ...below], delay_ms);
    const found = await Promise.all(below.map(async (child) => {
      // What is no group after all does not let itself be listed.
      const own = await tree.usage(child).catch(() => undefined);
      return own === undefined ? [] : [figuresOf(child, own, cpuPct.get(child))];
    }));
    const children = found.flat().sort((a, b) =>
      (b.memory_bytes ?? 0) - (a.memory_bytes ?? 0) || (b.cpu_pct ?? 0) - (a.cpu_pct ?? 0)
    );
    const group = figuresOf(path, usage, cpuPct.get(path));
    const shown = children.slice(0, SHOWN_CHILDREN);
    const cut = names.length > below.length || children.length > shown.length
      ? `\n(${shown.length} of ${Math.max(children.length, names.length)} groups shown)`
      : "";
    return {
      text:
        `control groups version ${tree.version}; processor use over ${delay_ms} ms, 100 % is one processor\n` +
        table(TITLES, [group, ...shown].map(rowOf)) + cut,
      data: { version: tree.version, group, children: shown, children_total: children.length },
    };
  },
});

const TITLES = columns(
  "group",
  ">memory",
  ">limit",
  ">share",
  ">oom kills",
  ">cpu",
  ">quota",
  ">throttled",
  ">tasks",
);

function rowOf(one: ReturnType<typeof figuresOf>): string[] {
  return [
    one.path,
    one.memory_bytes === undefined ? "" : bytesText(one.memory_bytes),
    one.memory_limit_bytes === undefined ? "" : bytesText(one.memory_limit_bytes),
    one.memory_pct === undefined ? "" : percentText(one.memory_pct),
    one.oom_kills === undefined ? "" : String(one.oom_kills),
    one.cpu_pct === undefined ? "" : percentText(one.cpu_pct),
    one.cpu_quota_processors === undefined ? "" : one.cpu_quota_processors.toFixed(2),
    one.throttled_periods === undefined ? "" : String(one.throttled_periods),
    one.tasks === undefined ? "" : String(one.tasks),
  ];
}

/** A limit that is none is left out. */
function figuresOf(path: string, usage: CgroupUsage, cpuPct: number | undefined) {
  const limit = usage.memoryLimitBytes === "max" ? undefined : usage.memoryLimitBytes;
  const quota = usage.cpuQuota?.processors;
  return {
    path,
    ...given({
      memory_bytes: usage.memoryBytes,
      memory_limit_bytes: limit,
      memory_pct: limit !== undefined && limit > 0 && usage.memoryBytes !== undefined
        ? 100 * usage.memoryBytes / limit
        : undefined,
      anonymous_bytes: usage.anonymousBytes,
      file_bytes: usage.fileBytes,
      swap_bytes: usage.swapBytes,
      oom_kills: usage.oomKills,
      memory_limit_hits: usage.limitHits,
      cpu_pct: cpuPct,
      cpu_sec: usage.cpuUsec === undefined ? undefined : usage.cpuUsec / 1e6,
      cpu_quota_processors: quota === "max" ? undefined : quota,
      throttled_periods: usage.throttledPeriods,
      throttled_sec: usage.throttledUsec === undefined ? undefined : usage.throttledUsec / 1e6,
      tasks: usage.tasks,
      tasks_limit: usage.tasksLimit === "max" ? undefined : usage.tasksLimit,
      read_bytes: usage.io?.readBytes,
      written_bytes: usage.io?.writtenBytes,
    }),
  };
}

async function groupOf(host: HostFacts, tree: CgroupTree, pid: number): Promise<string> {
  const text = await host.text(`/proc/${pid}/cgroup`).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`cannot look at process ${pid}: there is none of this id (any more)`, { cause: error });
  });
  const memberships = parseCgroupMembership(text);
  const group = memberships.find(({ controllers }) =>
    tree.version === 2 ? controllers.length === 0 : controllers.includes("memory")
  );
  return group?.path ?? "/";
}

/** In percent of one processor. */
async function cpuShares(
  { clock, signal }: ToolContext,
  tree: CgroupTree,
  paths: readonly string[],
  delayMs: number,
): Promise<ReadonlyMap<string, number>> {
  const read = async () =>
    new Map(
      await Promise.all(
        paths.map(async (path) => [path, await tree.cpuUsec(path).catch(() => undefined)] as const),
      ),
    );
  const earlier = await read();
  const startMs = clock.monotonicMs();
  await sleep(clock, delayMs, signal);
  const later = await read();
  const elapsedMs = Math.max(1, clock.monotonicMs() - startMs);
  return new Map(paths.flatMap((path) => {
    const before = earlier.get(path);
    const after = later.get(path);
    if (before === undefined || after === undefined || after < before) return [];
    return [[path, 100 * (after - before) / 1000 / elapsedMs] as const];
  }));
}
