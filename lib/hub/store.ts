/** What a hub keeps of its agents' alerts, and for how long. It knows nothing of connections. */
import type { AlertEvent } from "../protocol/mod.ts";

/** One event as it was stored. */
export interface StoredAlert {
  readonly agentId: string;
  /** The message that brought it. */
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly receivedAtMs: number;
  readonly event: AlertEvent;
}

/** One `alert_events` message. */
export interface AlertBatch {
  readonly agentId: string;
  /** `""` names nothing: such a batch is never taken for a double. */
  readonly messageId: string;
  readonly receivedAtMs: number;
  readonly events: readonly AlertEvent[];
}

/** Where alerts go. Once `add` has returned they are stored: the agent may forget them. */
export interface AlertStore {
  /**
   * Stores a batch; returns false, storing nothing, if it was stored before.
   * @throws Error if it cannot be stored: the agent will be told, and tries again
   */
  add(batch: AlertBatch): boolean;
  /** Everything stored, oldest first. */
  alerts(): StoredAlert[];
  /** How many events had to make room. */
  readonly dropped: number;
}

/** Options of {@linkcode MemoryStore}. */
export interface MemoryStoreOptions {
  /**
   * How many events are kept; beyond it the oldest go.
   * @default 100_000
   */
  maxEvents?: number;
  /**
   * How many message ids are remembered for each agent. An agent sends again what it has under way: 8 messages.
   * @default 256
   */
  maxIdsPerAgent?: number;
  /**
   * For how many agents; the one unheard of for longest is forgotten.
   * @default 10_000
   */
  maxAgents?: number;
}

/** An id as long as this is no id; remembering it would cost more than a double. */
const MAX_ID_LENGTH = 128;

/** Keeps alerts in memory, within bounds. */
export class MemoryStore implements AlertStore {
  #dropped = 0;
  /** A ring once it is full: then `#oldest` is the next to be overwritten. */
  readonly #events: StoredAlert[] = [];
  #oldest = 0;
  /** Insertion order is age order, for both levels. */
  readonly #seen = new Map<string, Set<string>>();
  readonly #maxEvents: number;
  readonly #maxIdsPerAgent: number;
  readonly #maxAgents: number;

  /** @throws RangeError if a bound is not a whole number of at least 1 */
  constructor({ maxEvents = 100_000, maxIdsPerAgent = 256, maxAgents = 10_000 }: MemoryStoreOptions = {}) {
    for (const [name, bound] of Object.entries({ maxEvents, maxIdsPerAgent, maxAgents })) {
      if (Number.isInteger(bound) && bound >= 1) continue;
      throw new RangeError(
        `cannot bound the store: ${name} must be a whole number of at least 1, it is ${bound}`,
      );
    }
    this.#maxEvents = maxEvents;
    this.#maxIdsPerAgent = maxIdsPerAgent;
    this.#maxAgents = maxAgents;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add({ agentId, messageId, receivedAtMs, events }: AlertBatch): boolean {
    if (!this.#firstSeen(agentId, messageId)) return false;
    for (const event of events) this.#push({ agentId, messageId, receivedAtMs, event });
    return true;
  }

  alerts(): StoredAlert[] {
    return [...this.#events.slice(this.#oldest), ...this.#events.slice(0, this.#oldest)];
  }

  #push(alert: StoredAlert): void {
    if (this.#events.length < this.#maxEvents) return void this.#events.push(alert);
    this.#events[this.#oldest] = alert;
    this.#oldest = (this.#oldest + 1) % this.#maxEvents;
    this.#dropped++;
  }

  #firstSeen(agentId: string, messageId: string): boolean {
    if (messageId === "" || messageId.length > MAX_ID_LENGTH) return true;
    const ids = this.#seen.get(agentId) ?? new Set<string>();
    if (ids.has(messageId)) return false;
    ids.add(messageId);
    if (ids.size > this.#maxIdsPerAgent) deleteFirst(ids);
    this.#seen.delete(agentId); // back in as the youngest
    this.#seen.set(agentId, ids);
    if (this.#seen.size > this.#maxAgents) deleteFirst(this.#seen);
    return true;
  }
}

function deleteFirst(collection: Map<string, unknown> | Set<string>): void {
  for (const key of collection.keys()) return void collection.delete(key);
}
