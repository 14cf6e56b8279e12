/** Checks that ask over the network, made from what a configuration would say. */
import type { Check, Finding } from "../../lib/checks/check.ts";
import { type CheckDefinition, optionsSchema } from "../../lib/checks/definition.ts";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import type * as z from "zod/mini";

/** Makes a kind's checks. @throws as its schema and its own rules do. */
export function checksOf<Shape extends z.core.$ZodShape>(
  definition: CheckDefinition<Shape>,
  table: Readonly<Record<string, unknown>>,
  clock: Clock = systemClock,
): Check[] {
  const settings = optionsSchema(definition).parse(table);
  definition.targets(settings);
  definition.needs(settings);
  const memory = { read: () => undefined, write: () => {} };
  return definition.make(settings, { host: new FixtureFacts(), clock, memory });
}

/** What all checks of a table find, as `dimension target status`. */
export async function findingsOf<Shape extends z.core.$ZodShape>(
  definition: CheckDefinition<Shape>,
  table: Readonly<Record<string, unknown>>,
  clock: Clock = systemClock,
): Promise<Finding[]> {
  const { signal } = new AbortController();
  const found = await Promise.all(checksOf(definition, table, clock).map((check) => check.gather(signal)));
  return found.flat();
}

/** The statuses by dimension. */
export function statuses(findings: readonly Finding[]): Record<string, string> {
  return Object.fromEntries(findings.map(({ labels, status }) => [labels.check, status]));
}

/** The finding of one dimension. @throws Error without one. */
export function findingOf(findings: readonly Finding[], check: string): Finding {
  const found = findings.find(({ labels }) => labels.check === check);
  if (found === undefined) throw new Error(`no ${check} among ${findings.map(({ labels }) => labels.check)}`);
  return found;
}
