/** What the operating system tells the agent: to stop, in order; to look at its configuration again. */
import type { Logger } from "@logtape/logtape";

/** Options of {@linkcode stopOnSignal}. */
export interface StopOnSignalOptions {
  logger: Logger;
  /** How long stopping in order may take before the process ends anyway. @default 8 s */
  deadlineMs?: number;
  /** Ends the process at once. @default Deno.exit */
  exit?: (code: number) => void;
}

/** See {@linkcode stopOnSignal}. Dispose of it when everything has stopped. */
export interface SignalStop extends Disposable {
  /** Aborts on the first SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
}

/** Calls `reload` on each SIGHUP, until disposed of. */
export function reloadOnSignal(reload: () => void): Disposable {
  Deno.addSignalListener("SIGHUP", reload);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGHUP", reload) };
}

const STOPPING = ["SIGTERM", "SIGINT"] as const;

/**
 * Turns the first SIGTERM or SIGINT into an abort; a second one, or `deadlineMs` without an end, ends the process
 * with exit code 1. SIGUSR1 is taken over, for the runtime would open a debugger or die of it.
 */
export function stopOnSignal(
  { logger, deadlineMs = 8000, exit = Deno.exit }: StopOnSignalOptions,
): SignalStop {
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listeners = STOPPING.map((name) => {
    const listener = () => {
      if (stop.signal.aborted) {
        logger.warn("process.killed", { signal: name });
        return exit(1);
      }
      logger.info("process.stopping", { signal: name });
      timer = setTimeout(() => {
        logger.error("process.stop_overdue", { deadlineMs });
        exit(1);
      }, deadlineMs);
      stop.abort();
    };
    Deno.addSignalListener(name, listener);
    return [name, listener] as const;
  });
  const ignore = () => logger.debug("process.signal_ignored", { signal: "SIGUSR1" });
  Deno.addSignalListener("SIGUSR1", ignore);
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
      Deno.removeSignalListener("SIGUSR1", ignore);
    },
  };
}
