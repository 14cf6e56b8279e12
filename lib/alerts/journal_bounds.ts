import type { JournalIndex } from "./journal_index.ts";
import type { MemoryTail } from "./journal_memory.ts";
import { Field, placeOf, type Segment } from "./journal_segment.ts";
import type { DropReason } from "./queue.ts";

/** How often to look for events that have grown too old without being asked for. */
const SWEEP_MS = 60_000;

/** 2020: a clock that says it is earlier was never set, and tells no age. */
const UNSET_CLOCK_SEC = 1_577_836_800;

/** Options of {@linkcode JournalBounds}. */
export interface JournalBoundsOptions {
  index: JournalIndex;
  memory: MemoryTail;
  maxEvents: number;
  maxBytes: number;
  maxAgeMs: number;
  /** Removes and counts an event. */
  drop: (segment: Segment, place: number, reason: DropReason) => void;
}

/** How many, how much and how old: what has to go, and why. */
export class JournalBounds {
  readonly #options: JournalBoundsOptions;
  #sweptMs = 0;

  constructor(options: JournalBoundsOptions) {
    this.#options = options;
  }

  /** Drops what is too much: superseded events first, then the oldest. Where `degraded`, in memory too. */
  keep(degraded: boolean): void {
    const { index, memory, maxEvents, maxBytes, drop } = this.#options;
    while (index.waiting > maxEvents || index.waitingBytes > maxBytes) {
      const superseded = index.oldestSuperseded();
      const handle = superseded === 0 ? index.oldest() : superseded;
      drop(index.segment(handle), placeOf(handle), superseded === 0 ? "overflow" : "superseded");
    }
    if (!degraded) return;
    for (let victim = memory.surplus(); victim !== undefined; victim = memory.surplus()) {
      drop(victim.segment, victim.place, victim.reason);
    }
  }

  /** Whether so much more would fit if what is superseded went. */
  hasRoom(count: number, bytes: number, degraded: boolean): boolean {
    const { index, memory, maxEvents, maxBytes } = this.#options;
    if (degraded && !memory.hasRoom(count, bytes)) return false;
    return index.waiting - index.superseded + count <= maxEvents &&
      index.waitingBytes - index.supersededBytes + bytes <= maxBytes;
  }

  /** When an event that comes now was accepted, in seconds; 0 where nobody knows. */
  acceptedAtSec(nowMs: number): number {
    const atSec = Math.ceil(nowMs / 1000);
    return atSec < UNSET_CLOCK_SEC ? 0 : atSec;
  }

  /** Drops the oldest events as long as they are too old; looks once in a while. */
  sweep(nowMs: number): void {
    const { index, maxAgeMs } = this.#options;
    if (nowMs >= this.#sweptMs && nowMs - this.#sweptMs < Math.min(SWEEP_MS, maxAgeMs)) return;
    this.#sweptMs = nowMs;
    for (let handle = index.oldest(); handle !== 0; handle = index.oldest()) {
      if (!this.dropIfExpired(index.segment(handle), placeOf(handle), nowMs)) return;
    }
  }

  /** @returns whether the event was too old, and is gone. */
  dropIfExpired(segment: Segment, place: number, nowMs: number): boolean {
    const atSec = segment.get(place, Field.atSec);
    if (atSec === 0 || nowMs - atSec * 1000 <= this.#options.maxAgeMs) return false;
    this.#options.drop(segment, place, "expired");
    return true;
  }
}
