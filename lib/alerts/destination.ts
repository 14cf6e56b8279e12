/** A destination of alerts besides the hub: a queue of its own, and a worker that empties it. */
import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, sleep, systemClock } from "../clock.ts";
import { attempt } from "./attempt.ts";
import type { AlertEvent } from "./event.ts";
import type { Notifier } from "./notifiers/notifier.ts";
import { PermanentSendError, type Sender, TransientSendError } from "./notifiers/sender.ts";
import type { AlertQueue, Lease, QueueFigures } from "./queue.ts";
import { retryDelayMs } from "./retry_delay.ts";

/** Options of {@linkcode Destination}. */
export interface DestinationOptions {
  /** Names it in logs and figures. */
  name: string;
  /** Of its own: nobody else takes from it. Stays the caller's to close, after the destination is disposed of. */
  queue: AlertQueue<AlertEvent>;
  sender: Sender;
  /** @default systemClock */
  clock?: Clock;
  /** Uniform numbers in [0, 1), for the spread of waits. @default Math.random */
  random?: () => number;
  /** @default getLogger(["pawl", "alerts"]) */
  logger?: Logger;
  /** How long one attempt may take. @default 10 s */
  sendDeadlineMs?: number;
  /** How long an attempt under way may go on when the destination is disposed of. @default 2 s */
  graceMs?: number;
}

/** What a destination waits for, and how the wait is cut short. */
interface Pause {
  readonly for: "events" | "retry" | "asked_time";
  /** When it ends by itself, on the monotonic clock. */
  readonly dueMs: number;
  readonly end: () => void;
}

/** A queue that holds events but hands none out is asked again after this long. */
const RECHECK_MS = 5000;

/**
 * Delivers events at least once, in order: take → send → settle, one batch at a time. No failure of the sender's
 * reaches the caller, nor any other destination.
 *
 * - `TransientSendError`, a missed deadline, and whatever else is thrown: the same batch is tried again, for ever, with
 *   growing waits (see {@linkcode retryDelayMs}). Nothing younger overtakes it, so each key's order holds.
 * - `PermanentSendError`: the events of the batch are tried one by one, and each that is refused on its own is dropped
 *   as `rejected`, with one line in the log.
 *
 * Call order: construct, `start` once, dispose. `forward` may be called from the beginning; `flush` after `start`.
 */
export class Destination implements Notifier, AsyncDisposable {
  readonly name: string;
  readonly #queue: AlertQueue<AlertEvent>;
  readonly #sender: Sender;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #logger: Logger;
  readonly #sendDeadlineMs: number;
  readonly #graceMs: number;
  /** No attempt begins any more. */
  #stopping = false;
  /** Ends the attempt under way. */
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;
  #disposed: Promise<void> | undefined;
  #pause: Pause | undefined;
  /** So many events are still to be sent one by one. */
  #singles = 0;
  #change = Promise.withResolvers<void>();
  #consecutiveFailures = 0;
  #lastError: string | undefined;
  #batches = 0;
  #resent = 0;

  /** @throws RangeError for a deadline, grace or `maxBatch` out of range. */
  constructor(options: DestinationOptions) {
    const { name, queue, sender, clock = systemClock, random = Math.random } = options;
    const { logger = getLogger(["pawl", "alerts"]), sendDeadlineMs = 10_000, graceMs = 2000 } = options;
    this.name = name;
    this.#queue = queue;
    this.#sender = sender;
    this.#clock = clock;
    this.#random = random;
    this.#logger = logger;
    this.#sendDeadlineMs = atLeast("sendDeadlineMs", sendDeadlineMs, 1);
    this.#graceMs = atLeast("graceMs", graceMs, 0);
    atLeast("maxBatch", sender.maxBatch, 1);
  }

  /** What became of the events: the queue's accounting. */
  get figures(): QueueFigures {
    return this.#queue.figures;
  }

  /** How many attempts have failed since the last that succeeded. */
  get consecutiveFailures(): number {
    return this.#consecutiveFailures;
  }

  /** Why the last attempt failed; undefined once one succeeds. Names no secret. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** How many attempts at sending there were. */
  get batches(): number {
    return this.#batches;
  }

  /** How many events were sent once more, counted each time. */
  get resent(): number {
    return this.#resent;
  }

  /** Takes one event into the queue. False once the destination is disposed of; else always true. */
  forward(event: AlertEvent): boolean {
    if (this.#stopping) return false;
    this.#queue.push(event);
    this.wake();
    return true;
  }

  /** Says that the queue has grown by other means than {@linkcode forward}. */
  wake(): void {
    if (this.#pause?.for === "events") this.#pause.end();
  }

  /** Starts delivering. Calling it again does nothing. */
  start(): void {
    if (!this.#stopping) this.#running ??= this.#run();
  }

  /**
   * Waits until the queue is empty. A wait that no server asked for is cut short, so that a destination that has come
   * back gets everything. Several may wait at once.
   *
   * @returns whether the queue is empty: false at the deadline, and before it once it is clear that it will not be.
   * @throws the signal's reason when it is aborted.
   */
  async flush(deadlineMs: number, signal?: AbortSignal): Promise<boolean> {
    const endMs = this.#clock.monotonicMs() + deadlineMs;
    if (this.#pause?.for === "retry") this.#pause.end();
    for (;;) {
      signal?.throwIfAborted();
      if (this.#queue.length === 0) return true;
      const leftMs = endMs - this.#clock.monotonicMs();
      if (leftMs <= 0 || this.#stopping || this.#running === undefined) return false;
      const retryMs = this.#pause?.for === "events" ? undefined : this.#pause?.dueMs;
      if (retryMs !== undefined && retryMs > endMs) return false;
      const changed = new AbortController();
      const ends = [changed.signal, ...signal ? [signal] : []];
      const timeout = sleep(this.#clock, leftMs, AbortSignal.any(ends)).catch(() => {});
      await Promise.race([this.#change.promise, timeout]);
      changed.abort();
    }
  }

  /**
   * Stops: an attempt under way gets `graceMs` and is then given up; what it was about stays in the queue. Nothing is
   * sent or taken from the queue afterwards.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= this.#stop();
  }

  async #stop(): Promise<void> {
    this.#stopping = true;
    this.#pause?.end();
    this.#changed();
    if (this.#running === undefined) return;
    const timer = this.#clock.setTimeout(
      () => this.#abort.abort(new Error("the destination is closed")),
      this.#graceMs,
    );
    await this.#running;
    this.#clock.clearTimeout(timer);
  }

  async #run(): Promise<void> {
    for (let broken = 0; !this.#stopping;) {
      try {
        const lease = this.#queue.take(this.#singles > 0 ? 1 : this.#sender.maxBatch);
        if (lease === undefined) await this.#waitForEvents();
        else await this.#deliver(lease);
        broken = 0;
      } catch (error) {
        // Only the queue can get here. What it had handed out stays leased, and so is not lost.
        const delayMs = retryDelayMs(++broken, undefined, this.#random);
        this.#logger.error("destination.queue_failed", {
          destination: this.name,
          error,
          retryInSec: inSec(delayMs),
        });
        await this.#wait("retry", delayMs);
      }
    }
  }

  /** Sends until the lease has ended in one way or another. */
  async #deliver(lease: Lease<AlertEvent>): Promise<void> {
    for (let failures = 0;;) {
      if (failures > 0) this.#resent += lease.count;
      this.#batches++;
      const error = await attempt((signal) => this.#sender.send(lease.items, signal), {
        clock: this.#clock,
        deadlineMs: this.#sendDeadlineMs,
        stop: this.#abort.signal,
      });
      if (error === undefined) return this.#delivered(lease);
      if (this.#abort.signal.aborted) return this.#queue.giveBack(lease);
      this.#consecutiveFailures++;
      this.#lastError = messageOf(error);
      if (error instanceof PermanentSendError) return this.#refused(lease, error);
      const askedSec = error instanceof TransientSendError ? error.retryAfterSec : undefined;
      const delayMs = retryDelayMs(++failures, askedSec, this.#random);
      this.#logger.warn("destination.send_failed", {
        destination: this.name,
        events: lease.count,
        error,
        retryInSec: inSec(delayMs),
      });
      await this.#wait(askedSec !== undefined && askedSec > 0 ? "asked_time" : "retry", delayMs);
      if (this.#stopping) return this.#queue.giveBack(lease);
    }
  }

  #delivered(lease: Lease<AlertEvent>): void {
    this.#queue.settle(lease);
    this.#singles = Math.max(0, this.#singles - 1);
    if (this.#consecutiveFailures > 0) {
      this.#logger.info("destination.recovered", {
        destination: this.name,
        failures: this.#consecutiveFailures,
      });
    }
    this.#consecutiveFailures = 0;
    this.#lastError = undefined;
    this.#changed();
  }

  #refused(lease: Lease<AlertEvent>, error: PermanentSendError): void {
    if (lease.count > 1) {
      this.#singles = lease.count;
      this.#resent += lease.count;
      return this.#queue.giveBack(lease);
    }
    const alertKey = lease.items[0]?.alert_key;
    this.#queue.discard(lease);
    this.#singles = Math.max(0, this.#singles - 1);
    this.#logger.error("destination.event_rejected", { destination: this.name, alertKey, error });
    this.#changed();
  }

  async #waitForEvents(): Promise<void> {
    this.#singles = 0;
    await this.#wait("events", this.#queue.length > 0 ? RECHECK_MS : Infinity);
  }

  /** Waits until the time is over, or someone ends the pause. */
  async #wait(what: Pause["for"], delayMs: number): Promise<void> {
    if (this.#stopping) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      this.#pause = undefined; // at once: it is over for whoever looks next
      resolve();
    };
    const timer = delayMs === Infinity ? undefined : this.#clock.setTimeout(end, delayMs);
    this.#pause = { for: what, dueMs: this.#clock.monotonicMs() + delayMs, end };
    this.#changed();
    await promise;
    if (timer !== undefined) this.#clock.clearTimeout(timer);
  }

  /** Lets those who wait in `flush` look again. */
  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

function atLeast(field: string, value: number, least: number): number {
  if (value >= least && Number.isFinite(value)) return value;
  throw new RangeError(`cannot make a destination: ${field} must be at least ${least}, and is ${value}`);
}

function inSec(delayMs: number): number {
  return Math.round(delayMs / 100) / 10;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
