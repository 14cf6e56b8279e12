/** The queue of one destination: on disk where there is a state folder, in memory otherwise. */
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { AlertEvent } from "./event.ts";
import type { AlertQueue } from "./queue.ts";
import { ResilientQueue } from "./resilient_queue.ts";
import { RingBuffer } from "./ring_buffer.ts";

/** Bounds of a queue on disk. */
export interface QueueBounds {
  /** How many events may wait. @default 100_000 */
  maxEvents?: number;
  /** How many bytes of text these may have. @default 64 MiB */
  maxBytes?: number;
  /** How old an event may grow, in milliseconds. @default 7 days */
  maxAgeMs?: number;
}

/** Options of {@linkcode openQueue}. */
export interface OpenQueueOptions {
  /** Names the destination, and the file. */
  name: string;
  /** Without one, the queue is in memory. */
  stateDir: string | undefined;
  bounds?: QueueBounds;
  /** How many events may wait in memory: all of them, or those that the disk does not take. @default 1000 */
  memoryEvents?: number | undefined;
  clock: Clock;
  /** Called when a queue that could not be opened has come back: it may hold a backlog. */
  onRecovered?: () => void;
}

/** How much the queue can hold that these options open. */
export function capacityOf(
  { stateDir, bounds = {}, memoryEvents }: Pick<OpenQueueOptions, "stateDir" | "bounds" | "memoryEvents">,
): { events: number; bytes: number } {
  if (stateDir === undefined) return { events: new RingBuffer(memoryEvents).capacity, bytes: Infinity };
  return { events: bounds.maxEvents ?? 100_000, bytes: bounds.maxBytes ?? 64 * 1024 * 1024 };
}

/** A queue that its owner closes, once nothing uses it any more. */
export type OwnedQueue = AlertQueue<AlertEvent> & Partial<Disposable>;

/** Opens the queue `queue/<name>.db` in the state folder. Never throws for what the disk does: see `degraded`. */
export function openQueue(options: OpenQueueOptions): OwnedQueue {
  const { name, stateDir, bounds = {}, memoryEvents, clock, onRecovered } = options;
  if (stateDir === undefined) return new RingBuffer<AlertEvent>(memoryEvents);
  return new ResilientQueue<AlertEvent>({
    path: join(stateDir, "queue", `${name}.db`),
    keyOf: (event) => event.alert_key,
    isUrgent: (event) => event.event_status === "Critical",
    ...bounds,
    ...(memoryEvents !== undefined && { maxMemoryEvents: memoryEvents }),
    clock,
    ...(onRecovered && { onRecovered }),
  });
}
