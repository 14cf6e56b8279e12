/** The value that `share` of `values` do not exceed; nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** Two decimals are all that a machine's noise leaves. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
