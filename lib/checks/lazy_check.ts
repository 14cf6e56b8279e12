/** Checks whose code is loaded at their first look. */
import type { Check } from "./check.ts";

/**
 * A check that `make` makes at its first look. Most hosts run few kinds of checks, and a start should not load the
 * probes of all of them. Where `make` rejects, so does that look, and the next one tries again.
 */
export function lazyCheck(
  { plugin, target }: Pick<Check, "plugin" | "target">,
  make: () => Promise<Pick<Check, "gather">>,
): Check {
  let made: Promise<Pick<Check, "gather">> | undefined;
  const check = () =>
    made ??= make().catch((error) => {
      made = undefined;
      throw error;
    });
  return { plugin, target, gather: async (signal) => await (await check()).gather(signal) };
}
