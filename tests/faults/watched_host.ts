/** A real engine that looks at this host with real checks, while tests do harm to it. */
import assert from "node:assert/strict";
import type { AlertEvent, EventStatus } from "../../lib/alerts/event.ts";
import { configuredChecks } from "../../lib/checks/configured.ts";
import { CheckEngine, type ScheduledCheck } from "../../lib/checks/engine.ts";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { checkEntries } from "../../lib/config/check_entries.ts";
import { checkSchema } from "../../lib/config/check_schema.ts";
import { openHost } from "../../lib/host/open_host.ts";
import { until } from "../fakes/until.ts";

/** Other tests run beside these: what waits for the whole machine to be as it should may wait long. */
const PATIENCE_MS = 120_000;

/** How many gathers may begin until a fault is told. */
const MAX_INTERVALS = 2;

/** Options of {@linkcode WatchedHost.start}. */
export interface WatchedHostOptions {
  /** The kind of check. */
  plugin: string;
  /** Its table in the configuration; it looks every 2 s and tells at once unless that says otherwise. */
  settings?: Record<string, unknown>;
  clock?: Clock;
}

/** One alert that is expected. */
export interface Expected {
  check: string;
  target: string;
  status: Exclude<EventStatus, "Ok">;
}

/** Disposing of it ends the engine. */
export class WatchedHost implements AsyncDisposable {
  readonly events: AlertEvent[] = [];
  /** Gathers that have begun. */
  #begun = 0;
  /** How many had begun when each event came. */
  readonly #begunAt = new Map<AlertEvent, number>();
  readonly #engine: CheckEngine;

  private constructor(checks: readonly ScheduledCheck[], clock: Clock) {
    this.#engine = new CheckEngine({
      checks: checks.map(({ check, ...rest }) => ({
        ...rest,
        check: {
          plugin: check.plugin,
          target: check.target,
          gather: (signal) => {
            this.#begun++;
            return check.gather(signal);
          },
        },
      })),
      clock,
      random: () => 0,
      emit: (event) => {
        this.events.push(event);
        this.#begunAt.set(event, this.#begun);
      },
    });
    this.#engine.start();
  }

  static async start(
    { plugin, settings = {}, clock = systemClock }: WatchedHostOptions,
  ): Promise<WatchedHost> {
    const table = { interval: "2s", for: "0s", ...settings };
    const host = await openHost({ clock });
    const configured = checkEntries(checkSchema().parse({ [plugin]: [table] }));
    return new WatchedHost(configuredChecks(configured, { host, clock }), clock);
  }

  /** Waits until the check has looked and finds all well there. */
  async well({ check, target }: Pick<Expected, "check" | "target">): Promise<void> {
    await until(`${check} of ${target} is Ok`, () => {
      const found = this.#engine.latest().filter(({ labels }) =>
        labels.check === check && labels.target === target
      );
      return found.length > 0 && found.every(({ status }) => status === "Ok");
    }, PATIENCE_MS);
  }

  /**
   * Begins a fault that has fully begun when `begin` settles, and waits for its alert: one of the first two gathers after
   * that has to raise it.
   */
  async raises<T>(expected: Expected, begin: () => T | Promise<T>): Promise<{ fault: T; event: AlertEvent }> {
    const from = this.events.length;
    const fault = await begin();
    const begunBefore = this.#begun;
    const event = await this.#next(expected, from);
    const intervals = (this.#begunAt.get(event) ?? Infinity) - begunBefore;
    assert(intervals <= MAX_INTERVALS, `the alert took ${intervals} intervals`);
    assert(event.attrs?.["current_value"] && event.attrs["threshold_desc"] && event.description);
    return { fault, event };
  }

  /** Ends the fault, and waits until its alert is told to be over. */
  async recovers({ check, target }: Expected, end: () => unknown): Promise<AlertEvent> {
    const from = this.events.length;
    await end();
    return await this.#next({ check, target, status: "Ok" }, from);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }

  async #next({ check, target, status }: Omit<Expected, "status"> & { status: EventStatus }, from: number) {
    const find = () =>
      this.events.slice(from).find(({ labels, event_status }) =>
        labels["check"] === check && labels["target"] === target && event_status === status
      );
    try {
      return await until(`${status} of ${check}, ${target}`, find, PATIENCE_MS);
    } catch (error) {
      throw new Error(`${error}\n${JSON.stringify(this.events, undefined, 2)}`, { cause: error });
    }
  }
}
