/** How much a Redis's counters rose from one look to the next. */
import { type Clock, sleep } from "../clock.ts";
import type { RedisClient } from "../host/probes/redis.ts";
import { infoNumber, parseRedisInfo, type RedisInfo } from "../host/probes/redis_info.ts";
import type { Finding } from "./check.ts";
import { rateFigure } from "./rating.ts";
import { REDIS_COUNTERS, type RedisFigureSettings } from "./redis_dimensions.ts";
import { isOn } from "./redis_info_findings.ts";

/** What was looked at. */
export interface RedisReading {
  readonly target: string;
  readonly info: RedisInfo;
  readonly settings: RedisFigureSettings;
}

/** For how long the first look measures. */
const FIRST_LOOK_MS = 1000;

interface Baseline {
  readonly runId: string | undefined;
  readonly atMs: number;
  readonly counters: ReadonlyMap<string, number>;
}

/** One target's counters. One look at a time. */
export class RedisCounters {
  readonly #clock: Clock;
  #baseline: Baseline | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rates what is turned on. The first look asks twice, a second apart. */
  async findings(client: RedisClient, reading: RedisReading, signal: AbortSignal): Promise<Finding[]> {
    const { target, settings } = reading;
    const names = (Object.keys(REDIS_COUNTERS) as (keyof typeof REDIS_COUNTERS)[])
      .filter((name) => isOn(settings[name]));
    if (names.length === 0) return [];
    let now = this.#read(reading.info, names);
    if (this.#baseline === undefined) {
      this.#baseline = now;
      await sleep(this.#clock, FIRST_LOOK_MS, signal);
      now = this.#read(parseRedisInfo(await client.text(["INFO"], signal)), names);
    }
    const before = this.#baseline;
    this.#baseline = now;
    const seconds = Math.max(1, Math.round((now.atMs - before.atMs) / 1000));
    return names.flatMap((name) => {
      const count = now.counters.get(name);
      if (count === undefined) return [];
      const { figure } = REDIS_COUNTERS[name];
      // Another process counts from zero; so does one whose statistics were reset.
      const earlier = now.runId === before.runId ? before.counters.get(name) ?? 0 : 0;
      const value = count < earlier ? count : count - earlier;
      const subject = `${figure} by Redis ${target} in ${seconds} s`;
      return [rateFigure({ check: `redis::${name}`, target, subject, value, show: String }, settings[name])];
    });
  }

  #read(info: RedisInfo, names: readonly string[]): Baseline {
    const counters = new Map<string, number>();
    for (const name of names) {
      const count = infoNumber(info, name);
      if (count !== undefined) counters.set(name, count);
    }
    return { runId: info.get("run_id"), atMs: this.#clock.monotonicMs(), counters };
  }
}
