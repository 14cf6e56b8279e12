import type { Clock, TimerId } from "../../lib/clock.ts";

/** A clock that stands still until a test turns it. */
export class FakeClock implements Clock {
  /** Added to the wall clock: an operator stepping it. */
  wallOffsetMs = 0;
  /** Added to the system's uptime only: the machine was asleep. */
  suspendedSec = 0;
  #nowMs = 1000;
  #nextId = 1;
  readonly #timers = new Map<number, { dueMs: number; callback: () => void }>();

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs + this.wallOffsetMs;
  }

  osUptimeSec(): number {
    return 5000 + Math.floor(this.#nowMs / 1000) + this.suspendedSec;
  }

  setTimeout(callback: () => void, delayMs: number): TimerId {
    const id = this.#nextId++;
    this.#timers.set(id, { dueMs: this.#nowMs + Math.max(0, delayMs), callback });
    return id as unknown as TimerId;
  }

  clearTimeout(id: TimerId): void {
    this.#timers.delete(id as unknown as number);
  }

  /** How many timers are set. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** The delays from now until each timer that is set, shortest first. */
  get pendingDelaysMs(): number[] {
    return [...this.#timers.values()].map((timer) => timer.dueMs - this.#nowMs).sort((a, b) => a - b);
  }

  /** Advances by `ms`; fires what falls due in order, and lets what hangs on it settle in between. */
  async tick(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.dueMs <= endMs)
        .sort(([a, x], [b, y]) => x.dueMs - y.dueMs || a - b)[0];
      if (due === undefined) break;
      const [id, timer] = due;
      this.#timers.delete(id);
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
      timer.callback();
      await settle();
    }
    this.#nowMs = endMs;
    await settle();
  }
}

/** Lets pending microtasks and the event loop's next turns run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setTimeout(resolve, 0));
}
