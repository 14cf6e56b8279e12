import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, sleep, systemClock } from "../clock.ts";
import type { RunSignals } from "./connection.ts";
import type { ConnectionEnd, ConnectionLife } from "./connection_end.ts";
import { type ConnectionEvent, tell } from "./connection_event.ts";
import type { SuspensionDetector } from "./suspension.ts";

/** Options of {@linkcode runForever}. */
export interface RunForeverOptions {
  connection: { runOnce(signals: RunSignals): Promise<ConnectionLife> };
  /** Decides how long to wait after each life, in milliseconds; undefined: it was the last. */
  waits: { after(life: ConnectionLife): number | undefined };
  suspension: SuspensionDetector;
  clock?: Clock;
  /** Called back when waiting has become pointless: something has changed. Returns what ends the listening. */
  hurry?: (onHurry: () => void) => () => void;
  logger?: Logger;
  onEvent?: ((event: ConnectionEvent) => void) | undefined;
}

/**
 * Keeps a connection for as long as `stop` is not aborted: one life after the other, with the waits that `waits`
 * decides. A machine that slept is connected anew at once, whether it slept in a connection or in a wait.
 * Resolves once the last connection is closed; never rejects.
 */
export async function runForever(options: RunForeverOptions, stop: AbortSignal): Promise<void> {
  const { connection, waits, suspension, hurry = () => () => {}, onEvent } = options;
  const { clock = systemClock, logger = getLogger(["pawl", "link"]) } = options;
  while (!stop.aborted) {
    const sleeper = new AbortController();
    const unwatch = suspension.watch((sleptSec) => sleeper.abort(sleptSec));
    const life = await connection.runOnce({ stop, suspended: sleeper.signal });
    unwatch();
    const delayMs = waits.after(life);
    if (delayMs === undefined) return;
    const retryInSec = Math.round(delayMs / 100) / 10;
    report(logger, life.end, retryInSec);
    if (stop.aborted) return;
    tell(onEvent, { type: "waiting", delayMs }, logger);
    await wait(delayMs, { suspension, hurry, clock, logger, stop });
  }
}

interface WaitOptions {
  suspension: SuspensionDetector;
  hurry: (onHurry: () => void) => () => void;
  clock: Clock;
  logger: Logger;
  stop: AbortSignal;
}

/** Waits `delayMs`, or until the machine has slept, there is reason to hurry, or the agent is stopped. */
async function wait(delayMs: number, { suspension, hurry, clock, logger, stop }: WaitOptions): Promise<void> {
  if (delayMs === 0) return;
  const woken = new AbortController();
  const unwatch = suspension.watch((sleptSec) => {
    logger.info("link.woke_up", { sleptSec });
    woken.abort();
  });
  const unlisten = hurry(() => woken.abort());
  try {
    await sleep(clock, delayMs, AbortSignal.any([stop, woken.signal]));
  } catch {
    // Stopped or woken: the caller looks which.
  } finally {
    unwatch();
    unlisten();
  }
}

function report(logger: Logger, end: ConnectionEnd, retryInSec: number): void {
  switch (end.kind) {
    case "unauthorized":
      return logger.error("link.unauthorized", { reason: end.reason, retryInSec });
    case "dial_failed":
      return logger.warn("link.dial_failed", { reason: end.reason, retryInSec });
    case "not_registered":
      return logger.warn("link.not_registered", { reason: end.reason, retryInSec });
    case "lost":
      return logger.warn("link.lost", { reason: end.reason, retryInSec });
    case "suspended":
      return logger.info("link.suspended", { sleptSec: end.sleptSec, retryInSec });
    case "disconnected":
      return logger.info("link.disconnected", { reason: end.reason, retryInSec });
    case "stopped":
    case "replaced":
      return;
  }
}
