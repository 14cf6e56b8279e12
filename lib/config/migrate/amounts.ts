/** Amounts as the files of catpaw have them, and as ours do. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of `"1h30m"`, or of a number of seconds; undefined where it is neither. */
export function readDuration(value: unknown): number | undefined {
  if (typeof value === "number") return value * 1000;
  if (typeof value !== "string") return undefined;
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000;
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(value)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit = ""] of value.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    totalMs += Number(amount) * (UNIT_MS[unit] ?? NaN);
  }
  return totalMs;
}

/** `"1h30m"` of milliseconds. */
export function durationText(totalMs: number): string {
  let restMs = Math.round(totalMs);
  const parts: string[] = [];
  for (const unit of ["h", "m", "s", "ms"]) {
    const unitMs = UNIT_MS[unit] ?? NaN;
    const count = Math.floor(restMs / unitMs);
    if (count > 0) parts.push(`${count}${unit}`);
    restMs -= count * unitMs;
  }
  return parts.length === 0 ? "0s" : parts.join("");
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

/** Bytes of `"512MB"`, or of a number of them; undefined where it is neither. */
export function readSize(value: unknown): number | undefined {
  if (typeof value === "number") return Math.round(value);
  if (typeof value !== "string") return undefined;
  const [, amount, unit = "B"] = /^(\d+(?:\.\d+)?)\s*(?:([KMGT])i?B?|B)?$/i.exec(value.trim()) ?? [];
  if (amount === undefined) return undefined;
  return Math.round(Number(amount) * (UNIT_BYTES[unit.toUpperCase()] ?? NaN));
}

/** A size as our files have it. */
export function sizeText(bytes: number): string {
  const units: [string, number][] = [["GiB", 1024 ** 3], ["MiB", 1024 ** 2], ["KiB", 1024]];
  const fitting = units.find(([, unitBytes]) => bytes >= unitBytes && bytes % unitBytes === 0);
  return fitting === undefined ? String(bytes) : `${bytes / fitting[1]}${fitting[0]}`;
}
