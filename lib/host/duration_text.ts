/** Durations as people read them. */

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** `3d 4h`, `2h 5m`, `1m 30s`, `45s`, `250ms`: the two largest units that say something. */
export function durationText(durationMs: number): string {
  const wholeMs = Math.max(0, Math.round(durationMs));
  if (wholeMs < 1000) return `${wholeMs}ms`;
  const first = UNITS.findIndex(([, unitMs]) => wholeMs >= unitMs);
  const parts: string[] = [];
  let leftMs = wholeMs;
  for (const [unit, unitMs] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(leftMs / unitMs);
    leftMs -= count * unitMs;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(" ");
}
