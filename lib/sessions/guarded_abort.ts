/** Aborting a signal whose listeners are not ours. */

/**
 * Aborts, and hands what the listeners throw to `onError`. The platform would report it as an uncaught error, which
 * ends the whole process. A process-wide `error` listener of somebody else's still sees it.
 */
export function guardedAbort(
  controller: AbortController,
  reason: unknown,
  onError: (error: unknown) => void,
): void {
  const intercept = (event: ErrorEvent): void => {
    event.preventDefault();
    onError(event.error);
  };
  // Listeners run inside abort(), so nothing but their errors can arrive while this is registered.
  globalThis.addEventListener("error", intercept);
  try {
    controller.abort(reason);
  } finally {
    globalThis.removeEventListener("error", intercept);
  }
}
