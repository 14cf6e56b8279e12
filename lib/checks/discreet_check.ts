/** A check that does not tell its own secrets, whatever those that it asks send back. */
import type { KnownSecrets } from "../host/known_secrets.ts";
import type { Check } from "./check.ts";

/** The same check, with these secrets masked in all that it finds and in what it throws. */
export function discreetCheck(check: Check, known: KnownSecrets): Check {
  const { plugin, target } = check;
  return {
    plugin,
    target,
    async gather(signal) {
      try {
        return known.maskAll(await check.gather(signal));
      } catch (error) {
        known.maskError(error);
        throw error;
      }
    },
  };
}
