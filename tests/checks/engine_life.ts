import type { AlertEvent } from "../../lib/alerts/event.ts";
import { CheckMemories } from "../../lib/checks/check_memory.ts";
import { CheckEngine, type CheckEngineOptions } from "../../lib/checks/engine.ts";
import { EngineStore, type EngineStoreOptions } from "../../lib/checks/engine_store.ts";
import type { Pace } from "../../lib/checks/pace.ts";
import type { Check } from "../../lib/checks/check.ts";
import type { FakeClock } from "../fakes/fake_clock.ts";

/** Options of {@linkcode EngineLife}. */
export interface LifeOptions extends Partial<Omit<CheckEngineOptions, "checks" | "clock" | "emit">> {
  checks: readonly Check[];
  clock: FakeClock;
  /** The engine's file. */
  path?: string;
  pace?: Partial<Pace>;
  storeOptions?: Partial<EngineStoreOptions>;
  emit?: CheckEngineOptions["emit"];
}

/** One life of an engine over a file: it looks every second, and what it tells is noted. */
export class EngineLife implements AsyncDisposable {
  readonly engine: CheckEngine;
  readonly store: EngineStore;
  readonly memories: CheckMemories;
  readonly events: AlertEvent[] = [];

  constructor(options: LifeOptions) {
    const { checks, clock, path, pace, storeOptions, emit, ...rest } = options;
    this.store = new EngineStore({ path, clock, ...storeOptions });
    this.memories = new CheckMemories(this.store);
    this.engine = new CheckEngine({
      checks: checks.map((check) => ({ check, pace: { intervalMs: 1000, ...pace } })),
      clock,
      random: () => 0,
      emit: (event) => {
        emit?.(event);
        this.events.push(event);
      },
      store: this.store,
      memories: this.memories,
      ...rest,
    });
    this.engine.start();
  }

  /** What was told: `check target status`. */
  get told(): string[] {
    return this.events.map(({ labels, event_status }) =>
      `${labels["check"]} ${labels["target"]} ${event_status}`
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.engine[Symbol.asyncDispose]();
  }
}
