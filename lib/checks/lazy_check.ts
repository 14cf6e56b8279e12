/** Checks whose code is loaded at their first look. */
import { onceDone } from "../once.ts";
import type { Check } from "./check.ts";

/**
 * A check that `make` makes at its first look: a start loads no code that looks. Where `make` rejects, so does that look,
 * and the next one tries again.
 */
export function lazyCheck(
  { plugin, target }: Pick<Check, "plugin" | "target">,
  make: () => Promise<Pick<Check, "gather">>,
): Check {
  const check = onceDone(make);
  return {
    plugin,
    target,
    async gather(signal) {
      const made = await check();
      signal.throwIfAborted(); // loading takes a while: nobody may want to know by now
      return await made.gather(signal);
    },
  };
}
