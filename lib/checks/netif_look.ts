/** One host's looks at its network interfaces. */
import { type Clock, sleep } from "../clock.ts";
import { cleanLine } from "../host/foreign_text.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { type InterfaceCounters, parseNetDev } from "../host/net/net_dev.ts";
import { matchesText } from "../host/text_glob.ts";
import type { Finding } from "./check.ts";
import { CounterWindow } from "./counter_window.ts";
import type { CheckSeams } from "./definition.ts";
import type { NetifSettings } from "./netif.ts";
import { rateFigure, rateState } from "./rating.ts";

/** How far apart the two readings of a first gather are. */
const FIRST_INTERVAL_MS = 1000;

interface InterfaceWindows {
  readonly errors: CounterWindow;
  readonly drops: CounterWindow;
}

/** What the interfaces lost and damaged in the last minute. */
export class TrafficLook {
  readonly #settings: NetifSettings;
  readonly #host: HostFacts;
  readonly #clock: Clock;
  #windows = new Map<string, InterfaceWindows>();

  constructor(settings: NetifSettings, { host, clock }: CheckSeams) {
    this.#settings = settings;
    this.#host = host;
    this.#clock = clock;
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    if (this.#windows.size === 0) {
      await this.#look();
      if (this.#windows.size === 0) return [];
      await sleep(this.#clock, FIRST_INTERVAL_MS, signal);
    }
    return await this.#look();
  }

  async #look(): Promise<Finding[]> {
    const interfaces = parseNetDev(await this.#host.text("/proc/net/dev"));
    const atMs = this.#clock.monotonicMs();
    const windows = new Map<string, InterfaceWindows>();
    const findings: Finding[] = [];
    for (const [name, counters] of interfaces) {
      if (!this.#isWatched(name)) continue;
      const window = this.#windows.get(name) ?? { errors: new CounterWindow(), drops: new CounterWindow() };
      windows.set(name, window);
      const errors = window.errors.add(atMs, counters.rx.errors + counters.tx.errors);
      const drops = window.drops.add(atMs, counters.rx.dropped + counters.tx.dropped);
      if (errors !== undefined) findings.push(this.#rated("errors", name, errors, counters));
      if (drops !== undefined) findings.push(this.#rated("drops", name, drops, counters));
    }
    this.#windows = windows; // an interface that is gone is forgotten
    return findings;
  }

  #isWatched(name: string): boolean {
    const { interfaces, ignore } = this.#settings;
    return interfaces.some(fits(name)) && !ignore.some(fits(name));
  }

  #rated(
    dimension: "errors" | "drops",
    name: string,
    value: number,
    { rx, tx }: InterfaceCounters,
  ): Finding {
    const field = dimension === "errors" ? "errors" : "dropped";
    const what = dimension === "errors" ? "packets with errors" : "dropped packets";
    return rateFigure({
      check: `netif::${dimension}`,
      target: name,
      subject: `${what} on ${name}`,
      value,
      show: perMinute,
      detail: `since the interface came up: ${rx[field]} received, ${tx[field]} sent`,
    }, dimension === "errors" ? this.#settings : this.#settings.drops);
  }
}

function perMinute(count: number): string {
  return `${Number(count.toFixed(1))} per minute`;
}

/** Whether the link of the interface `name` is up. */
export async function linkLook(name: string, host: HostFacts): Promise<Finding[]> {
  const state = await linkState(host, name);
  const ok = state === "up";
  return [rateState({
    check: "netif::link",
    target: name,
    ok,
    description: `link of ${name} is ${state}`,
    current: state,
    expected: "must be up",
  })];
}

async function linkState(host: HostFacts, name: string): Promise<string> {
  let state: string;
  try {
    state = cleanLine(await host.text(`/sys/class/net/${name}/operstate`), 32);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "missing";
    throw error;
  }
  if (state !== "unknown") return state;
  // Drivers that do not tell (tunnels, some virtual cards) have a carrier where they work.
  try {
    return (await host.text(`/sys/class/net/${name}/carrier`)).trim() === "1" ? "up" : "without carrier";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "down"; // no carrier can be read of what is not up
    throw error;
  }
}

function fits(name: string): (pattern: string) => boolean {
  return (pattern) => matchesText(name, pattern);
}
