/** The destinations of alerts besides the hub, which may change while the agent runs. */
import { getLogger, type Logger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import { Destination } from "./destination.ts";
import type { Notifier } from "./notifiers/notifier.ts";
import type { Sender } from "./notifiers/sender.ts";
import type { OwnedQueue } from "./open_queue.ts";

/** One destination: its name, fit for a file's, and what sends. */
export interface DestinationSpec {
  readonly name: string;
  readonly sender: Sender;
}

/** One destination at work. */
export interface OpenDestination {
  readonly name: string;
  readonly sender: Sender;
  readonly queue: OwnedQueue;
  readonly destination: Destination;
}

/** Options of {@linkcode DestinationSet}. */
export interface DestinationSetOptions {
  /** Opens the queue of that name; `onRecovered` is to be called when it has come back with a backlog. */
  open: (name: string, onRecovered: () => void) => OwnedQueue;
  clock: Clock;
  /** Uniform numbers in [0, 1). */
  random: () => number;
  /** @default getLogger(["pawl", "alerts"]) */
  logger?: Logger;
}

/**
 * Each has a queue of its own, and none delays another.
 *
 * Call order: construct, `add` the first ones, `start` once, `replace` any number of times one after the other,
 * `stop` and dispose.
 */
export class DestinationSet implements AsyncDisposable {
  readonly #options: DestinationSetOptions;
  readonly #logger: Logger;
  #all: readonly OpenDestination[] = [];
  #started = false;
  #stopped = false;

  constructor(options: DestinationSetOptions) {
    this.#options = options;
    this.#logger = options.logger ?? getLogger(["pawl", "alerts"]);
  }

  /** In their order. */
  get all(): readonly OpenDestination[] {
    return this.#all;
  }

  /** Where each event is to go. */
  get notifiers(): Notifier[] {
    return this.#all.map(({ name, destination, queue }) => ({
      name,
      forward: (event) => {
        if (destination.forward(event)) return true;
        if (this.#stopped) return false;
        queue.push(event); // its successor takes it from there
        return true;
      },
    }));
  }

  /** @throws RangeError for a sender whose `maxBatch` is out of range. */
  add(specs: readonly DestinationSpec[]): void {
    for (const spec of specs) this.#all = [...this.#all, this.#open(spec)];
  }

  /** Starts delivering. */
  start(): void {
    this.#started = true;
    for (const { destination } of this.#all) destination.start();
  }

  /**
   * From now on events go to these. One of the same name and sender is left alone; one with another sender goes on with
   * its queue; one that is gone delivers no more, and its queue stays on disk for when it comes back. Takes as long as
   * attempts under way take to end, 2 s at most.
   */
  async replace(specs: readonly DestinationSpec[]): Promise<void> {
    if (this.#stopped) return;
    const before = this.#all;
    const kept = before.filter(({ name, sender }) =>
      specs.some((spec) => spec.name === name && spec.sender === sender)
    );
    const ended = before.filter((one) => !kept.includes(one));
    await Promise.all(ended.map(({ destination }) => destination[Symbol.asyncDispose]()));
    if (this.#stopped) return;
    const queues = new Map(ended.map(({ name, queue }) => [name, queue]));
    this.#all = specs.map((spec) => {
      const same = kept.find(({ name }) => name === spec.name);
      const one = same ?? this.#open(spec, queues.get(spec.name));
      queues.delete(spec.name);
      if (this.#started) one.destination.start();
      return one;
    });
    for (const [name, queue] of queues) await this.#leave(name, queue);
  }

  /** Gives all what they can take within `flushMs`, and ends them. */
  async stop(flushMs: number): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#all.map(async ({ destination }) => {
      await destination.flush(flushMs);
      await destination[Symbol.asyncDispose]();
    }));
  }

  /** Ends all at once and closes their queues. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#all.map(({ destination }) => destination[Symbol.asyncDispose]()));
    for (const { queue } of this.#all) queue[Symbol.dispose]?.();
  }

  #open({ name, sender }: DestinationSpec, known?: OwnedQueue): OpenDestination {
    const { open, clock, random } = this.#options;
    const queue = known ?? open(name, () => this.#all.find((one) => one.name === name)?.destination.wake());
    const destination = new Destination({ name, queue, sender, clock, random, logger: this.#logger });
    return { name, sender, queue, destination };
  }

  async #leave(name: string, queue: OwnedQueue): Promise<void> {
    const kept = await queue.durable();
    const events = queue.length;
    queue[Symbol.dispose]?.();
    const what = { destination: name, events };
    if (events > 0 && !kept) this.#logger.warn("destination.removed_undelivered", what);
    else this.#logger.info("destination.removed", { ...what, keptInQueue: kept && events > 0 });
  }
}
