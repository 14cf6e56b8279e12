/** Messages on their way from a callback to a reader. One reader; it should keep up, for nothing bounds the queue. */
export class MessageQueue implements AsyncIterable<string> {
  readonly #messages: string[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #failure: Error | undefined;

  /** Adds a message; ignored after the end. */
  push(message: string): void {
    if (this.#ended) return;
    this.#messages.push(message);
    this.#wake?.();
  }

  /** Ends the iteration once what is queued has been read: by throwing `failure` when one is given. */
  end(failure?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
    for (;;) {
      for (const message of this.#messages.splice(0)) yield message;
      if (this.#messages.length > 0) continue;
      if (this.#ended) {
        if (this.#failure) throw this.#failure;
        return;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
    }
  }
}
