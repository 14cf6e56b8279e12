/** Processes that have ended and that nobody has asked about. */
import { type Clock, sleep } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { ProcessStat } from "../host/process/process_stat.ts";
import { readProcessStats } from "../host/process/process_table.ts";
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { rateFigure, thresholdOptions } from "./rating.ts";

const TARGET = "processes";

/** Every process is a zombie for a moment when it ends; the first gather looks twice, this far apart. */
const SHORT_INTERVAL_MS = 500;

/** How many parents are named. */
const MAX_PARENTS = 3;

/** Zombies that were there at the gather before, too. */
export const ZOMBIE_CHECK = defineCheck({
  plugin: "zombie",
  summary: "processes that have ended and that their parents leave lying about",
  dimensions: [{
    dimension: "count",
    target: TARGET,
    figure: "zombie processes that stay",
    source: "`/proc/<pid>/stat`",
    defaults: "warning ≥ 1, critical ≥ 20",
  }],
  options: () => thresholdOptions({ warn: 1, critical: 20, unit: "processes" }),
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ kernel: "/proc" }],
  make(settings, { host, clock }): Check[] {
    let seen: ReadonlySet<string> | undefined;
    return [{
      plugin: "zombie",
      target: TARGET,
      async gather(signal) {
        seen ??= await firstLook(host, clock, signal);
        const before = seen;
        const all = await readProcessStats(host, signal);
        const zombies = all.filter(isZombie);
        seen = new Set(zombies.map(identity));
        const staying = zombies.filter((zombie) => before.has(identity(zombie)));
        const parents = parentsText(staying, all);
        const finding = rateFigure({
          check: "zombie::count",
          target: TARGET,
          subject: "zombie processes:",
          value: staying.length,
          show: String,
          detail: staying.length === 0 ? `among ${all.length} processes` : parents,
        }, settings);
        return [
          staying.length === 0 ? finding : { ...finding, description: `${finding.description}, ${parents}` },
        ];
      },
    }];
  },
});

async function firstLook(host: HostFacts, clock: Clock, signal: AbortSignal): Promise<Set<string>> {
  const zombies = (await readProcessStats(host, signal)).filter(isZombie);
  // Without one there is nothing that a second look could tell apart.
  if (zombies.length > 0) await sleep(clock, SHORT_INTERVAL_MS, signal);
  return new Set(zombies.map(identity));
}

function isZombie({ state }: ProcessStat): boolean {
  return state === "Z";
}

/** A pid alone may have been given to another process meanwhile. */
function identity({ pid, startTicks }: ProcessStat): string {
  return `${pid} ${startTicks}`;
}

/** `3 of cron (pid 812), 1 of sh (pid 90)`. */
function parentsText(zombies: readonly ProcessStat[], all: readonly ProcessStat[]): string {
  const counts = new Map<number, number>();
  for (const { ppid } of zombies) counts.set(ppid, (counts.get(ppid) ?? 0) + 1);
  const nameOf = (pid: number) => all.find((process) => process.pid === pid)?.name ?? "?";
  const named = [...counts].sort(([, a], [, b]) => b - a);
  const texts = named.slice(0, MAX_PARENTS).map(([pid, count]) => `${count} of ${nameOf(pid)} (pid ${pid})`);
  if (named.length > MAX_PARENTS) texts.push(`others of ${named.length - MAX_PARENTS} more`);
  return texts.join(", ");
}
