/** Temperatures: `/sys/class/thermal/thermal_zone*` and `/sys/class/hwmon/hwmon*`. */

/** What no sensor of a computer can mean: a broken or missing one says such. */
const PLAUSIBLE = { minC: -60, maxC: 250 };

/** Thousandths of a degree Celsius as the kernel writes them, in degrees; undefined where no sensor can mean it. */
export function parseMillidegrees(text: string): number | undefined {
  const word = text.trim();
  if (!/^-?\d{1,7}$/.test(word)) return undefined;
  const celsius = Number(word) / 1000;
  return celsius >= PLAUSIBLE.minC && celsius <= PLAUSIBLE.maxC ? celsius : undefined;
}
