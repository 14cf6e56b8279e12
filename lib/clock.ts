/**
 * Time as the agent's parts see it: they take a {@linkcode Clock}, never the platform's globals, so that tests
 * turn it by hand. Every delay is measured on the monotonic reading; a step of the wall clock changes none.
 */

/** A timer handle, given back by {@linkcode Clock.setTimeout}. */
export type TimerId = ReturnType<typeof setTimeout>;

/** Readings and timers. Implementations: {@linkcode systemClock}; tests bring their own. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back; stands still while the machine is suspended. */
  monotonicMs(): number;
  /** Milliseconds since 1970, as the operator set them. For timestamps, never for delays. */
  wallMs(): number;
  /** Seconds since boot *including* suspension, or undefined where the sandbox does not let it be read. */
  osUptimeSec(): number | undefined;
  /** Calls back once after `delayMs`. */
  setTimeout(callback: () => void, delayMs: number): TimerId;
  /** Forgets a timer; unknown ids are ignored. */
  clearTimeout(id: TimerId): void;
}

/** The platform's clock. Touches no permission until {@linkcode Clock.osUptimeSec} is asked. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  osUptimeSec() {
    try {
      return Deno.osUptime();
    } catch {
      return undefined; // not granted: the caller does without
    }
  },
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (id) => clearTimeout(id),
};

/**
 * Waits `delayMs`, or rejects with the signal's reason as soon as it is aborted. Leaves neither timer nor
 * listener behind on either path.
 */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const timer = clock.setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    function onAbort(): void {
      clock.clearTimeout(timer);
      reject(signal.reason);
    }
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
