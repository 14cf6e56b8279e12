/** How fast events may come in: one bucket for each key, refilled as time goes by. */

/** Options of {@linkcode TokenBuckets}. */
export interface TokenBucketsOptions {
  /** How many tokens a bucket gains each second. */
  perSec: number;
  /** How many it holds at most, and at first. */
  burst: number;
  /** The monotonic clock. */
  nowMs: () => number;
  /** How many buckets are kept; beyond that the one used longest ago is forgotten. @default 1024 */
  maxBuckets?: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Token buckets by key. Sets no timers. */
export class TokenBuckets {
  /** The most that one call can take. */
  readonly burst: number;
  readonly #perSec: number;
  readonly #nowMs: () => number;
  readonly #maxBuckets: number;
  /** The one used longest ago first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({ perSec, burst, nowMs, maxBuckets = 1024 }: TokenBucketsOptions) {
    if (!(perSec > 0) || !(burst >= 1)) {
      throw new RangeError(
        `cannot limit a rate: perSec must be above 0 and burst at least 1, they are ${perSec} and ${burst}`,
      );
    }
    this.burst = burst;
    this.#perSec = perSec;
    this.#nowMs = nowMs;
    this.#maxBuckets = maxBuckets;
  }

  /**
   * Takes `count` tokens, or none where there are not that many.
   * @returns 0 if they were taken, else how many seconds it takes until they are there.
   */
  take(key: string, count: number): number {
    const nowMs = this.#nowMs();
    const known = this.#buckets.get(key);
    const tokens = known === undefined
      ? this.burst
      : Math.min(this.burst, known.tokens + (nowMs - known.atMs) / 1000 * this.#perSec);
    const enough = tokens >= count;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: enough ? tokens - count : tokens, atMs: nowMs });
    if (this.#buckets.size > this.#maxBuckets) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    return enough ? 0 : (count - tokens) / this.#perSec;
  }
}
