/** Figures as people read them. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** `512 B`, `1.5 GiB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.95 would be written as "1024.0", which is one of the next unit.
  while (Math.abs(value) >= (unit === 0 ? 1024 : 1023.95) && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `91.2 %`. */
export function percentText(percent: number): string {
  return `${percent.toFixed(1)} %`;
}

/** `0.42`. */
export function loadText(load: number): string {
  return load.toFixed(2);
}

/** A threshold as it was configured, without idle decimals: `90 %`, `2.5`. */
export function plainText(value: number, unit: "%" | ""): string {
  return unit === "" ? String(value) : `${value} ${unit}`;
}
