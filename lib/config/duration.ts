/** Durations as people write them in the configuration. */

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads `"30s"`, `"5m"`, `"1h30m"`, `"250ms"` or `"7d"`: numbers with a unit, put end to end.
 *
 * @returns milliseconds, rounded; undefined where the text is no duration.
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit = ""] of text.matchAll(/([\d.]+)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * (unitMs[unit] ?? NaN);
  }
  return Math.round(totalMs);
}
