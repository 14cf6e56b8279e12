/** One host's looks for zombies. */
import { type Clock, sleep } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { ProcessStat } from "../host/process/process_stat.ts";
import { readProcessStats } from "../host/process/process_table.ts";
import type { Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import { rateFigure, type Thresholds } from "./rating.ts";
import { TARGET } from "./zombie.ts";

/** Every process is a zombie for a moment when it ends; the first gather looks twice, this far apart. */
const SHORT_INTERVAL_MS = 500;

/** How many parents are named. */
const MAX_PARENTS = 3;

/** Zombies that were there at the look before, too. */
export class ZombieLook {
  readonly #thresholds: Thresholds;
  readonly #host: HostFacts;
  readonly #clock: Clock;
  #seen: ReadonlySet<string> | undefined;

  constructor(thresholds: Thresholds, { host, clock }: CheckSeams) {
    this.#thresholds = thresholds;
    this.#host = host;
    this.#clock = clock;
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    const before = this.#seen ??= await firstLook(this.#host, this.#clock, signal);
    const all = await readProcessStats(this.#host, signal);
    const zombies = all.filter(isZombie);
    this.#seen = new Set(zombies.map(identity));
    const staying = zombies.filter((zombie) => before.has(identity(zombie)));
    const parents = parentsText(staying, all);
    const finding = rateFigure({
      check: "zombie::count",
      target: TARGET,
      subject: "zombie processes:",
      value: staying.length,
      show: String,
      detail: staying.length === 0 ? `among ${all.length} processes` : parents,
    }, this.#thresholds);
    return [
      staying.length === 0 ? finding : { ...finding, description: `${finding.description}, ${parents}` },
    ];
  }
}

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
