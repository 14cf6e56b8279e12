/** From what is configured to checks that can be run, whatever their kinds. */
import { type CheckSource, type ConfiguredCheck, makeChecks } from "./make_checks.ts";
import { checkDefinition } from "./registry.ts";
import type { ScheduledCheck } from "./slot.ts";

/**
 * Makes the checks, fresh: none knows an earlier figure but through its memory.
 * @param secrets what none of them may tell, besides the secrets among its own settings
 * @throws RangeError for a kind of check that there is not.
 */
export function configuredChecks(
  configured: readonly ConfiguredCheck[],
  source: CheckSource,
  secrets: readonly string[] = [],
): ScheduledCheck[] {
  return makeChecks(configured, { definitionOf: checkDefinition, source, secrets });
}
