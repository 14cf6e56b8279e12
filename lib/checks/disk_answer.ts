/** Asking file systems of which any may hang, without ever waiting long for one that does. */
import { type Clock, sleep } from "../clock.ts";
import type { FileSystemFacts, HostFacts } from "../host/host_facts.ts";

/** What came of asking. */
export type DiskAnswer =
  | { readonly facts: FileSystemFacts }
  /** It does not answer. */
  | { readonly hung: true }
  /** It answers with an error, or must not be asked. */
  | { readonly error: unknown };

/** How long one is waited for that did not answer the last time: a sound one answers in a millisecond. */
const GRACE_MS = 250;

/** Options of {@linkcode DiskAsker}. */
export interface DiskAskerOptions {
  host: HostFacts;
  clock: Clock;
}

/**
 * The first time that a file system hangs, its asker waits until the host's deadline; from then on each gather finds it
 * hung at once, and joins what is still under way.
 */
export class DiskAsker {
  readonly #host: HostFacts;
  readonly #clock: Clock;
  /** By mount point, what has not come back. */
  readonly #pending = new Map<string, Promise<DiskAnswer>>();
  readonly #hung = new Set<string>();

  constructor({ host, clock }: DiskAskerOptions) {
    this.#host = host;
    this.#clock = clock;
  }

  /** May be called for several mount points at the same time. @throws the signal's reason, and nothing else. */
  async ask(mountPoint: string, signal: AbortSignal): Promise<DiskAnswer> {
    signal.throwIfAborted();
    const pending = this.#pending.get(mountPoint) ?? this.#call(mountPoint);
    const answer = await this.#wait(pending, this.#hung.has(mountPoint), signal);
    // A gather that may take less time than a file system: the next one knows.
    if (answer === undefined || "hung" in answer) this.#hung.add(mountPoint);
    else this.#hung.delete(mountPoint);
    signal.throwIfAborted();
    return answer ?? { hung: true };
  }

  /** Forgets the mount points that nobody asks for any more. */
  keep(mountPoints: ReadonlySet<string>): void {
    for (const mountPoint of this.#hung) if (!mountPoints.has(mountPoint)) this.#hung.delete(mountPoint);
  }

  #call(mountPoint: string): Promise<DiskAnswer> {
    const call = this.#host.fileSystem(mountPoint).then(
      (facts): DiskAnswer => ({ facts }),
      (error: unknown): DiskAnswer =>
        error instanceof Error && error.name === "TimeoutError" ? { hung: true } : { error },
    ).finally(() => this.#pending.delete(mountPoint));
    this.#pending.set(mountPoint, call);
    return call;
  }

  /** @returns undefined where it took too long. */
  async #wait(
    pending: Promise<DiskAnswer>,
    wasHung: boolean,
    signal: AbortSignal,
  ): Promise<DiskAnswer | undefined> {
    const enough = new AbortController();
    const either = AbortSignal.any([signal, enough.signal]);
    const given = wasHung ? sleep(this.#clock, GRACE_MS, either) : aborted(either);
    try {
      return await Promise.race([pending, given.then(() => undefined, () => undefined)]);
    } finally {
      enough.abort();
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
