/** How many tools are at work, and which of them do not come back. */
import type { Clock } from "../clock.ts";

/** Options of {@linkcode ToolRuns}. */
export interface ToolRunsOptions {
  clock: Clock;
  /** @default 8 */
  maxUnderWay?: number;
}

/** A place among those at work. */
export interface ToolRun {
  /** The tool was given up, and still runs: it holds up no other tool, but is not started again. */
  abandon(): void;
  /** It has come back, at last or in time. Calling it again changes nothing. */
  end(): void;
}

/** Counts what is under way. Those that wait for a place get it in the order in which they asked. */
export class ToolRuns {
  readonly #clock: Clock;
  readonly #maxUnderWay: number;
  readonly #waiting: (() => void)[] = [];
  /** By tool, since when the oldest run that was given up has not come back. */
  readonly #hanging = new Map<string, Set<{ sinceMs: number }>>();
  #underWay = 0;

  constructor({ clock, maxUnderWay = 8 }: ToolRunsOptions) {
    this.#clock = clock;
    this.#maxUnderWay = maxUnderWay;
  }

  /** For how long a run of `tool` has been hanging that was given up; undefined when there is none. */
  hangingMs(tool: string): number | undefined {
    const [oldest] = this.#hanging.get(tool) ?? [];
    return oldest === undefined ? undefined : this.#clock.monotonicMs() - oldest.sinceMs;
  }

  /** Waits for a place. @throws the signal's reason when it aborts first. */
  async begin(tool: string, signal: AbortSignal): Promise<ToolRun> {
    signal.throwIfAborted();
    if (this.#underWay < this.#maxUnderWay) this.#underWay++;
    else await this.#turn(signal); // the place is handed over, and never counted free in between
    const record = { sinceMs: this.#clock.monotonicMs() };
    let state: "running" | "abandoned" | "ended" = "running";
    return {
      abandon: () => {
        if (state !== "running") return;
        state = "abandoned";
        const others = this.#hanging.get(tool) ?? new Set();
        this.#hanging.set(tool, others.add(record));
        this.#giveBack();
      },
      end: () => {
        if (state === "running") this.#giveBack();
        if (state === "abandoned") {
          const others = this.#hanging.get(tool);
          others?.delete(record);
          if (others?.size === 0) this.#hanging.delete(tool);
        }
        state = "ended";
      },
    };
  }

  #giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#underWay--;
    else next();
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const proceed = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = () => {
        const index = this.#waiting.indexOf(proceed);
        if (index === -1) return; // its turn has just come
        this.#waiting.splice(index, 1);
        reject(signal.reason);
      };
      this.#waiting.push(proceed);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}
