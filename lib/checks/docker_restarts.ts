/** How often the engine restarted each container within a window, over restarts of the agent too. */
import * as z from "zod/mini";
import type { Clock } from "../clock.ts";
import type { DockerInspection } from "../host/probes/docker_answers.ts";
import type { Finding } from "./check.ts";
import type { CheckMemory } from "./definition.ts";
import { rateFigure, type Thresholds } from "./rating.ts";

/** Options of {@linkcode RestartHistory}. */
export interface RestartHistoryOptions {
  memory: CheckMemory;
  clock: Clock;
  /** Under which name it is remembered. */
  key: string;
  windowMs: number;
}

/** By container name: how many restarts the engine had counted when last seen, and when the rises were seen. */
const rememberedSchema = z.record(
  z.string(),
  z.object({
    id: z.string(),
    total: z.number().check(z.int(), z.minimum(0)),
    rises: z.array(z.tuple([z.number(), z.number().check(z.int(), z.positive())])).check(z.maxLength(1000)),
  }),
);
type Remembered = z.output<typeof rememberedSchema>;

/** How many rises are kept of one container: enough for thresholds that anybody sets. */
const MAX_RISES = 200;

/** One engine's containers. Not for several gathers at once. */
export class RestartHistory {
  readonly #memory: CheckMemory;
  readonly #clock: Clock;
  readonly #key: string;
  readonly #windowMs: number;
  #containers: Remembered;
  #saved: string | undefined;

  constructor({ memory, clock, key, windowMs }: RestartHistoryOptions) {
    this.#memory = memory;
    this.#clock = clock;
    this.#key = `restarts:${key}`;
    this.#windowMs = windowMs;
    this.#saved = memory.read(this.#key);
    this.#containers = remembered(this.#saved);
  }

  /**
   * Notes what the engine has counted. Of a container never seen before, one restart counts where its last start lies in
   * the window: when the others were, the engine does not say.
   */
  count(name: string, { id, restartCount, startedAtMs }: DockerInspection): number {
    const nowMs = this.#clock.wallMs();
    const known = this.#containers[name];
    const isKnown = known !== undefined && known.id === id && known.total <= restartCount;
    const rises = isKnown ? known.rises.filter(([atMs]) => this.#isRecent(atMs, nowMs)) : [];
    if (isKnown) {
      if (restartCount > known.total) rises.push([nowMs, restartCount - known.total]);
    } else if (restartCount > 0 && startedAtMs !== undefined && this.#isRecent(startedAtMs, nowMs)) {
      rises.push([Math.min(startedAtMs, nowMs), 1]);
    }
    this.#containers[name] = { id, total: restartCount, rises: rises.slice(-MAX_RISES) };
    return rises.reduce((sum, [, count]) => sum + count, 0);
  }

  /** Keeps what is known of these, and forgets the others. */
  save(names: readonly string[]): void {
    const kept = new Set(names);
    this.#containers = Object.fromEntries(
      Object.entries(this.#containers).filter(([name]) => kept.has(name)),
    );
    const text = JSON.stringify(this.#containers);
    if (text !== this.#saved) this.#memory.write(this.#key, text);
    this.#saved = text;
  }

  /** A time ahead of now is of a clock that was set back since: it cannot be told how long ago it was. */
  #isRecent(atMs: number, nowMs: number): boolean {
    return Math.abs(nowMs - atMs) < this.#windowMs;
  }
}

function remembered(text: string | undefined): Remembered {
  if (text === undefined) return {};
  try {
    return rememberedSchema.parse(JSON.parse(text));
  } catch {
    return {}; // of another version, or damaged: begun anew
  }
}

/** How often the engine restarted it. */
export function restartFinding(
  name: string,
  restarts: number,
  { window, ...thresholds }: Thresholds & { window: number },
): Finding {
  return rateFigure({
    check: "docker::restart_detected",
    target: name,
    subject: `restarts of container ${name} in ${Number((window / 60_000).toFixed(1))} m`,
    value: restarts,
    show: String,
  }, thresholds);
}
