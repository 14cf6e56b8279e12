/** Amounts of bytes as people write them in the configuration. */

const unitBytes: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/**
 * Reads `"64MiB"`, `"1.5GiB"`, `"512KiB"`, or plain bytes: `"65536"`.
 *
 * @returns bytes, rounded; undefined where the text is no size.
 */
export function parseSize(text: string): number | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const [, amount, unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?)(KiB|MiB|GiB)$/.exec(text) ?? [];
  if (amount === undefined) return undefined;
  return Math.round(Number(amount) * (unitBytes[unit] ?? NaN));
}
