/** How much a counter grew within the last minute: what bursts does not flap, and what it counts as is per minute. */

/** How far back it looks. */
const WINDOW_MS = 60_000;

/** Readings of one counter of the kernel. Owns no clock. */
export class CounterWindow {
  /** Of each reading, when and what; the first may be older than the window. */
  #readings: { atMs: number; count: number }[] = [];

  /**
   * Takes a reading.
   * @returns how much the counter grew in the last minute, or since the first reading where that is younger; of what came
   * between two readings around the minute's start, its share. Undefined after the first reading, and after one that is
   * lower than the one before: the counter began anew.
   */
  add(atMs: number, count: number): number | undefined {
    const last = this.#readings.at(-1);
    if (last !== undefined && (count < last.count || atMs <= last.atMs)) this.#readings = [];
    this.#readings.push({ atMs, count });
    const fromMs = atMs - WINDOW_MS;
    // The oldest that is kept is the youngest outside of the window.
    const inside = this.#readings.findIndex((reading) => reading.atMs > fromMs);
    if (inside > 1) this.#readings.splice(0, inside - 1);
    const [first, second] = this.#readings;
    if (first === undefined || second === undefined || first.atMs >= atMs) return undefined;
    // Of what came between the oldest two, the window's share.
    const share = Math.min(1, (second.atMs - fromMs) / (second.atMs - first.atMs));
    return count - second.count + share * (second.count - first.count);
  }
}
