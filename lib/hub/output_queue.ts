/** Session output between the connection, which never waits, and a consumer, which may be slow. */
import type { SessionOutput } from "../protocol/mod.ts";

/** What an output counts for besides its texts. */
const OVERHEAD_CHARS = 64;

/**
 * A queue that its producer need not wait for: beyond its bound the oldest outputs go. One consumer at a time; whoever
 * stops consuming gives up what is left.
 */
export class OutputQueue implements AsyncIterable<SessionOutput> {
  #dropped = 0;
  readonly #queued: SessionOutput[] = [];
  #chars = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  readonly #maxChars: number;

  /** `maxChars` bounds what waits, in characters of text; the newest output is kept in any case. */
  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** How many outputs went unread because the consumer was too slow. */
  get dropped(): number {
    return this.#dropped;
  }

  push(output: SessionOutput): void {
    if (this.#ended) return;
    this.#queued.push(output);
    this.#chars += size(output);
    while (this.#chars > this.#maxChars && this.#queued.length > 1) {
      this.#shift();
      this.#dropped++;
    }
    this.#wake?.();
  }

  /** No more will come; what waits can still be read. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SessionOutput> {
    try {
      for (;;) {
        for (let output = this.#shift(); output !== undefined; output = this.#shift()) yield output;
        if (this.#ended) return;
        await new Promise<void>((resolve) => this.#wake = resolve);
        this.#wake = undefined;
      }
    } finally {
      this.#ended = true;
      this.#queued.length = 0;
    }
  }

  #shift(): SessionOutput | undefined {
    const oldest = this.#queued.shift();
    if (oldest) this.#chars -= size(oldest);
    return oldest;
  }
}

function size(output: SessionOutput): number {
  return OVERHEAD_CHARS + output.delta.length + (output.report?.length ?? 0);
}
