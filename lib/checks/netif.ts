/** Whether the network interfaces are up, and lose or damage packets. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import type { Clock } from "../clock.ts";
import { sleep } from "../clock.ts";
import { nonEmpty } from "../config/fields.ts";
import { cleanLine } from "../host/foreign_text.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { matchesText } from "../host/text_glob.ts";
import { type InterfaceCounters, parseNetDev } from "../host/net/net_dev.ts";
import type { Check, Finding } from "./check.ts";
import { CounterWindow } from "./counter_window.ts";
import { defineCheck } from "./definition.ts";
import { rateFigure, rateState, thresholdOptions, type Thresholds } from "./rating.ts";

/** How far apart the two readings of a first gather are. */
const FIRST_INTERVAL_MS = 1000;

/** No interface has a longer name: what is longer fits none. */
const pattern = () => nonEmpty().check(z.maxLength(64));

/** The check of the network interfaces. */
export const NETIF_CHECK = defineCheck({
  plugin: "netif",
  summary: "Network interfaces: packets damaged or dropped, and whether the link is up",
  dimensions: [
    {
      dimension: "errors",
      target: "the interface",
      figure: "packets received or sent with errors in the last minute",
      source: "`/proc/net/dev`",
      defaults: "warning ≥ 10 per minute, critical ≥ 100 per minute",
    },
    {
      dimension: "drops",
      target: "the interface",
      figure: "packets dropped in the last minute",
      source: "`/proc/net/dev`",
      defaults: "warning ≥ 100 per minute, critical ≥ 1000 per minute",
    },
    {
      dimension: "link",
      target: "the interface",
      figure: "whether the interfaces that `link_up` names are there and up",
      source: "`/sys/class/net/*/operstate`",
      defaults: "critical when down; no interface is named",
    },
  ],
  options: () => ({
    ...thresholdOptions({ warn: 10, critical: 100, unit: "packets with errors per minute" }),
    drops: about(
      z.prefault(
        z.strictObject(thresholdOptions({ warn: 100, critical: 1000, unit: "packets dropped per minute" })),
        {},
      ),
      "Thresholds of dropped packets.",
    ),
    interfaces: about(
      z._default(z.array(pattern()).check(z.minLength(1)), ["*"]),
      'The interfaces whose packets are counted: names, or patterns such as "en*".',
    ),
    ignore: about(
      z._default(z.array(pattern()), ["lo", "veth*", "cali*", "lxc*"]),
      "Of those, the ones that are left out.",
    ),
    link_up: about(
      z._default(
        z.array(
          nonEmpty().check(
            z.maxLength(15),
            z.regex(/^[^/\s*?]+$/, "must be the name of an interface"),
            z.refine((name) => name !== "." && name !== "..", "must be the name of an interface"),
          ),
        ),
        [],
      ),
      "The names of the interfaces that have to be up.",
    ),
  }),
  pace: { for: "1m" },
  byDefault: true,
  targets: ({ interfaces, link_up }) => [...interfaces, ...link_up.map((name) => `link of ${name}`)],
  needs: ({ link_up }) => [
    { kernel: "/proc/net/dev" },
    ...(link_up.length > 0 ? [{ kernel: "/sys/class/net" }] : []),
  ],
  make: ({ warn_ge, critical_ge, drops, interfaces, ignore, link_up }, { host, clock }) => [
    new TrafficCheck(
      { errors: { warn_ge, critical_ge }, drops },
      (name) => interfaces.some(fits(name)) && !ignore.some(fits(name)),
      host,
      clock,
    ),
    ...link_up.map((name) => linkCheck(name, host)),
  ],
});

interface TrafficThresholds {
  readonly errors: Thresholds;
  readonly drops: Thresholds;
}

interface InterfaceWindows {
  readonly errors: CounterWindow;
  readonly drops: CounterWindow;
}

class TrafficCheck implements Check {
  readonly plugin = "netif";
  readonly target = "interfaces";
  readonly #thresholds: TrafficThresholds;
  readonly #isWatched: (name: string) => boolean;
  readonly #host: HostFacts;
  readonly #clock: Clock;
  #windows = new Map<string, InterfaceWindows>();

  constructor(
    thresholds: TrafficThresholds,
    isWatched: (name: string) => boolean,
    host: HostFacts,
    clock: Clock,
  ) {
    this.#thresholds = thresholds;
    this.#isWatched = isWatched;
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
    }, this.#thresholds[dimension]);
  }
}

function perMinute(count: number): string {
  return `${Number(count.toFixed(1))} per minute`;
}

function linkCheck(name: string, host: HostFacts): Check {
  return {
    plugin: "netif",
    target: `link of ${name}`,
    async gather() {
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
    },
  };
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
