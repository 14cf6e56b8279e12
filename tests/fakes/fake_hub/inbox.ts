/** What has come and who waits for it. */

/** How long anyone waits before a hang is called one, in milliseconds. */
export const DEADLINE_MS = 20_000;

interface Waiter<T> {
  fits: (item: T) => boolean;
  resolve: (item: T) => void;
  fail: (why: string) => void;
}

/** Items in the order they came; each is taken by one {@linkcode Inbox.next} at most. */
export class Inbox<T> {
  readonly all: T[] = [];
  #untaken: T[] = [];
  readonly #waiters = new Set<Waiter<T>>();
  #ended: string | undefined;

  push(item: T): void {
    this.all.push(item);
    for (const waiter of this.#waiters) {
      if (waiter.fits(item)) return waiter.resolve(item);
    }
    this.#untaken.push(item);
  }

  /** No more will come: whoever waits is told why. */
  end(why: string): void {
    this.#ended = why;
    for (const waiter of this.#waiters) waiter.fail(why);
  }

  /** Takes the oldest item that fits and was not taken yet, waiting for it if need be. */
  next(what: string, fits: (item: T) => boolean, signal?: AbortSignal): Promise<T> {
    const at = this.#untaken.findIndex(fits);
    if (at >= 0) return Promise.resolve(this.#untaken.splice(at, 1)[0] as T);
    if (this.#ended !== undefined) return Promise.reject(this.#failure(what, this.#ended));
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise<T>((resolve, reject) => {
      const fail = (why: string) => (done(), reject(this.#failure(what, why)));
      const onAbort = () => (done(), reject(signal?.reason));
      const timer = setTimeout(() => fail(`waited ${DEADLINE_MS} ms`), DEADLINE_MS);
      const waiter: Waiter<T> = { fits, resolve: (item) => (done(), resolve(item)), fail };
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#waiters.delete(waiter);
      };
      signal?.addEventListener("abort", onAbort);
      this.#waiters.add(waiter);
    });
  }

  #failure(what: string, why: string): Error {
    const came = this.all.slice(-10).map((item) => (item as { type?: string }).type ?? "one").join(", ");
    return new Error(`cannot get ${what}: ${why}; what came: ${came || "nothing"}`);
  }
}
