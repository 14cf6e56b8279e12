import assert from "node:assert/strict";
import { configure, getLogger, type LogRecord, reset } from "@logtape/logtape";
import { Destination, type DestinationOptions } from "../../lib/alerts/destination.ts";
import type { AlertEvent } from "../../lib/alerts/event.ts";
import type { Sender } from "../../lib/alerts/notifiers/sender.ts";
import { RingBuffer } from "../../lib/alerts/ring_buffer.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import { numbered } from "./delivery_rig.ts";

/** What a scripted attempt comes to: nothing is success, a promise is waited for. */
export type Act = Error | "ok" | "hang" | Promise<void> | ((numbers: number[]) => Error | undefined);

/** Plays its acts in order, then succeeds; remembers what it was given. */
export class ScriptedSender implements Sender {
  readonly maxBatch: number;
  readonly acts: Act[];
  /** The numbers of the events of each attempt. */
  readonly attempts: number[][] = [];
  /** When each attempt began, on the clock. */
  readonly atMs: number[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock, { acts = [], maxBatch = 100 }: { acts?: Act[]; maxBatch?: number } = {}) {
    this.#clock = clock;
    this.acts = acts;
    this.maxBatch = maxBatch;
  }

  async send(events: readonly AlertEvent[], signal: AbortSignal): Promise<void> {
    const numbers = events.map((event) => Number(event.labels["n"]));
    this.attempts.push(numbers);
    this.atMs.push(this.#clock.monotonicMs());
    this.signals.push(signal);
    const act = this.acts.shift() ?? "ok";
    if (act === "hang") return await new Promise<never>(() => {}); // heeds no signal either
    if (act instanceof Promise) return await act;
    const error = typeof act === "function" ? act(numbers) : act;
    if (error instanceof Error) throw error;
  }

  /** The waits between the attempts. */
  get waitsMs(): number[] {
    return this.atMs.slice(1).map((ms, index) => ms - (this.atMs[index] ?? 0));
  }
}

/** Options of {@linkcode DestinationRig}. */
export interface RigOptions extends Partial<Omit<DestinationOptions, "queue" | "sender" | "clock">> {
  acts?: Act[];
  maxBatch?: number;
  capacity?: number;
}

/** A destination over a ring, with a scripted sender and a clock that is turned by hand. */
export class DestinationRig implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly queue: RingBuffer<AlertEvent>;
  readonly sender: ScriptedSender;
  readonly destination: Destination;
  #pushed = 0;

  constructor({ acts, maxBatch, capacity = 1000, ...options }: RigOptions = {}) {
    this.queue = new RingBuffer(capacity);
    this.sender = new ScriptedSender(this.clock, { ...(acts && { acts }), ...(maxBatch && { maxBatch }) });
    this.destination = new Destination({
      name: "test",
      queue: this.queue,
      sender: this.sender,
      clock: this.clock,
      random: () => 0.5, // the middle of every spread
      ...options,
    });
  }

  /** Forwards `count` events, numbered on from the last, and lets the destination work. */
  async forward(count: number): Promise<void> {
    for (let index = 0; index < count; index++) this.destination.forward(numbered(this.#pushed++));
    await settle();
  }

  /** What became of the events, and that it adds up. */
  get settledAndRejected(): [number, number] {
    const { accepted, settled, waiting, dropped } = this.destination.figures;
    assert.equal(accepted, settled + waiting + dropped.rejected + dropped.overflow);
    return [settled, dropped.rejected];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const disposed = this.destination[Symbol.asyncDispose]();
    await this.clock.tick(60_000);
    await disposed;
    assert.equal(this.clock.pendingTimers, 0, "the destination left a timer behind");
  }
}

/** Runs `body` and returns what it logged through the given logger. */
export async function logged(
  body: (logger: ReturnType<typeof getLogger>) => Promise<void>,
): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  await configure({
    sinks: { memory: (record) => void records.push(record) },
    loggers: [
      { category: "destinations", sinks: ["memory"], lowestLevel: "debug" },
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "error" },
    ],
  });
  try {
    await body(getLogger("destinations"));
  } finally {
    await reset();
  }
  return records;
}
