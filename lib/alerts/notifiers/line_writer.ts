import { TransientSendError } from "./sender.ts";

/**
 * Writes whole lines, one write at a time. A write that was given up (a pipe that nobody reads) cannot be taken back:
 * it goes on, the next one waits for it, and the same lines are not written twice.
 */
export class LineWriter {
  readonly #write: (lines: string) => Promise<void>;
  #underWay: { readonly lines: string; readonly done: Promise<void> } | undefined;

  constructor(write: (lines: string) => Promise<void>) {
    this.#write = write;
  }

  /**
   * Resolves once `lines` are written.
   *
   * @throws TransientSendError if they could not be.
   * @throws the signal's reason when it is aborted.
   */
  async write(lines: string, signal: AbortSignal): Promise<void> {
    const earlier = this.#underWay;
    if (earlier !== undefined) {
      await this.#finish(earlier.done, signal);
      if (earlier.lines === lines) return;
    }
    const done = this.#write(lines);
    this.#underWay = { lines, done };
    await this.#finish(done, signal);
  }

  async #finish(done: Promise<void>, signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      signal.throwIfAborted();
      await Promise.race([done, aborted.promise]);
      this.#underWay = undefined;
    } catch (error) {
      done.catch(() => {}); // whoever writes next hears of it
      signal.throwIfAborted();
      this.#underWay = undefined;
      const reason = error instanceof Error ? error.message : String(error);
      throw new TransientSendError(`cannot write the event: ${reason}; retrying`, { cause: error });
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
