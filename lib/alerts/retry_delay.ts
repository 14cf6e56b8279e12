/** The waits between the attempts at one batch. Pure. */

const FIRST_MS = 1000;
const MAX_MS = 5 * 60_000;
const MAX_ASKED_MS = 3_600_000;
/** How far a wait is spread, as a share of it: those who failed together shall not come back together. */
const SPREAD = 0.25;

/**
 * How long to wait after the `failures`-th failure in a row (from 1): 1 s, doubling up to 5 min, spread by ±25 %;
 * never less than the server asked for (heeded up to 1 h), from where it is spread upward alone.
 *
 * @param askedSec what the server asked for, in seconds; anything but a positive number counts as nothing
 * @param random gives uniform numbers in [0, 1)
 */
export function retryDelayMs(failures: number, askedSec: number | undefined, random: () => number): number {
  const ladderMs = Math.min(FIRST_MS * 2 ** (failures - 1), MAX_MS);
  const floorMs = askedSec !== undefined && askedSec > 0 ? Math.min(askedSec * 1000, MAX_ASKED_MS) : 0;
  const delayMs = Math.max(ladderMs, floorMs);
  const lowestMs = Math.max(delayMs * (1 - SPREAD), floorMs);
  return lowestMs + (delayMs * (1 + SPREAD) - lowestMs) * random();
}
