/** One host's looks at its accept queues. */
import { type Clock, sleep } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { type Listener, type ListenerFacts, readListeners } from "../host/net/listeners.ts";
import { parseNetstat } from "../host/net/netstat.ts";
import { findSocketOwners } from "../host/net/socket_owners.ts";
import type { Finding } from "./check.ts";
import { CounterWindow } from "./counter_window.ts";
import type { CheckSeams } from "./definition.ts";
import { rateFigure, type Thresholds } from "./rating.ts";
import { TARGET } from "./sockstat.ts";

/** How far apart the two readings of a first gather are. */
const FIRST_INTERVAL_MS = 1000;

/** How many listeners are named. */
const MAX_NAMED = 5;

/** What overflowed in the last minute, and where connections wait. */
export class ListenOverflowLook {
  readonly #thresholds: Thresholds;
  readonly #host: HostFacts;
  readonly #clock: Clock;
  #window: CounterWindow | undefined;

  constructor(thresholds: Thresholds, { host, clock }: CheckSeams) {
    this.#thresholds = thresholds;
    this.#host = host;
    this.#clock = clock;
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    let reading = await this.#read();
    if (reading === undefined) return [];
    if (this.#window === undefined) {
      const window = new CounterWindow();
      window.add(this.#clock.monotonicMs(), reading.overflows);
      await sleep(this.#clock, FIRST_INTERVAL_MS, signal);
      this.#window = window;
      reading = await this.#read();
      if (reading === undefined) return [];
    }
    const value = this.#window.add(this.#clock.monotonicMs(), reading.overflows);
    if (value === undefined) return [];
    const finding = rateFigure({
      check: "sockstat::listen_overflow",
      target: TARGET,
      subject: "accept queue overflows",
      value,
      show: (count) => `${Number(count.toFixed(1))} per minute`,
      detail: `since boot: ${reading.overflows} overflows, ${reading.drops} connections dropped`,
    }, this.#thresholds);
    if (finding.status === "Ok") return [finding];
    const culprits = await this.#culprits(signal);
    return [{
      ...finding,
      description: `${finding.description}: ${culprits}`,
      attrs: { ...finding.attrs, listeners: culprits },
    }];
  }

  async #read(): Promise<{ overflows: number; drops: number } | undefined> {
    const counters = parseNetstat(await this.#host.text("/proc/net/netstat")).get("TcpExt");
    const overflows = counters?.get("ListenOverflows");
    return overflows === undefined
      ? undefined
      : { overflows, drops: counters?.get("ListenDrops") ?? overflows };
  }

  /** What can be told without asking the kernel for the length that a queue may have: which ones are not empty. */
  async #culprits(signal: AbortSignal): Promise<string> {
    let facts: ListenerFacts;
    try {
      facts = await readListeners(this.#host);
    } catch (error) {
      signal.throwIfAborted();
      return `which listener is not known: ${error instanceof Error ? error.message : error}`;
    }
    const crowded = crowdedListeners(facts).slice(0, MAX_NAMED);
    if (crowded.length === 0) return "no listener has connections waiting just now";
    const inodes = new Set(crowded.map(({ inode }) => inode));
    const { owners } = await findSocketOwners(this.#host, inodes, { clock: this.#clock, signal })
      .catch((error: unknown) => {
        signal.throwIfAborted();
        if (!(error instanceof Error)) throw error;
        return { owners: new Map<number, { pid: number; program: string }>() };
      });
    return crowded.map(({ endpoint, inode, acceptQueue }) => {
      const owner = owners.get(inode);
      const by = owner === undefined ? "" : ` (${owner.program}, pid ${owner.pid})`;
      return `${endpoint}${by} has ${acceptQueue} waiting to be accepted`;
    }).join("; ");
  }
}

/** Those with connections waiting, the most crowded first; where queues are equal, the one that turns more away. */
function crowdedListeners({ listeners, halfOpen }: ListenerFacts): Listener[] {
  const turnedAway = ({ port }: Listener) => halfOpen.get(port) ?? 0;
  return listeners.filter(({ acceptQueue }) => acceptQueue > 0)
    .sort((a, b) => b.acceptQueue - a.acceptQueue || turnedAway(b) - turnedAway(a));
}
