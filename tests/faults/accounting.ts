import type { DestinationStatus } from "../../lib/local/agent_status.ts";

/** What an agent says of its queue. */
export type Figures = Pick<DestinationStatus, "accepted" | "settled" | "waiting" | "dropped">;

interface Sums {
  accepted: number;
  settled: number;
  dropped: number;
}

const NOTHING: Readonly<Sums> = { accepted: 0, settled: 0, dropped: 0 };
const names = ["accepted", "settled", "dropped"] as const;

/** How many events were given up in all. */
export function droppedOf({ dropped }: Pick<Figures, "dropped">): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}

/**
 * Watches an agent's figures over its lives. They add up whenever they are looked at. What they say becomes a promise
 * once something that was sent after it was said is answered 202: it was written before that, or along with it. From
 * then on nothing goes back, whatever happens to the process.
 */
export class Accounting {
  readonly faults: string[] = [];
  #latest: { life: object | undefined; said: Sums } = { life: undefined, said: NOTHING };
  #floor: Sums = NOTHING;

  /** The agent said so, in this life of its. */
  note(life: object, figures: Figures): void {
    const { accepted, settled, waiting } = figures;
    const dropped = droppedOf(figures);
    if (accepted !== settled + waiting + dropped) {
      this.#blame(
        `${accepted} accepted are not ${settled} settled, ${waiting} waiting and ${dropped} dropped`,
      );
    }
    const now = { accepted, settled, dropped };
    for (const name of names) {
      if (now[name] < this.#floor[name]) {
        this.#blame(`${name} went back from ${this.#floor[name]} to ${now[name]}`);
      }
    }
    this.#latest = { life, said: now };
  }

  /** Call before sending a request in this life, and what it returns when that is answered 202. */
  promise(life: object): () => void {
    const { life: latest, said } = this.#latest;
    return () => {
      if (latest !== life) return;
      const floor = { ...this.#floor };
      for (const name of names) floor[name] = Math.max(floor[name], said[name]);
      this.#floor = floor;
    };
  }

  #blame(fault: string): void {
    if (this.faults.length < 5) this.faults.push(fault);
  }
}
